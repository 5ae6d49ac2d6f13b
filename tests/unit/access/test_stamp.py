"""Stamps: good on their own job only."""

import base64
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfence.access.stamp import (
    MAX_STAMP,
    STAMP_KEY,
    JobPlace,
    Ownership,
    StampKey,
    owner_of_metadata,
    sign_stamp,
    verify_stamp,
)

OLD, NEW = StampKey("k1", b"o" * 32), StampKey("k2", b"n" * 32)
PLACE = JobPlace("default", "session_1", "job-aaaaaaaaaaaaaaaa")


def test_a_stamp_names_its_owner() -> None:
    stamp = sign_stamp(NEW, PLACE, "bob", 1000)
    assert verify_stamp([NEW], PLACE, stamp) == Ownership("bob", 1000, "k2")
    assert owner_of_metadata([NEW], PLACE, {STAMP_KEY: stamp, "x": "y"}) == "bob"
    assert stamp == sign_stamp(NEW, PLACE, "bob", 1000)  # canonical


def test_keys_overlap_while_they_rotate() -> None:
    old = sign_stamp(OLD, PLACE, "bob", 1)
    assert verify_stamp([NEW, OLD], PLACE, old) is not None
    assert verify_stamp([NEW], PLACE, old) is None
    assert verify_stamp([], PLACE, old) is None
    # another key under the same id does not make it good
    assert verify_stamp([StampKey("k1", b"x" * 32)], PLACE, old) is None
    # the right key under another id neither: what the payload says must be true as a whole
    assert verify_stamp([StampKey("k9", OLD.secret)], PLACE, old) is None


@pytest.mark.parametrize(
    "place",
    [
        replace(PLACE, tenant="other"),
        replace(PLACE, session="session_2"),
        replace(PLACE, submission_id="job-bbbbbbbbbbbbbbbb"),
        replace(PLACE, submission_id=""),
    ],
)
def test_moved_and_replayed_stamps_say_nobody(place: JobPlace) -> None:
    assert verify_stamp([NEW], place, sign_stamp(NEW, PLACE, "bob", 1)) is None


@pytest.mark.parametrize("metadata", [None, [], "x", {}, {STAMP_KEY: None}, {STAMP_KEY: 5}, {STAMP_KEY: ""}])
def test_stripped_stamps_say_nobody(metadata: object) -> None:
    assert owner_of_metadata([NEW], PLACE, metadata) is None


def forge(claims: object, key: StampKey = NEW) -> str:
    """A stamp over any claims, made with a real stamp's parts but without the signing function."""
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"v1.{payload}.{sign_stamp(key, PLACE, 'bob', 1).split('.')[2]}"


GOOD = {"iat": 1, "id": PLACE.submission_id, "kid": "k2", "session": "session_1", "sub": "bob", "tenant": "default"}


def test_forged_stamps_say_nobody() -> None:
    stamp = sign_stamp(NEW, PLACE, "bob", 1)
    version, payload, mac = stamp.split(".")
    for wrong in (
        forge({**GOOD, "sub": "alice"}),
        forge(GOOD),  # same claims, other bytes: only canonical ones were signed
        f"v2.{payload}.{mac}",
        f"{version}.{payload}",
        f"{version}.{payload}.{mac}.x",
        f"{version}.{payload}.{mac}=",
        f"{version}.{payload}.",
        f"{version}.{payload}=.{mac}",
        f"{version}.{payload}.{mac[:-2]}",
        stamp + "\n",
        " " + stamp,
        stamp.replace("-", "+"),
        "v1." + "A" * MAX_STAMP + ".A",
    ):
        assert wrong == stamp or verify_stamp([NEW], PLACE, wrong) is None, wrong


@given(st.integers(0, 400), st.sampled_from("ABab01-_."))
def test_changing_any_character_breaks_it(position: int, character: str) -> None:
    stamp = sign_stamp(NEW, PLACE, "bob", 1)
    position %= len(stamp)
    changed = stamp[:position] + character + stamp[position + 1 :]
    assert changed == stamp or verify_stamp([NEW], PLACE, changed) is None


@given(st.text(max_size=40), st.text(max_size=20), st.text(max_size=20), st.integers(0, 2**40))
def test_what_is_signed_is_what_is_read(subject: str, tenant: str, session: str, issued_at: int) -> None:
    place = JobPlace(tenant, session, "x-1")
    found = verify_stamp([OLD, NEW], place, sign_stamp(NEW, place, subject, issued_at))
    assert found == (Ownership(subject, issued_at, "k2") if subject else None)


@given(st.text(max_size=80))
def test_never_raises(stamp: str) -> None:
    assert verify_stamp([NEW], PLACE, stamp) is None


def test_keys_are_long_enough_and_not_printed() -> None:
    with pytest.raises(ValueError, match="shorter"):
        StampKey("k", b"short")
    assert "oooo" not in repr(OLD) + str(OLD)
    with pytest.raises(ValueError, match="too long"):
        sign_stamp(NEW, PLACE, "b" * MAX_STAMP, 1)
