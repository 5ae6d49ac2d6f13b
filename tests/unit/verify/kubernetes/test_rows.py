"""Verdicts: a hole is a hole, and nothing is shown without a control."""

import pytest

from rayfence.model.verdict import Verdict
from rayfence.verify.kubernetes.rows import (
    Remedy,
    Showing,
    Title,
    Works,
    listed,
    not_applicable,
    row,
    unknown,
    verdict_of,
)

TITLE = Title("ports.a", "ports", "a title", "401")


@pytest.mark.parametrize(
    ("succeeded", "works", "verdict"),
    [
        (False, True, Verdict.PASS),
        (False, False, Verdict.UNKNOWN),
        (True, True, Verdict.FAIL),
        (True, False, Verdict.FAIL),
        (None, True, Verdict.UNKNOWN),
        (None, False, Verdict.UNKNOWN),
    ],
)
def test_every_pair_of_attack_and_control(succeeded: bool | None, works: bool, verdict: Verdict) -> None:
    assert verdict_of(Showing(succeeded, ""), Works(works, "")) is verdict


def test_what_to_mend_is_told_where_the_attack_succeeded_only() -> None:
    remedy = Remedy("NetworkPolicy a/b", "target.kubernetes.datapath")
    hole = row(TITLE, Showing(True, "200"), Works(yes=True, words="works"), remedy)
    assert (hole.fix, hole.field, hole.seen, hole.is_hole) == (remedy.object, remedy.field, "200", True)
    fine = row(TITLE, Showing(False, "401"), Works(yes=True, words="works"), remedy)
    assert (fine.fix, fine.field) == ("", "")
    assert unknown(TITLE, "why").verdict is Verdict.UNKNOWN
    assert not_applicable(TITLE, "why").verdict is Verdict.NOT_APPLICABLE


def test_long_words_of_others_are_cut_and_lists_counted() -> None:
    assert len(row(TITLE, Showing(True, "x" * 5000), Works(yes=True, words="y" * 5000)).seen) < 500
    assert listed("abc", 2) == "a, b and 1 more"
    assert listed(()) == ""
