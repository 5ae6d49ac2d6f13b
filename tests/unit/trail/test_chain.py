"""The chain: each line holds the one before."""

import hashlib
import itertools

from rayfence.trail.chain import EMPTY, NO_PREVIOUS, digest, extend, genesis, read_start
from rayfence.trail.record import FORMAT, Entry, Kind, parse, prepare
from tests.sim.trail import CHAIN, chain

TS = "2026-01-31T12:00:00.000000Z"


def test_each_line_repeats_the_hash_of_the_line_before() -> None:
    lines = chain(5)
    for before, line in itertools.pairwise(lines):
        assert parse(line).prev == hashlib.sha256(before).hexdigest() == digest(before)
    assert [parse(line).seq for line in lines] == [0, 1, 2, 3, 4, 5]


def test_the_first_record_names_instance_chain_and_format() -> None:
    first = parse(chain(0)[0])
    assert first.prev == NO_PREVIOUS
    assert first.entry.detail == {"chain": CHAIN, "format": FORMAT, "instance": "demo"}


def test_a_successor_chain_names_the_one_it_replaces() -> None:
    entry = genesis("demo", CHAIN, TS, {"after": "0001-aa", "reason": "cut"})
    assert entry.detail["after"] == "0001-aa"


def test_extending_in_two_steps_is_extending_in_one() -> None:
    entries = [Entry(Kind.DECISION, TS, f"u{number}") for number in range(6)]
    first, tip = extend(EMPTY, entries[:2])
    second, end = extend(tip, entries[2:])
    assert (first + second, end) == extend(EMPTY, entries)


def test_a_prepared_entry_makes_the_line_of_the_entry() -> None:
    entries = [Entry(Kind.EDGE, TS, f"u{number}\x1b", detail={"n": number}) for number in range(3)]
    assert extend(EMPTY, [entries[0], *map(prepare, entries[1:])]) == extend(EMPTY, entries)


def test_the_start_of_a_line_is_read_without_json() -> None:
    line = chain(3)[3]
    start = read_start(line)
    assert start is not None
    assert (start.seq, start.kind, start.prev) == (3, "edge", parse(line).prev)


def test_other_lines_have_no_start() -> None:
    for line in (b"", b"\n", b"{}\n", chain(1)[0][:-1], b'{"prev":"00","seq":1}\n', b"\0" * 500 + b"\n"):
        assert read_start(line) is None
