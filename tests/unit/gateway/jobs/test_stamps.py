"""Stamp keys at work: the newest signs, all verify, and a rotation hides nobody's packages."""

from rayfence.access.stamp import STAMP_KEY
from rayfence.gateway.jobs.stamps import Stamps

OLD, NEW = ("old", b"o" * 32), ("new", b"n" * 32)


def record(name: str, stamp: str) -> dict[str, object]:
    """A job's record."""
    return {"submission_id": name, "metadata": {STAMP_KEY: stamp}}


def test_after_a_rotation_both_count_and_the_new_one_signs() -> None:
    before, after, later = Stamps("i", [OLD]), Stamps("i", [OLD, NEW]), Stamps("i", [NEW])
    old, new = before.sign("alice", "a-1", "s"), after.sign("alice", "a-1", "s")
    assert after.owner(record("a-1", old), "s") == after.owner(record("a-1", new), "s") == "alice"
    assert later.owner(record("a-1", new), "s") == "alice"
    assert later.owner(record("a-1", old), "s") is None


def test_a_stamp_is_good_for_one_job_of_one_session_of_one_instance() -> None:
    stamps = Stamps("i", [OLD])
    stamp = stamps.sign("alice", "a-1", "s")
    assert stamps.owner(record("a-2", stamp), "s") is None
    assert stamps.owner(record("a-1", stamp), "t") is None
    assert Stamps("j", [OLD]).owner(record("a-1", stamp), "s") is None
    assert stamps.owner({"submission_id": None, "metadata": {STAMP_KEY: stamp}}, "s") is None


def test_namespaces_stay_over_a_rotation_and_differ_per_subject() -> None:
    assert Stamps("i", [OLD]).namespace("alice") == Stamps("i", [OLD, NEW]).namespace("alice")
    assert Stamps("i", [OLD]).namespace("alice") != Stamps("i", [OLD]).namespace("bob")


def test_an_unripe_key_verifies_and_does_not_sign() -> None:
    old, new = ("aa", b"1" * 32), ("bb", b"2" * 32)
    stamps, knowing = Stamps("i", [old, new], unripe=1), Stamps("i", [old])
    stamp = stamps.sign("alice", "job-1", "session")
    assert knowing.owner(record("job-1", stamp), "session") == "alice"
    ahead = record("job-1", Stamps("i", [old, new]).sign("bob", "job-1", "session"))
    assert stamps.owner(ahead, "session") == "bob"
    assert knowing.owner(ahead, "session") is None
    assert stamps.namespace("alice") == knowing.namespace("alice")
    assert stamps.form_key == knowing.form_key
    assert Stamps("i", [new], unripe=1).sign("alice", "job-1", "session")
