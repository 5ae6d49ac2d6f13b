"""Lines for people and for a SIEM: nothing an attacker wrote escapes its field."""

import re

from hypothesis import given
from hypothesis import strategies as st

from rayfence.trail.export import cef_line, human_line, severity
from rayfence.trail.record import Entry, Kind, Record, encode, parse

TS = "2026-01-31T12:00:00.000000Z"


def record(**changes: object) -> Record:
    """A refused request, with changes."""
    entry = Entry(Kind.EDGE, TS, "alice", "jobs.stop", "/api/jobs/x/stop", "refused", 403, "", {"peer": "127.0.0.1:4"})
    return Record(7, "ab" * 32, entry._replace(**changes))  # type: ignore[arg-type]


def test_a_line_for_people() -> None:
    assert human_line(record()) == (
        "2026-01-31T12:00:00.000Z        7 edge      alice        jobs.stop          refused  403 /api/jobs/x/stop "
        "peer=127.0.0.1:4"
    )


def test_a_cef_event() -> None:
    line = cef_line(record(), instance="demo", version="0.1")
    assert line.startswith("CEF:0|rayfence|gateway|0.1|edge:jobs.stop|edge jobs.stop refused|5|rt=1769860800000 ")
    for field in ("suser=alice", "outcome=refused", "request=/api/jobs/x/stop", "src=127.0.0.1", "externalId=7"):
        assert f" {field}" in line


@given(st.text(max_size=60))
def test_an_escape_sequence_never_reaches_the_terminal(text: str) -> None:
    stored = parse(encode(record(object=text, subject=text).entry, 1, "0" * 64))
    assert human_line(stored).isprintable()
    # Even a file that was tampered with and never cleaned.
    assert human_line(record(object=text, detail={"x": text})).isprintable()


@given(st.text(max_size=60))
def test_nothing_breaks_out_of_a_cef_field(text: str) -> None:
    line = cef_line(record(subject=text, action=text, object=text), instance="demo", version="0.1")
    assert line.isprintable()
    event = re.fullmatch(r"CEF:0((?:\|(?:\\.|[^|\\])*){6})\|(.*)", line)
    assert event is not None
    keys = re.findall(r"(?:^| )(\w+)(?<!\\)=", event[2])
    assert keys == [key for key in ORDER if key in keys]


ORDER = [
    "rt",
    "dvchost",
    "suser",
    "act",
    "outcome",
    "request",
    "requestMethod",
    "reason",
    "src",
    "externalId",
    "cs1Label",
    "cs1",
    "cs2Label",
    "cs2",
    "cs3Label",
    "cs3",
    "cs4Label",
    "cs4",
]


def test_equals_and_backslash_are_escaped() -> None:
    assert "request=/a\\=b\\\\c" in cef_line(record(object="/a=b\\c"), instance="demo", version="0.1")


def test_damage_is_graver_than_refusal() -> None:
    damage = severity(Entry(Kind.DAMAGE, TS))
    assert damage > severity(record().entry) > severity(record(verdict="allowed").entry)
    assert severity(Entry("unheard-of", TS)) == 5
