"""The gates themselves: no test escapes the suites, nothing stays behind, and a red gate is a red run."""

import itertools
import subprocess
import sys
from pathlib import Path

import pytest
from _pytest.mark.expression import Expression

from tests.arch.tree import ROOT
from tests.conftest import SUITE_MARKERS
from tools import gates


def selected(expression: str, markers: frozenset[str]) -> bool:
    """Whether pytest's `-m` would take a test that carries these markers."""
    return bool(Expression.compile(expression).evaluate(lambda name, /, **_: name in markers))


def every_combination() -> list[frozenset[str]]:
    sizes = range(len(SUITE_MARKERS) + 1)
    return [frozenset(chosen) for size in sizes for chosen in itertools.combinations(SUITE_MARKERS, size)]


@pytest.mark.parametrize("markers", every_combination(), ids=lambda markers: "+".join(sorted(markers)) or "plain")
def test_each_test_is_in_exactly_one_strict_suite(markers: frozenset[str]) -> None:
    suites = [suite.name for suite in gates.SUITES if selected(suite.markers, markers)]
    assert len(suites) == 1
    daily = [suite.name for suite in gates.SUITES if selected(gates.everyday(suite.markers), markers)]
    assert daily == ([] if "exhaustive" in markers else suites)


def test_strict_runs_every_suite_but_the_cluster_even_where_the_browser_is_missing() -> None:
    everything = [suite.name for suite in gates.SUITES]
    assert [suite.name for suite in gates.chosen_suites(strict=True, browser=False)] == everything[:-1]
    assert everything[-1] == "cluster"
    assert [suite.name for suite in gates.chosen_suites(strict=False, browser=False)] == ["unit", "envoy", "ray"]
    assert "cluster" not in [suite.name for suite in gates.chosen_suites(strict=False, browser=True)]
    assert "--strict-skips" in gates.suite_gate(gates.SUITES[0], strict=True).command
    assert not gates.suite_gate(gates.SUITES[0], strict=True).may_be_empty


def test_what_is_left_out_is_said() -> None:
    tests = [frozenset[str](), frozenset({"ray", "exhaustive"}), frozenset({"browser"}), frozenset({"cluster"})]
    said = gates.left_out(tests, strict=False, browser=False)
    assert [line.split(" (")[0].split(":")[0] for line in said] == [
        "1 long tests",
        "1 tests on a real Kubernetes",
        "1 tests in a browser",
    ]
    assert [line.split(" (")[0] for line in gates.left_out(tests, strict=True, browser=True)] == [
        "1 tests on a real Kubernetes"
    ]
    shown = gates.table([gates.Result("mypy", ok=False, seconds=2.0, note="exit status 1")], said)
    assert "FAIL  mypy" in shown and "left out: 1 long" in shown and shown.endswith("FAILED: mypy (2 s)")


def test_traces_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "TRACES", (tmp_path, tmp_path / "absent"))
    before = gates.traces()
    assert gates.nothing_stays(before).ok
    (tmp_path / "0a1b2c3d.g").mkdir()
    assert gates.nothing_stays(before).note == f"left: {tmp_path / '0a1b2c3d.g'}"


# The nursery ends whatever descends from its process; so that this is not the test run, it gets one of its own.
NURSERY = """
import sys
from tools.gates import Gate, run
result = run(Gate("probe", (sys.executable, "-c", sys.argv[1])), deadline=float(sys.argv[2]), grace=0.5)
print("RESULT", result.ok, result.note)
"""


def run_gate(code: str, *, deadline: float) -> str:
    """The result line of a gate that runs some Python."""
    done = subprocess.run(
        [sys.executable, "-c", NURSERY, code, str(deadline)],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
    )
    return done.stdout.splitlines()[-1].removeprefix("RESULT ")


def test_a_detached_process_is_found_named_and_ended(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    daemon = (
        "import subprocess, pathlib\n"
        "pid = subprocess.Popen(['sleep', '61'], start_new_session=True).pid\n"
        f"pathlib.Path({str(note)!r}).write_text(str(pid))\n"
    )
    result = run_gate(f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {daemon!r}])", deadline=30)
    assert result == f"False left running: {note.read_text()} sleep 61"
    assert not Path("/proc", note.read_text()).exists()


def test_what_ends_by_itself_in_time_is_no_fault() -> None:
    assert run_gate("import subprocess\nsubprocess.Popen(['sleep', '0.2'])", deadline=30) == "True "


def test_a_gate_that_hangs_is_ended() -> None:
    assert run_gate("import time; time.sleep(60)", deadline=0.5) == "False ended after 0 s"


def test_a_red_gate_is_red() -> None:
    assert run_gate("raise SystemExit(3)", deadline=30) == "False exit status 3"
