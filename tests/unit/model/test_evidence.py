"""What evidence adds up to."""

import pytest

from rayfence.model.evidence import Evidence, Verification, counted
from rayfence.model.verdict import Verdict


def row(verdict: Verdict, known: str = "", group: str = "g") -> Evidence:
    return Evidence("a", group, "t", verdict, "e", "s", "c", known=known)


PASS, FAIL, UNKNOWN = row(Verdict.PASS), row(Verdict.FAIL), row(Verdict.UNKNOWN)
KNOWN = row(Verdict.FAIL, known="Ray's own")


@pytest.mark.parametrize(
    ("rows", "status"),
    [
        ((PASS,), 0),
        ((PASS, KNOWN), 0),
        ((PASS, UNKNOWN), 2),
        ((PASS, UNKNOWN, FAIL), 1),
        ((), 2),
    ],
)
def test_the_exit_status_tells_the_worst(rows: tuple[Evidence, ...], status: int) -> None:
    assert Verification("i", rows, 1.0).exit_status == status


def test_what_could_not_be_removed_is_no_success() -> None:
    assert Verification("i", (PASS,), 1.0, ("job x",)).exit_status == 1


def test_groups_keep_their_order_and_counts_name_every_verdict() -> None:
    rows = (row(Verdict.PASS, group="b"), row(Verdict.PASS, group="a"), row(Verdict.FAIL, group="b"))
    assert [(name, len(found)) for name, found in Verification("i", rows, 1.0).groups()] == [("b", 2), ("a", 1)]
    assert counted(rows) == {
        Verdict.PASS: 2, Verdict.FAIL: 1, Verdict.UNKNOWN: 0, Verdict.NOT_APPLICABLE: 0,
    }  # fmt: skip
