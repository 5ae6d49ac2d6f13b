"""Twin of rayfence.api.clusters.trail: replicas are folders of a real trail's files, read by the pod's own program."""

import io
import json
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from rayfence.api.clusters.trail import last, matching, replicas, verify_trail
from rayfence.api.kubernetes import Cluster
from rayfence.errors import Forbidden, StateError
from rayfence.gateway.pod import trail as program
from rayfence.ports.pods import PodPart
from rayfence.trail.query import Query
from tests.sim.kubernetes.gateway import SimDoor, add_pods
from tests.sim.trail import write_trail
from tests.unit.api.clusters.test_reach import target


class Replicas:
    """What the program of each pod would write; `settings` by pod."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings: dict[str, str] = {}

    def add(self, pod: str, count: int) -> Path:
        """A replica with so many records."""
        home = self.folder / pod
        write_trail(home / "chains", home / "heads", count)
        file = home / "gateway.json"
        told = {"trail_dir": str(home / "chains"), "trail_heads_dir": str(home / "heads")}
        file.write_text(json.dumps({"served": [told]}))
        self.settings[pod] = str(file)
        return home

    def __call__(self, part: PodPart, words: Sequence[str]) -> Iterator[bytes]:
        assert part.container == "service" and words[:4] == ("python", "-I", "-m", "rayfence.gateway.pod.trail")
        out = io.BytesIO()
        mode = ["tail", *words[6:]] if words[5] == "follow" else list(words[5:])
        assert program.main([self.settings[part.pod], *mode], out) == 0
        data = out.getvalue()
        for start in range(0, len(data), 1000):
            yield data[start : start + 1000]


@pytest.fixture
def found(door: SimDoor, tmp_path: Path) -> Replicas:
    """Two replicas with trails."""
    made = Replicas(tmp_path / "volumes")
    made.add("gateway-0", 40)
    made.add("gateway-1", 25)
    door.pods.program = made
    return made


def quiet(_text: str) -> None:
    """No progress."""


def test_every_chain_of_every_replica_is_verified(door: SimDoor, found: Replicas) -> None:
    first, second = verify_trail(target(door), None, quiet)
    assert first.ok and second.ok and [first.replica, second.replica] == ["vision/gateway-0", "vision/gateway-1"]
    assert first.chains[0].records >= 40 and second.chains[0].records >= 25
    segment = next((found.folder / "gateway-1" / "chains").glob("*.jsonl"))
    lines = segment.read_bytes().splitlines(keepends=True)
    segment.write_bytes(b"".join([*lines[:5], *lines[6:]]))
    first, second = verify_trail(target(door), None, quiet)
    assert first.ok and not second.ok and second.chains[0].problems


def test_a_replica_that_cant_be_read_is_named_and_nothing_is_whole(door: SimDoor, found: Replicas) -> None:
    add_pods(door.stand, ready=("gateway-0",))
    first, second = verify_trail(target(door), None, quiet)
    assert first.ok and not second.ok and "does not run" in second.problem and found.settings
    with pytest.raises(StateError, match="gateway-1: its container"):
        list(matching(target(door), Query(), quiet))
    del door.stand.cluster.objects["v1", "Pod", "vision-gateway", "gateway-1"]
    cluster = Cluster(door.stand.cluster, door.pods)
    assert [(one.name, one.problem) for one in replicas(target(door), cluster)] == [
        ("vision/gateway-0", ""),
        ("vision/gateway-1", "there is no such pod"),
    ]
    door.pods.denied.add("run")
    first, _ = verify_trail(target(door), None, quiet)
    assert "forbidden" in first.problem
    add_pods(door.stand)
    with pytest.raises(Forbidden):
        list(matching(target(door), Query(), quiet))


def test_records_of_all_are_merged_by_time(door: SimDoor, found: Replicas) -> None:
    rows = list(matching(target(door), Query(), quiet))
    times = [record.entry.ts for _, record in rows]
    assert times == sorted(times) and {name for name, _ in rows} == {"vision/gateway-0", "vision/gateway-1"}
    assert len(rows) == sum(one.chains[0].records for one in verify_trail(target(door), None, quiet)) and found.settings


def test_the_newest_of_all_and_what_comes(door: SimDoor, found: Replicas) -> None:
    everything = list(matching(target(door), Query(), quiet))
    newest = list(last(target(door), 5, False, Query()))
    assert [record for _, record in newest] == [record for _, record in everything[-5:]] and found.settings
    # The pods' program is asked once more for what came in between; nothing is told twice.
    assert list(last(target(door), 5, True, Query())) == newest
    assert door.pods.asked[-1][:3] == ("run", "vision-gateway", "gateway-0") or door.pods.asked[-1][-1] == "attached"


@pytest.mark.parametrize("name", ["chains/../../x", "other/a", "chains/.x", "chains/", "x", "/etc/passwd"])
def test_a_pod_writes_nowhere_else(door: SimDoor, name: str) -> None:
    def hostile(_part: PodPart, _words: Sequence[str]) -> Iterator[bytes]:
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w|") as archive:
            member = tarfile.TarInfo(name)
            member.size = 1
            archive.addfile(member, io.BytesIO(b"x"))
        yield out.getvalue()

    door.pods.program = hostile
    reports = verify_trail(target(door), None, quiet)
    assert not any(one.ok for one in reports) and "no part of one" in reports[0].problem


def test_what_is_no_copy_is_told(door: SimDoor) -> None:
    door.pods.program = lambda _part, _words: iter([b"nonsense" * 100])
    assert "no copy of a trail" in verify_trail(target(door), None, quiet)[0].problem
