"""A code opens one session once, for half a minute."""

import pytest

from rayfence.access.principal import Principal
from rayfence.gateway.sessions import handover as module
from rayfence.gateway.sessions.handover import CODE_SECONDS, HandOver

ALICE = Principal("alice", frozenset(), frozenset())


def test_once() -> None:
    handover = HandOver()
    code = handover.issue(ALICE)
    assert handover.redeem(code) == ALICE
    assert handover.redeem(code) is None


@pytest.mark.parametrize("code", ["", "x", "é", "a" * 10_000])
def test_unknown(code: str) -> None:
    assert HandOver().redeem(code) is None


def test_too_late_and_codes_differ() -> None:
    now = [0.0]
    handover = HandOver(clock=lambda: now[0])
    one, two = handover.issue(ALICE), handover.issue(ALICE)
    assert one != two
    now[0] = CODE_SECONDS + 0.1
    assert handover.redeem(one) is None


def test_codes_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CODE_LIMIT", 3)
    handover = HandOver()
    codes = [handover.issue(ALICE) for _ in range(5)]
    assert [handover.redeem(code) is not None for code in codes] == [False, False, True, True, True]
