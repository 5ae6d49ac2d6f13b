"""Minted ids."""

import random
import re
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfence.access.minting import MAX_WISH, is_driver_id, is_minted, mint_submission_id, sanitize_wish


@pytest.mark.parametrize(
    ("wish", "cleaned"),
    [
        (None, "raysubmit"),
        ("", "raysubmit"),
        ("../..", "raysubmit"),
        (7, "raysubmit"),
        ("my job", "my-job"),
        ("../x", "x"),
        ("a/b", "a-b"),
        ("raysubmit_Ab1", "raysubmit_Ab1"),
        ("05000000", "job-05000000"),
        ("deadBEEF", "job-deadBEEF"),
        ("./05000000/", "job-05000000"),
        ("ü", "raysubmit"),
        ("x" * 200, "x" * MAX_WISH),
        ("a\nb\x00c", "a-b-c"),
    ],
)
def test_wishes_are_cleaned(wish: object, cleaned: str) -> None:
    assert sanitize_wish(wish) == cleaned


def test_ids_end_in_random_characters() -> None:
    first, second = (mint_submission_id("pi", secrets.choice) for _ in range(2))
    assert re.fullmatch(r"pi-[a-z0-9]{16}", first) and first != second
    assert is_minted(first) and not is_minted("pi") and not is_minted("05000000") and not is_minted(first + "\n")


@given(st.text(max_size=300) | st.none() | st.integers(), st.randoms())
def test_any_wish_gives_a_canonical_id_that_is_no_drivers(wish: object, source: random.Random) -> None:
    minted = mint_submission_id(wish, source.choice)
    assert is_minted(minted) and not is_driver_id(minted)
    assert len(minted) <= MAX_WISH + 17


def test_driver_ids() -> None:
    assert is_driver_id("05000000") and is_driver_id("0A00000f")
    assert not is_driver_id("0500000") and not is_driver_id("05000000-x") and not is_driver_id("raysubmi")
