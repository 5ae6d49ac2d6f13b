"""The job of examples/two-tenants: `python -m speech.train --epochs N`; an epoch is one task."""

import argparse

import ray


@ray.remote(num_cpus=1)
def epoch(number: int) -> float:
    """Its loss."""
    return 1 / (1 + number)


def main() -> None:
    """Train."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=1)
    ray.init()
    for number in range(parser.parse_args().epochs):
        print(f"epoch {number}: loss {ray.get(epoch.remote(number)):.3f}", flush=True)


if __name__ == "__main__":
    main()
