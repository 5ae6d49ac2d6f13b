import json
import re

from hypothesis import given
from hypothesis import strategies as st

from rayfence.access.claims import write_grant
from rayfence.access.revocation import POLICY_PREFIX, REVOCATIONS_FILTER, Revocation, revocations_text
from rayfence.model.routes import Role

SESSION = "5e" * 16

entries = st.lists(st.builds(Revocation, st.text(min_size=1), st.integers(0, 2**40), st.text(max_size=5)), max_size=6)


@given(entries)
def test_the_same_set_gives_the_same_bytes(found: list[Revocation]) -> None:
    assert revocations_text(found) == revocations_text([*reversed(found), *found])


@given(entries)
def test_there_is_one_policy_for_each_entry(found: list[Revocation]) -> None:
    resource = json.loads(revocations_text(found))["resources"][0]
    rules = resource["typed_config"]["rules"]
    assert resource["name"] == REVOCATIONS_FILTER
    assert rules["action"] == "DENY"
    assert len(rules["policies"]) == len(set(found))
    assert all(name.startswith(POLICY_PREFIX) for name in rules["policies"])


def test_a_policy_names_subject_time_and_session() -> None:
    text = revocations_text([Revocation("al'ice\"", 1700, SESSION)])
    policy = json.loads(text)["resources"][0]["typed_config"]["rules"]["policies"][f"{POLICY_PREFIX}0"]
    matcher = policy["principals"][0]["header"]
    assert matcher["name"] == "x-rayfence-grant"
    expression = matcher["string_match"]["safe_regex"]["regex"]

    def hit(session: str, issued: int, subject: str) -> bool:
        text = write_grant("a", Role.ADMIN, (), session=session, issued_at=issued, token_id="0" * 32, subject=subject)
        return re.fullmatch(expression, text) is not None

    assert hit(SESSION, 1699, "al'ice\"")
    assert not hit(SESSION, 1700, "al'ice\"")
    assert not hit("f" * 32, 1699, "al'ice\"")
    assert not hit(SESSION, 1699, "x al'ice\"")


def test_all_sessions_are_meant_when_none_is_named() -> None:
    assert "(?:browser-)?[0-9a-f]{32}) (?:" in revocations_text([Revocation("alice", 1700)])
    assert SESSION in revocations_text([Revocation("alice", 1700, SESSION)])


def test_the_version_tells_files_apart() -> None:
    none, one = (json.loads(revocations_text(found)) for found in ([], [Revocation("a", 1)]))
    assert none["version_info"] != one["version_info"]
