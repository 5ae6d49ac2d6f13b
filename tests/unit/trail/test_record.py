"""The canonical line: what goes in comes out, and nothing else is accepted."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfence.trail.chain import NO_PREVIOUS
from rayfence.trail.record import LINE_LIMIT, Entry, Kind, encode, parse, timestamp
from rayfence.trail.text import clean

TS = "2026-01-31T12:00:00.000000Z"
PLAIN = Entry(Kind.EDGE, TS, "alice", "jobs.logs", "/api/jobs/x", "allowed", 200, "", {"ms": 3, "method": "GET"})

details = st.dictionaries(
    st.text(st.characters(codec="ascii", categories=["Ll"]), min_size=1, max_size=8),
    st.text(max_size=300) | st.integers(0, 1 << 40),
    max_size=8,
)


def test_a_line_has_fixed_keys_in_fixed_order() -> None:
    line = encode(PLAIN, 7, NO_PREVIOUS)
    assert line == (
        b'{"prev":"' + b"0" * 64 + b'","seq":7,"ts":"2026-01-31T12:00:00.000000Z","kind":"edge","sub":"alice",'
        b'"action":"jobs.logs","object":"/api/jobs/x","verdict":"allowed","status":200,"ref":"",'
        b'"detail":{"method":"GET","ms":3}}\n'
    )


def test_parse_returns_what_was_encoded() -> None:
    record = parse(encode(PLAIN, 7, NO_PREVIOUS))
    assert (record.seq, record.prev, record.entry) == (7, NO_PREVIOUS, PLAIN)


@given(st.text(max_size=600), st.text(max_size=300), details)
def test_any_text_makes_one_printable_line(subject: str, path: str, detail: dict[str, str | int]) -> None:
    line = encode(Entry(Kind.EDGE, TS, subject, "a", path, "allowed", 200, "", detail), 0, NO_PREVIOUS)
    assert line.count(b"\n") == 1
    assert line[:-1].decode("ascii").isprintable()
    assert len(line) < LINE_LIMIT
    record = parse(line)
    assert record.entry.subject == clean(subject)
    assert all(str(value).isprintable() for value in record.entry.detail.values())


@given(details)
def test_the_same_facts_make_the_same_bytes(detail: dict[str, str | int]) -> None:
    other = dict(reversed(detail.items()))
    one = encode(PLAIN._replace(detail=detail), 0, NO_PREVIOUS)
    assert one == encode(PLAIN._replace(detail=other), 0, NO_PREVIOUS)


def test_detail_is_bounded_and_holds_texts_and_numbers_only() -> None:
    many: dict[str, str | int] = {f"n{number:03}": "x" for number in range(500)}
    assert len(parse(encode(PLAIN._replace(detail=many), 0, NO_PREVIOUS)).entry.detail) == 24
    assert parse(encode(PLAIN._replace(detail={"b": True}), 0, NO_PREVIOUS)).entry.detail == {"b": 1}
    assert parse(encode(PLAIN._replace(detail={"t": "true"}), 0, NO_PREVIOUS)).entry.detail == {"t": "true"}
    long = parse(encode(PLAIN._replace(detail={"t": "x" * 5000}), 0, NO_PREVIOUS)).entry.detail["t"]
    assert len(str(long)) < 300


@pytest.mark.parametrize(
    "change",
    [
        lambda line: line.replace(b'"sub"', b'"sub":"eve","sub"'),
        lambda line: line.replace(b'"seq":7', b'"seq":7.0'),
        lambda line: line.replace(b'"seq":7', b'"seq": 7'),
        lambda line: line.replace(b'"seq":7', b'"seq":true'),
        lambda line: line.replace(b'"ms":3', b'"ms":[3]'),
        lambda line: line.replace(b"alice", b"\\u0061lice"),
        lambda line: line.replace(b'"detail":{', b'"more":1,"detail":{'),
        lambda line: line.replace(b'"sub":"alice"', b'"sub":null'),
        lambda line: line[:-1],
        lambda line: b"[" * 100_000 + b"\n",
        lambda line: b"[" * 200_000 + b"\n",
        lambda line: b"[]\n",
        lambda line: b"\xff\n",
    ],
)
def test_a_line_that_encode_never_writes_is_refused(change: object) -> None:
    assert callable(change)
    with pytest.raises(ValueError):
        parse(change(encode(PLAIN, 7, NO_PREVIOUS)))


def test_lines_are_plain_json() -> None:
    assert json.loads(encode(PLAIN, 7, NO_PREVIOUS))["detail"] == {"method": "GET", "ms": 3}


def test_timestamps_sort_as_times_do() -> None:
    times = [0.0, 1.25, 1_700_000_000.0, 1_700_000_000.000001, 1_900_000_000.999999]
    assert sorted(map(timestamp, times)) == [timestamp(value) for value in times]
    assert timestamp(0.5) == "1970-01-01T00:00:00.500000Z"
