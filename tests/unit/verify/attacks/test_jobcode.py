"""The job that attacks from inside: what it is told, and what its report is worth."""

import base64
import json
import shlex

from rayfence.model.host import Places
from rayfence.model.verdict import Verdict
from rayfence.verify.attacks.jobcode import MARK, entrypoint, judge_report, read_report, target
from tests.sim.scene import make_settings

PLACES = Places("/sim/state", "/sim/heads", "/sim/run.g", "/sim/run.r")
TARGET = target(make_settings(), PLACES, [("envoy", 7, "/sim/envoy_dir/bootstrap.yaml")], "/sim/src", ["/sim/ca.key"])
CONTROLS = [["a file in an own folder", True, "written"]]


def test_the_gateways_secrets_are_all_named() -> None:
    assert {"/sim/signing_keys", "/sim/operator_key", "/sim/users", "/sim/trail_dir", "/sim/ca.key"} <= set(
        TARGET.files
    )
    assert set(TARGET.sockets) == {"/sim/service_socket", "/sim/envoy_admin_socket"}
    assert "/sim/src" in TARGET.writes


def test_the_entrypoint_is_one_line_of_shell_that_carries_code_and_wishes() -> None:
    line = entrypoint("print('code')", TARGET, "word", "0a1b2c3d")
    words = shlex.split(line, comments=True)
    assert words[:2] == ["python", "-c"]
    assert base64.b64decode(words[2].split("'")[1]) == b"print('code')"
    told = json.loads(base64.b64decode(words[3].rstrip(";")))
    assert (told["mark"], told["secret"]) == (MARK, "word")
    assert line.endswith("# rayfence-verify-0a1b2c3d")


def test_the_report_is_found_among_other_lines() -> None:
    assert read_report("x\n(pid=1) " + MARK + '{"a": 1}\ny') == {"a": 1}
    assert read_report(MARK + "{broken") is None
    assert read_report("nothing") is None


def test_an_attempt_that_succeeded_is_a_hole() -> None:
    attempts = [["read /sim/users", True, "10 bytes read"], ["become root", False, "PermissionError"]]
    rows = judge_report({"attempts": attempts, "controls": CONTROLS})
    assert [(row.attack, row.verdict) for row in rows] == [
        ("job-code.read-/sim/users", Verdict.FAIL),
        ("job-code.become-root", Verdict.PASS),
    ]


def test_a_job_that_can_do_nothing_at_all_shows_nothing() -> None:
    attempts = [["become root", False, "PermissionError"]]
    broken = [["a file in an own folder", False, "OSError"]]
    for controls in (broken, [], None):
        assert judge_report({"attempts": attempts, "controls": controls})[0].verdict is Verdict.UNKNOWN


def test_no_report_shows_nothing() -> None:
    for report in (None, {"attempts": [], "controls": CONTROLS}, {"attempts": "x"}):
        (row,) = judge_report(report, "the job failed")
        assert row.verdict is Verdict.UNKNOWN
