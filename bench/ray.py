"""A real Ray behind the gateway and without it: its `/api/version`, a π job, and the time until it is there.

    python -m bench.ray [--json] [--rounds 5] [--seconds 3] [--connections 8]

`up` to ready is compared with `ray start --head` and one worker of the same flags' defaults, alone in namespaces of
their own. Needs root, wrk, unshare and ip.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.load import wrk
from rayfence.api.session import mint
from rayfence.render.local.layout import Layout
from tests.e2e.stack import BIN, Stack

#: Bounds that the project promises: of throughput at least, of times at most.
THROUGHPUT, START, JOB = 0.75, 1.5, 1.1
PATH = "/api/version"
PROGRAM = Path(__file__).parents[1] / "examples" / "monte-carlo-pi.py"
#: Per door; and seconds after which one is taken for stuck.
JOBS, STUCK = 3, 300


def bare_start(folder: Path) -> float:
    """Seconds until a head and a worker have started; both end with the shell that started them."""
    head = f"{BIN}/ray start --head --node-ip-address=127.0.0.1 --port=6379 --temp-dir={folder}/s --num-cpus=1"
    # a second node on one address must not ask for the first one's ports
    own_ports = "--dashboard-agent-listen-port=52366"
    worker = f"{BIN}/ray start --address=127.0.0.1:6379 --node-ip-address=127.0.0.1 --num-cpus=1 {own_ports}"
    argv = ["unshare", "-n", "-m", "-p", "-f", "--kill-child", "--mount-proc", "sh", "-c"]
    environment = {
        **os.environ,
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_raylet_start_wait_time_s": "120",
        "PATH": f"{BIN}:{os.environ['PATH']}",
    }
    begun = time.monotonic()
    subprocess.run(
        [*argv, f"ip link set lo up && {head} && {worker}"],
        check=True,
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    return time.monotonic() - begun


def measure(rounds: int, seconds: int, connections: int) -> dict[str, object]:
    """One instance, its two doors in turn; then Ray alone."""
    with tempfile.TemporaryDirectory(prefix="rfb-") as name:
        folder = Path(name)
        bare = bare_start(folder)
        stack = Stack.at(folder, "bench")
        try:
            begun = time.monotonic()
            stack.up()
            up = time.monotonic() - begun
            seen = _throughput(stack, rounds, seconds, connections)
            jobs = _jobs(stack)
        finally:
            stack.down()
    rates = {target: statistics.median(values) for target, values in seen.items()}
    ratio, start, job = rates["gateway"] / rates["direct"], up / bare, jobs["gateway"] / jobs["direct"]
    return {
        "ratio_to_direct": round(ratio, 3),
        "ratio_of_start_to_bare_ray": round(start, 2),
        "ratio_of_job_to_direct": round(job, 2),
        "requests_per_second": {target: round(rate) for target, rate in rates.items()},
        "seconds_to_ready": {"rayfence": round(up, 1), "bare_ray": round(bare, 1)},
        "seconds_of_job": {door: round(value, 1) for door, value in jobs.items()},
        "kept": ratio >= THROUGHPUT and start <= START and job <= JOB,
        "repeat": "python -m bench.ray --json",
    }


def _throughput(stack: Stack, rounds: int, seconds: int, connections: int) -> dict[str, list[float]]:
    record = stack.record
    layout = Layout(record.places)
    token = str(mint(stack.name, stack.root / "state", None, None, None)["token"])
    rays = Path(layout.ray_token).read_text(encoding="ascii").strip()
    doors = {
        "gateway": (f"https://127.0.0.1:{record.ports.gateway}{PATH}", token),
        "direct": (f"http://127.0.0.1:{record.ports.head.dashboard}{PATH}", rays),
    }
    seen: dict[str, list[float]] = {door: [] for door in doors}
    for _ in range(rounds):
        for door, (url, credential) in doors.items():
            load = wrk(url, {"Authorization": f"Bearer {credential}"}, connections, seconds)
            if load.wrong:
                raise SystemExit(f"{door}: {load.wrong} wrong answers")
            seen[door].append(load.per_second)
            print(f"{door}: {load.per_second:.0f}/s", file=sys.stderr)
    return seen


def _jobs(stack: Stack) -> dict[str, float]:
    """Median seconds of `ray job submit` with the π program until its log has ended, through each door in turn."""
    record = stack.record
    shell = ["bash", "-c", 'eval "$(rayfence env)" && env -0']
    pointed = subprocess.run(shell, check=True, capture_output=True, text=True, env=dict(stack.environment)).stdout
    doors = {
        "gateway": dict(line.split("=", 1) for line in pointed.split("\0") if line),
        "direct": {
            **stack.environment,
            "RAY_ADDRESS": f"http://127.0.0.1:{record.ports.head.dashboard}",
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN_PATH": Layout(record.places).ray_token,
        },
    }
    seen: dict[str, list[float]] = {door: [] for door in doors}
    words = [f"{BIN}/ray", "job", "submit", "--", "python", "-c", PROGRAM.read_text(encoding="utf-8")]
    for _ in range(JOBS):
        for door, environment in doors.items():
            begun = time.monotonic()
            done = subprocess.run(words, check=False, capture_output=True, text=True, env=environment, timeout=STUCK)
            if done.returncode or "Estimated value of pi" not in done.stdout:
                raise SystemExit(f"{door}: the job failed: {done.stdout[-400:]}{done.stderr[-400:]}")
            seen[door].append(time.monotonic() - begun)
            print(f"{door}: job in {seen[door][-1]:.1f} s", file=sys.stderr)
    return {door: statistics.median(values) for door, values in seen.items()}


def main() -> int:
    """Print the result; exit 1 when a bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", action="store_true", help="the only form there is")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=8)
    arguments = parser.parse_args()
    result = measure(arguments.rounds, arguments.seconds, arguments.connections)
    print(json.dumps(result, indent=1))
    return 0 if result["kept"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
