"""The kubelet's probes: held back and counted; whatever is anything else is recorded."""

import pytest

from rayfence.gateway.accessline import LogLine
from rayfence.gateway.plainline import PlainLine, read_line
from rayfence.gateway.probes import EVERY_SECONDS, MAX_PEERS, Probes
from tests.sim.trail import GRANT, log_line

START = 1_800_000_000.0


def probe(number: int, at: float = START, **changes: object) -> LogLine | PlainLine:
    """A line of Envoy's about a probe, ended at `pos number`."""
    usual: dict[str, object] = {
        "grant": None,
        "surface": "login",
        "route": "api.health",
        "path": "/v1/health",
        "peer": f"10.244.0.1:{40000 + number}",
    }
    raw = log_line(number, at=at, **{**usual, **changes}).rstrip(b"\n")
    return read_line(raw, f"f:{number}")


def test_one_in_ten_minutes_is_recorded_with_the_number_of_the_others() -> None:
    lines = [probe(number, at=START + 5 * number) for number in range(241)]
    found = Probes().sift(lines)
    assert [line.started - START for line in found.kept] == [0, EVERY_SECONDS, 2 * EVERY_SECONDS]
    held = [line.detail.get("held") for line in found.kept if isinstance(line, LogLine)]
    assert held == [119, 119] and found.kept[0] is lines[0]
    assert (found.position, found.tail) == ("f:240", 0)


def test_lines_held_at_the_end_are_told_apart() -> None:
    found = Probes().sift([probe(1), probe(2), probe(3)])
    assert ([line.started for line in found.kept], found.position, found.tail) == ([START], "f:1", 2)
    again = found.probes.sift([probe(4)])
    assert (again.kept, again.position, again.tail) == ([], "", 1)


@pytest.mark.parametrize(
    "other",
    [
        {"code": 503},
        {"code": 403, "details": "rbac_access_denied"},
        {"route": "login.home"},
        {"route": "api.health2"},
        {"method": "POST"},
        {"method": "HEAD"},
        {"grant": GRANT},
        {"intent": "a" * 16},
        {"peer": None},
        {"path": '/v1/health","route":"api.health', "route": "jobs.logs"},
    ],
)
def test_whatever_is_anything_else_is_always_recorded(other: dict[str, object]) -> None:
    lines = [probe(number, START, **other) for number in range(5)]
    assert Probes().sift([probe(9), *lines]).kept[1:] == lines


def test_each_address_is_recorded_once_and_too_many_are_recorded_whole() -> None:
    few = [probe(number, peer=f"10.0.0.{number}:1") for number in range(MAX_PEERS)]
    known = Probes().sift(few)
    assert known.kept == few
    more = [probe(number, peer="10.9.9.9:1") for number in range(3)]
    assert known.probes.sift(more).kept == more


def test_a_clock_that_was_set_back_silences_nothing() -> None:
    known = Probes().sift([probe(1)]).probes
    back = probe(2, at=START - 5000)
    assert known.sift([back]).kept == [back]


def test_what_could_not_be_recorded_is_sifted_again_alike() -> None:
    known = Probes().sift([probe(1)]).probes
    lines = [probe(2), probe(3, at=START + EVERY_SECONDS)]
    assert known.sift(lines) == known.sift(lines)
