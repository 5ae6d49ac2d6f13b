"""Finding records."""

from collections.abc import Callable

import pytest

from rayfence.trail.query import Query, select
from rayfence.trail.record import Record, parse, timestamp
from tests.sim.trail import chain

LINES = chain(100)
T50 = timestamp(1_700_000_050.0)


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        (Query(), lambda r: True),
        (Query(subject="alice"), lambda r: r.entry.subject == "alice"),
        (Query(action="job.submit"), lambda r: r.entry.action == "job.submit"),
        (Query(action="job*"), lambda r: r.entry.action.startswith("job")),
        (Query(object="raysubmit-4"), lambda r: "raysubmit-4" in r.entry.object),
        (Query(verdict="refused"), lambda r: r.entry.verdict == "refused"),
        (Query(kind="intent"), lambda r: r.entry.kind == "intent"),
        (Query(ref=f"{11:016x}"), lambda r: r.entry.ref == f"{11:016x}"),
        (Query(since=T50), lambda r: r.entry.ts >= T50),
        (Query(until=T50), lambda r: r.entry.ts < T50),
        (Query(after_seq=90), lambda r: r.seq > 90),
        (
            Query(subject="bob", verdict="refused", since=T50),
            lambda r: r.entry.subject == "bob" and r.entry.verdict == "refused" and r.entry.ts >= T50,
        ),
    ],
)
def test_a_query_finds_what_it_says(query: Query, holds: Callable[[Record], bool]) -> None:
    expected = [record for record in map(parse, LINES) if holds(record)]
    assert list(select(LINES, query)) == expected
    assert expected


def test_lines_that_are_no_records_are_passed_over() -> None:
    damaged = LINES[5].replace(b'"sub"', b'"sux"')
    assert [record.seq for record in select([b"noise\n", damaged, LINES[6]], Query())] == [6]
