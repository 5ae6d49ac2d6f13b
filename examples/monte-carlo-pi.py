"""Estimate pi on a Ray cluster by throwing darts at a square, with progress while it runs.

ray job submit -- python -c "$(cat monte-carlo-pi.py)"
"""

import random
import time

import ray

TASKS, DARTS = 10, 200_000


@ray.remote
def hits(darts: int, seed: int) -> int:
    dice = random.Random(seed)
    return sum(dice.random() ** 2 + dice.random() ** 2 <= 1.0 for _ in range(darts))


ray.init()
began = time.monotonic()
waiting = [hits.remote(DARTS, seed) for seed in range(TASKS)]
total = done = 0
while waiting:
    ready, waiting = ray.wait(waiting)
    total += sum(ray.get(ready))
    done += len(ready)
    print(f"Progress: {100 * done // TASKS}%", flush=True)
print(f"Estimated value of pi is {4 * total / (TASKS * DARTS):.6f} ({time.monotonic() - began:.1f} s)")
