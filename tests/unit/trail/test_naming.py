"""File names of the trail."""

from rayfence.trail.naming import chain_of, first_of, ordinal_of, segment_name, segment_order

CHAIN = "0002-0a1b2c3d4e5f"


def test_a_name_says_chain_and_first_record() -> None:
    name = segment_name(CHAIN, 4711)
    assert (chain_of(name), first_of(name)) == (CHAIN, 4711)
    assert chain_of(f"{CHAIN}.heads.jsonl") == CHAIN
    assert ordinal_of(CHAIN) == 2


def test_other_names_are_nobodys() -> None:
    for name in ("lock", "ingest.json", f"{CHAIN}.pem", f"x{segment_name(CHAIN, 0)}", f"{segment_name(CHAIN, 0)}.tmp"):
        assert (chain_of(name), first_of(name)) == ("", -1)


def test_segments_are_ordered_as_they_were_written() -> None:
    later = segment_name("10000-000000000000", 0)
    names = [later, "lock", segment_name(CHAIN, 10**13), segment_name(CHAIN, 5), segment_name(CHAIN, 0)]
    assert segment_order(names) == [
        segment_name(CHAIN, 0),
        segment_name(CHAIN, 5),
        segment_name(CHAIN, 10**13),
        later,
    ]
