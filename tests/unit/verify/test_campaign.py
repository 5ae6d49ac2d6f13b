"""Attacks are sent in order, controls once, and the log is waited for."""

from rayfence.model.verdict import Verdict
from rayfence.model.wire import Answer, Shot
from rayfence.verify.attack import FORBIDDEN, Attack, Control
from rayfence.verify.campaign import LOG_SECONDS, run, wanted_tokens
from tests.sim.scene import CATALOG, SimLines, SimWire, line, refusal

BAD, PREPARE, GOOD = Shot(1, target="/bad"), Shot(1, target="/prepare"), Shot(1, target="/good")
AFTER = Control("after", GOOD, "t-1", frozenset({200}))
BEFORE = Control("before", GOOD, "t-1", frozenset({200}), before=True)


def answers(shot: Shot) -> Answer:
    return refusal(403) if shot.target == "/bad" else Answer(200)


def attack(name: str, control: Control, group: str = "one") -> Attack:
    return Attack(name, group, "t", (PREPARE, BAD), FORBIDDEN, control)


def test_a_control_is_sent_once_and_the_log_is_waited_for() -> None:
    wire, told, slept = SimWire(answers), list[str](), list[float]()
    lines = SimLines((line(), line(id="r-2", token_id="t-1", status=200, upstream_ms=1)))
    attacks = (attack("a", AFTER), attack("b", AFTER, "two"))
    evidence = run(attacks, wire, lines, CATALOG, told.append, slept.append)
    assert [shot.target for shot in wire.sent] == ["/prepare", "/bad", "/good", "/prepare", "/bad"]
    assert [row.verdict for row in evidence] == [Verdict.PASS, Verdict.PASS]
    assert told == ["one: 1 attacks", "two: 1 attacks"]
    assert len(slept) == 1


def test_a_control_that_the_attack_would_spoil_comes_first() -> None:
    wire = SimWire(answers)
    run((attack("a", BEFORE),), wire, SimLines(()), CATALOG, lambda _: None, lambda _: None)
    assert [shot.target for shot in wire.sent] == ["/good", "/prepare", "/bad"]


def test_a_log_that_stays_silent_leaves_nothing_shown() -> None:
    slept: list[float] = []
    (row,) = run((attack("a", AFTER),), SimWire(answers), SimLines(()), CATALOG, lambda _: None, slept.append)
    assert row.verdict is Verdict.UNKNOWN
    assert LOG_SECONDS <= sum(slept) < LOG_SECONDS + 1


def test_only_controls_that_reach_something_are_looked_up() -> None:
    apart = Control("apart", GOOD, "t-2", reaches=False)
    assert wanted_tokens((AFTER, apart)) == {"t-1"}
