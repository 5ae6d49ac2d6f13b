"""The request is whole: to whom, which constraint and project, the smallest change, why, for how long."""

from rayfence.policy.basis.petitions import admitted, letter, tagged
from tests.unit.policy.platforms import TODAY


def test_a_value_is_asked_for_this_project_alone() -> None:
    text = letter(admitted("gcp.x", "in:eu-locations", "we are there"), "Ms Owner", "acme-ml", "ml", TODAY)
    assert text.startswith("To Ms Owner\n")
    for part in ("`constraints/gcp.x`", "`acme-ml`", "`in:eu-locations`", "Why: we are there.", "until 2027-02-24"):
        assert part in text


def test_a_boolean_is_asked_off_by_a_tag() -> None:
    change = tagged("iam.x", "1", "why").change
    assert "resource.matchTag('1/rayfence-exception', 'iam-x')" in change
    assert "ORGANIZATION_ID/rayfence-exception" in tagged("iam.x", None, "why").change
