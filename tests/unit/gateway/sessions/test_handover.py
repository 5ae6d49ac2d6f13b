"""A code opens one session once, for half a minute."""

from collections.abc import Callable
from pathlib import Path

import pytest
from joserfc.jwk import ECKey

from rayfence.access.principal import Principal
from rayfence.gateway.keys import SigningKeys
from rayfence.gateway.sessions import handover as module
from rayfence.gateway.sessions.handover import CODE_SECONDS, HandOver, SignedHandOver
from rayfence.gateway.sessions.revocation import Revocations
from rayfence.gateway.sessions.tokens import Minter
from rayfence.model.routes import Role

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


class Replica:
    """Signed codes of one replica; all replicas have the same keys."""

    def __init__(self, folder: Path, key: ECKey, clock: Callable[[], float]) -> None:
        folder.mkdir()
        revocations = Revocations(folder / "revocations.json", folder, longest=3600, clock=clock)
        named = ECKey.import_key({**key.as_dict(private=True), "kid": KEY})
        self.minter = Minter(SigningKeys({KEY: named}, KEY), "rayfence:t", revocations, clock)
        self.codes = SignedHandOver(self.minter, "rayfence:t", clock)


KEY = "0123456789abcdef"


def test_a_signed_code_opens_the_session_at_any_replica_and_once_at_each(tmp_path: Path) -> None:
    now = [1_800_000_000.0]
    key = ECKey.generate_key("P-256")
    one, two = (Replica(tmp_path / name, key, lambda: now[0]) for name in ("one", "two"))
    _, session = one.minter.mint("rayfence:t:login", "alice", Role.VIEWER, (), seconds=900)
    code = one.codes.issue(session)
    found = two.codes.redeem(code)
    assert found is not None
    assert (found.subject, found.session, found.expires_at) == ("alice", session.session, session.expires_at)
    assert two.codes.redeem(code) is None
    late = one.codes.issue(session)
    now[0] += CODE_SECONDS + 1
    assert two.codes.redeem(late) is None


def test_no_other_token_is_a_code_and_a_code_is_no_token(tmp_path: Path) -> None:
    one = Replica(tmp_path / "one", ECKey.generate_key("P-256"), lambda: 1_800_000_000.0)
    token, session = one.minter.mint("rayfence:t:login", "alice", Role.ADMIN, (), seconds=900)
    assert one.codes.redeem(token) is None
    assert one.codes.redeem("") is None
    assert one.minter.verify(one.codes.issue(session), "rayfence:t:login") is None
    other = Replica(tmp_path / "other", ECKey.generate_key("P-256"), lambda: 1_800_000_000.0)
    assert one.codes.redeem(other.codes.issue(session)) is None
