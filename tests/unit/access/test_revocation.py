import json

from hypothesis import given
from hypothesis import strategies as st

from rayfence.access.revocation import POLICY_PREFIX, REVOCATIONS_FILTER, Revocation, claim, revocations_text

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
    text = revocations_text([Revocation("al'ice\"", 1700, "s-1")])
    policy = json.loads(text)["resources"][0]["typed_config"]["rules"]["policies"][f"{POLICY_PREFIX}0"]
    ids = policy["principals"][0]["and_ids"]["ids"]
    values = [one["sourced_metadata"]["metadata_matcher"]["value"] for one in ids]
    assert values == [
        {"string_match": {"exact": "al'ice\""}},
        {"double_match": {"range": {"start": 0, "end": 1700}}},
        {"string_match": {"exact": "s-1"}},
    ]


def test_all_sessions_are_meant_when_none_is_named() -> None:
    assert "sid" not in revocations_text([Revocation("alice", 1700)])


def test_the_version_tells_files_apart() -> None:
    none, one = (json.loads(revocations_text(found)) for found in ([], [Revocation("a", 1)]))
    assert none["version_info"] != one["version_info"]
    assert claim("sub", {})["sourced_metadata"]
