"""Run every gate of the project, and end with a table: verdicts, times, and what was left out and why.

    python -m tools.gates             the everyday gates: all of the code, a smoke of everything, within ten minutes
    python -m tools.gates --strict    every test there is; a skip, an expected failure or an empty suite is a failure

1. List the gates: static checks first, then the suites, which share no test and together hold every test.
2. Run each, whatever became of the one before: a person wants all failures at once.
3. After each, find what it left running, end it, and count that as its failure.
4. Print the table. Exit status 1 if a gate failed.

Leaves out: what the gates check. Those rules stand in pyproject.toml, .importlinter and tests/.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Final

from tools.orphans import GRACE_SECONDS, Nursery

ROOT: Final = Path(__file__).resolve().parents[1]
BIN: Final = Path(sys.executable).parent
#: pytest's exit status when a selection holds no test.
NOTHING_COLLECTED: Final = 5
CHROMIUM: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
#: Where the product and its tests leave traces that no process shows: instances' sockets, network namespaces.
TRACES: Final = (Path("/run/rayfence"), Path("/run/netns"))
#: What the everyday run promises on two cores, in seconds. Slower is said, not punished: the machine may be busy.
PROMISED: Final = 600.0
#: All gates together; what is running then hangs, is ended and has failed. In seconds.
EVERYDAY_LIMIT: Final = 1500.0
STRICT_LIMIT: Final = 5000.0


@dataclass(frozen=True, slots=True)
class Suite:
    """A set of tests chosen by markers. `markers` is pytest's `-m`; the suites of one run never overlap."""

    name: str
    markers: str
    parallel: bool = False


#: Together these hold every test exactly once (`tests/arch/test_gates.py` proves it). Those with a real Envoy, Ray or
#: browser run one at a time: they are timed by machinery which two of them at once would starve on two cores.
SUITES: Final = (
    Suite("unit", "not (envoy or ray or browser or cluster)", parallel=True),
    Suite("envoy", "envoy and not (ray or browser or cluster)"),
    Suite("ray", "ray and not (browser or cluster)"),
    Suite("browser", "browser and not cluster"),
    Suite("cluster", "cluster"),
)


@dataclass(frozen=True, slots=True)
class Gate:
    """One check: a command, and what an exit status besides 0 may mean."""

    name: str
    command: tuple[str, ...]
    may_be_empty: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a gate. `note` says why it failed, in a few words; empty where it passed."""

    gate: str
    ok: bool
    seconds: float
    note: str = ""


def static_gates() -> tuple[Gate, ...]:
    """Checks that read the code and run none of it, quickest first."""
    python = [name for name in ("src", "tests", "tools", "bench") if any((ROOT / name).rglob("*.py"))]
    return (
        Gate("ruff check", (str(BIN / "ruff"), "check", "--quiet", "--output-format=concise", ".")),
        Gate("ruff format", (str(BIN / "ruff"), "format", "--quiet", "--check", ".")),
        Gate("import contracts", (str(BIN / "lint-imports"),)),
        Gate("mypy", (str(BIN / "mypy"), *python)),
    )


def suite_gate(suite: Suite, *, strict: bool) -> Gate:
    """The pytest run of one suite."""
    command = [sys.executable, "-m", "pytest", "-q", "--durations=5", "-o", "faulthandler_timeout=300"]
    command += ["-m", suite.markers if strict else everyday(suite.markers)]
    if strict:
        command.append("--strict-skips")
    if suite.parallel:
        command += ["-n", str(max(2, min(4, os.cpu_count() or 2))), "--dist", "loadfile"]
    return Gate(f"tests: {suite.name}", tuple(command), may_be_empty=not strict)


def everyday(markers: str) -> str:
    """The part of a suite that runs every day."""
    return f"({markers}) and not exhaustive"


def chosen_suites(*, strict: bool, browser: bool) -> tuple[Suite, ...]:
    """All suites but that on a Kubernetes, which `make test-cluster` runs by itself: it needs root, Go and much time.

    Every day, on a machine without a browser, none in one either.
    """
    absent = {"cluster"} if strict or browser else {"cluster", "browser"}
    return tuple(suite for suite in SUITES if suite.name not in absent)


def run(gate: Gate, deadline: float, grace: float = GRACE_SECONDS) -> Result:
    """Run one gate to its end, or to its deadline; then end whatever it left running. Times in seconds."""
    print(f"\n== {gate.name}", flush=True)
    started = time.monotonic()
    with Nursery() as nursery:
        status = nursery.run(gate.command, cwd=ROOT, deadline=deadline)
        left = nursery.end_orphans(grace)
    seconds = time.monotonic() - started
    if left:
        return Result(gate.name, ok=False, seconds=seconds, note="left running: " + "; ".join(left))
    if status is None:
        return Result(gate.name, ok=False, seconds=seconds, note=f"ended after {deadline:.0f} s")
    ok = status == 0 or (status == NOTHING_COLLECTED and gate.may_be_empty)
    return Result(gate.name, ok=ok, seconds=seconds, note="" if ok else f"exit status {status}")


def inventory() -> list[frozenset[str]]:
    """The markers of every test there is."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "inventory.json")
        command = [sys.executable, "-m", "pytest", "--collect-only", "-qq", f"--inventory={target}"]
        subprocess.run(command, cwd=ROOT, check=False, stdout=subprocess.DEVNULL)
        rows = json.loads(target.read_text(encoding="utf-8")) if target.exists() else []
    return [frozenset(row["markers"]) for row in rows]


def traces() -> frozenset[str]:
    """What stands in the folders that an orderly end empties."""
    return frozenset(str(entry) for folder in TRACES if folder.is_dir() for entry in folder.iterdir())


def nothing_stays(before: frozenset[str]) -> Result:
    """The last gate of a strict run. Every day it would blame us for instances that people start meanwhile."""
    new = sorted(traces() - before)
    return Result("no traces", ok=not new, seconds=0.0, note=f"left: {', '.join(new)}" if new else "")


def left_out(tests: Sequence[frozenset[str]], *, strict: bool, browser: bool) -> list[str]:
    """What this run does without, and why, in sentences."""
    exhaustive = 0 if strict else sum("exhaustive" in markers for markers in tests)
    lines = [f"{exhaustive} long tests (marker `exhaustive`): `make test STRICT=1` runs them"] if exhaustive else []
    on_cluster = sum("cluster" in markers and "exhaustive" not in markers for markers in tests)
    if on_cluster:
        lines.append(f"{on_cluster} tests on a real Kubernetes (minutes, root): `make test-cluster` runs them")
    if not (browser or strict):
        without = sum("browser" in markers and not {"exhaustive", "cluster"} & markers for markers in tests)
        lines.append(f"{without} tests in a browser: no Chromium on PATH (Debian: apt-get install chromium)")
    return lines


def table(results: Sequence[Result], omitted: Sequence[str]) -> str:
    """The last lines a person reads."""
    rows = [
        f"{'ok  ' if result.ok else 'FAIL'}  {result.gate:<18} {result.seconds:7.1f} s  {result.note}".rstrip()
        for result in results
    ]
    total = sum(result.seconds for result in results)
    failed = [result.gate for result in results if not result.ok]
    verdict = f"FAILED: {', '.join(failed)}" if failed else "all gates passed"
    if total > PROMISED and omitted:
        rows.append(f"slower than the {PROMISED:.0f} s promised for two idle cores")
    return "\n".join(["", *rows, *(f"left out: {line}" for line in omitted), f"{verdict} ({total:.0f} s)"])


def environment() -> Mapping[str, str]:
    """What the gates see: our tools first on PATH."""
    return {"PATH": f"{BIN}:{os.environ.get('PATH', os.defpath)}"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the gates; return the exit status."""
    parser = argparse.ArgumentParser(description="Run the project's gates.")
    parser.add_argument("--strict", action="store_true", help="every test; a skip or an empty suite is a failure")
    parser.add_argument("--only", action="append", default=[], metavar="GATE", help="run only gates of this name")
    options = parser.parse_args(arguments)
    os.environ.update(environment())
    signal.signal(signal.SIGTERM, _interrupt)
    browser = any(shutil.which(name) for name in CHROMIUM)
    suites = chosen_suites(strict=options.strict, browser=browser)
    gates = [*static_gates(), *(suite_gate(suite, strict=options.strict) for suite in suites)]
    if options.only:
        gates = [gate for gate in gates if gate.name in options.only]
    before = traces()
    end = time.monotonic() + (STRICT_LIMIT if options.strict else EVERYDAY_LIMIT)
    results = [run(gate, max(1.0, end - time.monotonic())) for gate in gates]
    if options.strict:
        results.append(nothing_stays(before))
    print(table(results, left_out(inventory(), strict=options.strict, browser=browser)))
    return 0 if all(result.ok for result in results) else 1


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """Make SIGTERM unwind like Ctrl-C, so that the nursery ends what a gate has started."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
