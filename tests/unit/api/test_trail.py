"""Reading an instance's trail."""

import json
import re

import pytest

from rayfence.api import trail
from rayfence.errors import RayfenceError
from rayfence.trail.query import Query
from tests.sim.door import PASSWORD, Door


@pytest.mark.envoy
def test_a_log_in_is_on_record_and_the_chain_holds(door: Door, as_ada: str) -> None:
    records = list(trail.matching(door.name, door.state, Query(action="login", subject=as_ada)))
    assert records
    assert PASSWORD not in json.dumps([trail.as_json(record) for record in records])
    reports = trail.verify_trail(door.name, door.state, None)
    assert reports
    assert all(report.ok for report in reports), reports
    assert trail.as_cef(door.name)(records[0]).startswith("CEF:0|rayfence|")
    assert as_one_line(trail.as_text(records[0]))


@pytest.mark.envoy
def test_the_newest_records_are_the_last(door: Door) -> None:
    everything = list(trail.matching(door.name, door.state, Query()))
    newest = list(trail.last(door.name, door.state, 2, False, Query()))
    assert [record.seq for record in newest] >= [record.seq for record in everything[-2:]]


@pytest.mark.envoy
def test_the_posture_sees_a_whole_trail(door: Door) -> None:
    seen = trail.trail_sighting(door.record)
    assert seen is not None
    assert (seen.problem, seen.lost) == ("", 0)
    assert seen.records > 0


def test_moments() -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", trail.moment("10m"))
    assert trail.moment("2026-01-31T12:00:00Z") == "2026-01-31T12:00:00.000000Z"
    assert trail.moment("") == ""
    with pytest.raises(RayfenceError, match="no point in time"):
        trail.moment("yesterday")


def as_one_line(text: str) -> bool:
    return "\n" not in text and text.isprintable()
