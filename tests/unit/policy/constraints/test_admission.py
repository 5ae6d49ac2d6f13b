"""A list's word on a value, with the evidence that is missing where there is none."""

import pytest

from rayfence.catalog.value_groups import load_value_groups
from rayfence.model.cloud import CloudDesired
from rayfence.model.orgpolicy import EffectivePolicy, OrgFacts
from rayfence.policy.constraints.admission import admit, member_mark
from rayfence.policy.constraints.criterion import Case
from rayfence.policy.constraints.rendered import read
from tests.unit.policy.constraints.platforms import ANCESTRY, enforced, listed, resolution


def _case(policy: EffectivePolicy) -> Case:
    return Case(policy, read(resolution(), CloudDesired(()), ()), OrgFacts(ancestry=ANCESTRY), load_value_groups())


@pytest.mark.parametrize(
    ("entry", "value", "allowed"),
    [
        ("in:us-central1-locations", "us-central1-a", True),
        ("us-central1", "us-central1-a", False),
        ("under:organizations/1", "projects/acme-kms", True),
        ("under:folders/9", "projects/acme-kms", False),
        ("under:folders/9", "projects/stranger", None),
        ("in:NOT_KNOWN", "INTERNAL_TCP_UDP", None),
        ("projects/123456", "projects/acme-ml", True),
    ],
)
def test_entries(entry: str, value: str, allowed: bool | None) -> None:
    assert admit(_case(listed("x.y", entry)), value).allowed is allowed


def test_the_missing_evidence_is_named() -> None:
    mark = member_mark(_case(listed("x.y", "under:folders/9")), "f", "projects/stranger/global/networks/n", "bad")
    assert not mark.problem and "above projects/stranger" in mark.missing
    assert "prefix `odd:`" in member_mark(_case(listed("x.y", "odd:v")), "f", "v", "bad").missing
    assert "values of that group" in member_mark(_case(listed("x.y", "in:ODD")), "f", "v", "bad").missing
    assert (
        "number or the id" in member_mark(_case(listed("x.y", "projects/9")), "f", "projects/stranger", "bad").missing
    )


def test_without_a_list_nothing_is_admitted() -> None:
    assert admit(_case(enforced("x.y")), "v").allowed is False
    assert member_mark(_case(listed("x.y", deny_all=True)), "f", "v", "bad").problem.startswith("bad")
