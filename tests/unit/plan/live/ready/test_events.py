"""Events of one object, newest first."""

from rayfence.plan.live.ready.events import events_of
from rayfence.plan.live.ready.status import moment
from tests.unit.plan.live.ready.live_objects import AFTER, BEFORE, WRITTEN, event, live

CLUSTER = live("RayCluster")


def test_events_of_others_and_of_a_namesake_that_is_gone_do_not_count() -> None:
    others = [
        event(live("RayCluster", "other"), "A"),
        event(live("RayJob"), "B"),
        event(live("RayCluster", metadata={"uid": "an older one"}), "C"),
    ]
    elsewhere = event(CLUSTER, "D")
    elsewhere["involvedObject"]["namespace"] = "speech"
    assert events_of(CLUSTER, [*others, elsewhere]) == ()
    (found,) = events_of(CLUSTER, [*others, event(CLUSTER, "E", "some\ntext")])
    assert (found.reason, found.message, found.warning) == ("E", "some text", True)


def test_an_event_without_uid_is_of_its_name() -> None:
    plain = event(CLUSTER, "A")
    del plain["involvedObject"]["uid"]
    assert len(events_of(CLUSTER, [plain])) == 1


def test_the_newest_goes_first_and_old_ones_go() -> None:
    listed = [event(CLUSTER, "old", time=BEFORE), event(CLUSTER, "new", time=AFTER)]
    assert [found.reason for found in events_of(CLUSTER, listed)] == ["new", "old"]
    assert [found.reason for found in events_of(CLUSTER, listed, moment(WRITTEN))] == ["new"]


def test_the_second_of_the_write_itself_counts() -> None:
    same = [event(CLUSTER, "same", time=WRITTEN)]
    assert len(events_of(CLUSTER, same, moment("2026-11-26T06:00:00.900000Z"))) == 1


def test_times_are_where_each_writer_puts_them() -> None:
    series = event(CLUSTER, "series", time=BEFORE) | {"series": {"lastObservedTime": "2026-11-26T06:05:00.000001Z"}}
    new_api = event(CLUSTER, "new", time="") | {"eventTime": "2026-11-26T06:04:00.000000Z"}
    bare = event(CLUSTER, "bare", time="") | {"metadata": {"creationTimestamp": "2026-11-26T06:03:00Z"}}
    none = event(CLUSTER, "none", time="", kind="Normal")
    found = events_of(CLUSTER, [none, bare, new_api, series])
    assert [item.reason for item in found] == ["series", "new", "bare", "none"] and not found[-1].warning
