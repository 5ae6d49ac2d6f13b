"""How long `rayfence --help` takes, in seconds: the start of every command.

python -m bench.cli [--json] [--runs 10]
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

#: Seconds that the project promises.
BOUND = 0.2


def measure(runs: int) -> dict[str, object]:
    """The median of `runs` starts, each a process of its own."""
    argv = [str(Path(sys.executable).parent / "rayfence"), "--help"]
    seen = []
    for _ in range(runs):
        begun = time.perf_counter()
        subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
        seen.append(time.perf_counter() - begun)
    median = statistics.median(seen)
    return {
        "median_seconds": round(median, 3),
        "slowest_seconds": round(max(seen), 3),
        "bound_seconds": BOUND,
        "kept": median <= BOUND,
        "repeat": "python -m bench.cli --json",
    }


def main() -> int:
    """Print the result; exit 1 when the bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", action="store_true", help="the only form there is")
    parser.add_argument("--runs", type=int, default=10)
    result = measure(parser.parse_args().runs)
    print(json.dumps(result, indent=1))
    return 0 if result["kept"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
