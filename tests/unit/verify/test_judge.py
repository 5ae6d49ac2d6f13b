"""Verdicts: what counts as refused, as a hole, and as nothing shown."""

import pytest

from rayfence.model.verdict import Verdict
from rayfence.model.wire import Answer, LogLine, Shot
from rayfence.verify.attack import FORBIDDEN, Attack, Control, Expect
from rayfence.verify.judge import Trial, judge, judge_control, read_log, refusal_id, seen
from tests.sim.scene import CATALOG, line, refusal

SHOT = Shot(1)
CONTROL = Control("c", SHOT, "t-1", frozenset({200}), ("ray_version",))
WORKS = Answer(200, body=b'{"ray_version": "2"}')
PASSED = line(id="r-2", token_id="t-1", status=200, upstream_ms=3)
REFUSED = line(id="r-1")


def verdict(
    answer: Answer,
    *lines: LogLine,
    expect: Expect = FORBIDDEN,
    control: Answer = WORKS,
    known: str = "",
) -> Verdict:
    attack = Attack("a", "g", "t", (SHOT,), expect, CONTROL, known=known)
    return judge(Trial(attack, answer, control), read_log(lines, CATALOG)).verdict


def test_refused_by_the_gateway_with_a_working_control() -> None:
    assert verdict(refusal(403), REFUSED, PASSED) is Verdict.PASS


@pytest.mark.parametrize(
    "control",
    [Answer(200, body=b"{}"), Answer(403), Answer(0, note="no answer in time")],
)
def test_a_control_that_does_not_work_leaves_nothing_shown(control: Answer) -> None:
    assert verdict(refusal(403), REFUSED, PASSED, control=control) is Verdict.UNKNOWN


def test_a_control_that_nobody_behind_saw_shows_nothing() -> None:
    assert verdict(refusal(403), REFUSED) is Verdict.UNKNOWN
    assert verdict(refusal(403), REFUSED, line(id="r-2", token_id="t-1", upstream_ms=None)) is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, body=b"{}"),
        Answer(403, body=b"Forbidden"),  # Ray's own
        Answer(403, body=b'{"error": "x"}'),
        Answer(403, body=b"[1]"),
        refusal(404),
        Answer(0, note="closed without an answer"),
    ],
)
def test_any_other_answer_is_a_hole(answer: Answer) -> None:
    assert verdict(answer, REFUSED, PASSED) is Verdict.FAIL


def test_a_refusal_of_something_that_was_passed_on_is_a_hole() -> None:
    assert verdict(refusal(403), line(upstream_ms=5), PASSED) is Verdict.FAIL


def test_the_service_may_refuse_what_envoy_handed_to_it() -> None:
    assert verdict(refusal(403), line(route="jobs.stop", upstream_ms=5), PASSED) is Verdict.PASS


def test_an_ended_connection_counts_where_it_is_allowed() -> None:
    closed = Expect(frozenset({400}), closed=True)
    assert verdict(Answer(0), PASSED, expect=closed) is Verdict.PASS


def test_words_and_headers_that_must_not_come_back() -> None:
    hidden = Expect(frozenset(), refused=False, hides=("secret",), without=("set-cookie",))
    assert verdict(Answer(200, body=b"fine"), PASSED, expect=hidden) is Verdict.PASS
    assert verdict(Answer(200, body=b"a secret"), PASSED, expect=hidden) is Verdict.FAIL
    assert verdict(Answer(200, (("set-cookie", "x"),)), PASSED, expect=hidden) is Verdict.FAIL


def test_words_that_must_come_back() -> None:
    says = Expect(frozenset({200}), refused=False, says=("mine",))
    assert verdict(Answer(200, body=b"mine"), PASSED, expect=says) is Verdict.PASS
    assert verdict(Answer(200, body=b"yours"), PASSED, expect=says) is Verdict.FAIL


def test_a_hole_is_a_hole_even_without_a_control_and_keeps_its_known_reason() -> None:
    assert verdict(Answer(200), control=Answer(500)) is Verdict.FAIL
    attack = Attack("a", "g", "t", (SHOT,), FORBIDDEN, CONTROL, known="Ray's own")
    assert judge(Trial(attack, Answer(200), WORKS), read_log((), CATALOG)).known == "Ray's own"
    shown = judge(Trial(attack, refusal(403), WORKS), read_log((REFUSED, PASSED), CATALOG))
    assert (shown.verdict, shown.known) == (Verdict.PASS, "")


def test_a_control_tells_what_it_showed() -> None:
    works, words = judge_control(CONTROL, WORKS, read_log((PASSED,), CATALOG))
    assert (works, words) == (True, "200, passed on to Ray as version.api (3 ms)")
    apart = Control("c", SHOT, reaches=False)
    assert judge_control(apart, Answer(204), read_log((), CATALOG)) == (True, "204")
    tried = line(token_id="t-1", route="serve.data", flags="UF", upstream_ms=None)
    anything = Control("c", SHOT, "t-1")
    assert judge_control(anything, refusal(503), read_log((tried,), CATALOG))[0]


def test_answers_in_words() -> None:
    assert seen(refusal(403)) == "403 forbidden"
    assert seen(Answer(0)) == "no answer"
    assert seen(Answer(200, note="still streaming")) == "200 (still streaming)"
    assert refusal_id(refusal(403, "x")) == "x"
    assert refusal_id(Answer(403)) is None
