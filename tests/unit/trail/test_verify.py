"""Every way to break a chain is seen, and seen where it is."""

import dataclasses
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rayfence.trail.chain import EMPTY, Tip, digest, extend, genesis
from rayfence.trail.diagnosis import ProblemKind as K
from rayfence.trail.record import Entry, Kind, timestamp
from rayfence.trail.verify import VerificationReport, verify_chain
from tests.sim.trail import CHAIN, KEYS, OTHER_KEY, chain, head, tip_of

LINES = chain(200)
LAST = len(LINES) - 1
HEADS = [head(tip_of(LINES, seq)) for seq in (50, 120, LAST)]


def found(report: VerificationReport) -> list[tuple[K, int, int]]:
    """Kind and place of every problem."""
    return [(problem.kind, problem.seq, problem.through) for problem in report.problems]


def test_a_whole_chain_holds() -> None:
    report = verify_chain(LINES, HEADS, KEYS)
    assert report.ok
    assert (report.chain, report.instance, report.records, report.last) == (CHAIN, "demo", 201, LAST)
    assert (report.heads, report.covered, report.first) == (3, LAST, 0)
    assert report.open_intents == ()


def test_an_empty_chain_holds_as_long_as_no_head_names_a_record() -> None:
    assert verify_chain([]).ok
    assert found(verify_chain([], HEADS[:1], KEYS)) == [(K.TRUNCATED, 0, 50)]


def test_an_intent_without_outcome_is_named() -> None:
    assert verify_chain(chain(11)).open_intents == (f"{11:016x}",)


@settings(max_examples=400)
@given(st.integers(1, LAST - 1), st.randoms(use_true_random=False))
def test_a_changed_byte_is_located(seq: int, rng: random.Random) -> None:
    line = bytearray(LINES[seq])
    place = rng.randrange(len(line) - 1)
    line[place] ^= 1 << rng.randrange(8)
    if line[place] == 0x0A:
        line[place] ^= 0x41
    report = verify_chain([*LINES[:seq], bytes(line), *LINES[seq + 1 :]], HEADS, KEYS)
    assert not report.ok
    assert any(problem.seq - 1 <= seq <= problem.through + 1 for problem in report.problems), found(report)


@given(st.integers(1, LAST - 1), st.integers(1, 30))
def test_deleted_records_are_named(first: int, count: int) -> None:
    last = min(first + count - 1, LAST - 1)
    report = verify_chain(LINES[:first] + LINES[last + 1 :], HEADS, KEYS)
    assert found(report) == [(K.DELETED, first, last)]


@given(st.integers(1, LAST), st.integers(1, LAST))
def test_a_moved_record_is_seen_between_its_places(start: int, target: int) -> None:
    lines = list(LINES)
    lines.insert(target, lines.pop(start))
    report = verify_chain(lines, [], KEYS)
    assert report.ok == (start == target)
    low, high = sorted((start, target))
    assert all(low <= problem.seq <= problem.through <= high for problem in report.problems)
    assert {problem.kind for problem in report.problems} <= {K.REORDERED}


@given(st.integers(1, LAST), st.integers(1, LAST))
def test_a_repeated_record_is_named(source: int, target: int) -> None:
    report = verify_chain([*LINES[:target], LINES[source], *LINES[target:]], HEADS, KEYS)
    assert any(problem.seq <= source <= problem.through or problem.seq == target for problem in report.problems)
    assert not report.ok


@given(st.integers(1, LAST))
def test_an_inserted_record_is_named_even_with_the_right_link(seq: int) -> None:
    forged, _ = extend(tip_of(LINES, seq - 1), [Entry(Kind.DECISION, timestamp(1.7e9), "mallory")])
    report = verify_chain([*LINES[:seq], *forged, *LINES[seq:]], [], KEYS)
    assert found(report) == [(K.INSERTED, seq, seq)]


def test_exchanged_segments_are_named() -> None:
    lines = [*LINES[:50], *LINES[100:150], *LINES[50:100], *LINES[150:]]
    assert found(verify_chain(lines, HEADS, KEYS)) == [(K.REORDERED, 50, 99)]


def test_two_writers_are_seen() -> None:
    other, _ = extend(tip_of(LINES, 99), [Entry(Kind.DECISION, timestamp(1.7e9), f"b{n}") for n in range(5)])
    lines = [*LINES[:100]]
    for mine, theirs in zip(LINES[100:105], other, strict=True):
        lines += [mine, theirs]
    assert found(verify_chain([*lines, *LINES[105:]], HEADS, KEYS)) == [(K.INSERTED, 100, 104)]


def test_a_line_that_is_no_record_is_located() -> None:
    report = verify_chain([*LINES[:70], b"garbage\n", *LINES[70:]], HEADS, KEYS)
    assert found(report) == [(K.MALFORMED, 70, 70)]


@given(st.integers(0, LAST))
def test_a_cut_end_is_found_against_the_last_head(last: int) -> None:
    report = verify_chain(LINES[: last + 1], HEADS, KEYS)
    assert found(report) == ([] if last == LAST else [(K.TRUNCATED, last + 1, LAST)])


def test_what_follows_the_last_head_is_said_to_be_uncovered() -> None:
    report = verify_chain(LINES[:150], HEADS[:2], KEYS)
    assert report.ok
    assert report.covered == 120


def test_a_rewritten_chain_is_found_by_its_heads() -> None:
    entries = [genesis("demo", CHAIN, timestamp(1.7e9)), *[Entry(Kind.DECISION, timestamp(1.7e9), "eve")] * LAST]
    report = verify_chain(extend(EMPTY, entries)[0], HEADS, KEYS)
    assert found(report) == [(K.HEAD_MISMATCH, 50, 50), (K.HEAD_MISMATCH, 120, 120), (K.HEAD_MISMATCH, LAST, LAST)]


def test_forged_heads_are_named() -> None:
    tip = tip_of(LINES, 10)
    unknown, altered = head(tip, key=OTHER_KEY), dataclasses.replace(HEADS[0], hash=tip.hash)
    elsewhere = head(tip_of(LINES, 30), chain="0009-ffffffffffff")
    report = verify_chain(LINES, [unknown, altered, elsewhere, b"nonsense"], KEYS)
    assert [kind for kind, _, _ in found(report)] == [K.FORGED_HEAD] * 4
    assert report.covered == -1


def test_a_missing_beginning_is_named() -> None:
    assert found(verify_chain(LINES[20:], HEADS, KEYS)) == [(K.BEGINNING_MISSING, 0, 19)]


def test_a_beginning_removed_on_record_is_in_order() -> None:
    tip = tip_of(LINES, LAST)
    detail: dict[str, str | int] = {"through": 19, "hash": digest(LINES[19])}
    more, _ = extend(tip, [Entry(Kind.RETENTION, timestamp(1.8e9), detail=detail)])
    report = verify_chain([*LINES[20:], *more], HEADS, KEYS)
    assert report.ok
    assert report.first == 20
    assert found(verify_chain([*LINES[21:], *more], HEADS, KEYS)) == [(K.BEGINNING_MISSING, 0, 20)]


def test_a_half_written_last_line_is_noted_not_accused() -> None:
    report = verify_chain([*LINES, b'{"prev":"'], HEADS, KEYS)
    assert report.ok
    assert "not whole" in report.notes[0]


def test_a_clock_that_runs_backwards_is_noted() -> None:
    more, _ = extend(tip_of(LINES, LAST), [Entry(Kind.DECISION, timestamp(second)) for second in (1.5, 1.4, 1.3)])
    report = verify_chain([*LINES, *more])
    assert report.ok
    assert len(report.notes) == 1, "two threads may change places by less than a second"
    assert "clock" in report.notes[0]


def test_losses_and_repairs_are_noted() -> None:
    detail: dict[str, str | int] = {"count": 3}
    more, _ = extend(tip_of(LINES, LAST), [Entry(Kind.LOSS, timestamp(1.8e9), object="front", detail=detail)])
    assert "loss" in verify_chain([*LINES, *more]).notes[0]


@given(st.lists(st.binary(max_size=300).map(lambda line: line.replace(b"\n", b"") + b"\n"), max_size=5))
def test_noise_never_raises(noise: list[bytes]) -> None:
    assert verify_chain([*LINES[:5], *noise, *LINES[5:9]]).records >= 9


@pytest.mark.parametrize("field", ["prev", "seq"])
def test_a_changed_place_in_the_chain_is_located(field: str) -> None:
    old = LINES[80][9:73] if field == "prev" else b'"seq":80,'
    new = b"f" * 64 if field == "prev" else b'"seq":81,'
    report = verify_chain([*LINES[:80], LINES[80].replace(old, new), *LINES[81:]], HEADS, KEYS)
    assert any(problem.seq <= 80 <= problem.through for problem in report.problems)
    assert all(79 <= problem.seq <= problem.through <= 80 for problem in report.problems)


def test_tip_of_is_what_a_head_signs() -> None:
    assert HEADS[0].tip == Tip(50, digest(LINES[50]))
