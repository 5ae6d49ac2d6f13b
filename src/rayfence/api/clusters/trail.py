"""The trail of a platform in a cluster: chains of every replica of every gateway, read from their volumes.

A small program in each pod writes them out (`gateway.pod.trail`); they are judged here, as those of an instance are. A
replica that can't be read is named, and then the trail is not called whole: what is on its volume is not known.
"""

import heapq
import io
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from rayfence.adapters.kubernetes.merging import merged
from rayfence.adapters.trailfiles import TrailFiles
from rayfence.api.clusters.reach import POD
from rayfence.api.clusters.target import ClusterTarget
from rayfence.api.kubernetes import Cluster, reached
from rayfence.errors import KubernetesError, StateError, cut
from rayfence.model.api_objects import Json, Kind, name_of, number_at, objects_at, text_at
from rayfence.model.frozen import dataclass
from rayfence.ports.machine import Reporter
from rayfence.ports.pods import PodPart
from rayfence.render.kubernetes.gateway.settings import CONFIG_PATH
from rayfence.render.kubernetes.names import APP, GATEWAY_APP, gateway_namespace
from rayfence.trail.query import Query, select
from rayfence.trail.record import Kind as RecordKind
from rayfence.trail.record import Record
from rayfence.trail.verify import VerificationReport, verify_chain

_SETS: Final = Kind("apps/v1", "StatefulSet", "statefulsets", True)
_CONTAINER: Final = "service"
_PROGRAM: Final = ("python", "-I", "-m", "rayfence.gateway.pod.trail", f"{CONFIG_PATH}/gateway.json")
#: Of one file of a copy; a segment is far smaller.
_FILE_LIMIT: Final = 1 << 30


@dataclass(frozen=True, slots=True)
class Replica:
    """One replica of a gateway. `problem`: why its trail can't be read; empty: it can."""

    tenant: str
    pod: str
    problem: str = ""

    @property
    def name(self) -> str:
        """`vision/gateway-0`."""
        return f"{self.tenant}/{self.pod}"

    @property
    def part(self) -> PodPart:
        """The container with the volume."""
        return PodPart(gateway_namespace(self.tenant), self.pod, _CONTAINER)


@dataclass(frozen=True, slots=True)
class ReplicaReport:
    """What verification found at one replica. `lost`: decisions of Envoy that its trail says are missing."""

    replica: str
    chains: tuple[VerificationReport, ...]
    problem: str
    lost: int

    @property
    def ok(self) -> bool:
        """Whether it was read, holds, and lacks nothing that it knows of."""
        return not self.problem and bool(self.chains) and all(chain.ok for chain in self.chains)


def verify_trail(target: ClusterTarget, key: Path | None, report: Reporter) -> tuple[ReplicaReport, ...]:
    """Verify every replica's chains against their signed heads. `key`: a copy of a heads' key kept elsewhere."""
    with reached(target.platform, target.context) as cluster:
        return tuple(_verified(cluster, replica, key, report) for replica in replicas(target, cluster))


def matching(target: ClusterTarget, query: Query, report: Reporter) -> Iterator[tuple[str, Record]]:
    """(replica, record) of what matches, by time. Raises StateError when a replica can't be read."""
    with reached(target.platform, target.context) as cluster, tempfile.TemporaryDirectory(prefix="rayfence-") as name:
        found = readable(replicas(target, cluster))
        files = [_copied(cluster, one, Path(name) / one.tenant / one.pod, report) for one in found]
        streams = [_numbered(number, select(one.lines(), query)) for number, one in enumerate(files)]
        for _, number, record in heapq.merge(*streams, key=lambda row: row[:2]):
            yield found[number].name, record


def _numbered(number: int, records: Iterator[Record]) -> Iterator[tuple[str, int, Record]]:
    """Records with their time and the number of their replica."""
    for record in records:
        yield record.entry.ts, number, record


def last(target: ClusterTarget, count: int, follow: bool, query: Query) -> Iterator[tuple[str, Record]]:
    """(replica, record): the newest that match, by time; with `follow` also what comes, until the caller stops.

    Raises StateError when a replica can't be read, KubernetesError.
    """
    # A query may skip most of the newest lines: look at more than are asked for, and keep the last ones.
    wanted = count if query == Query() else max(count, 10_000)
    with reached(target.platform, target.context) as cluster:
        found = readable(replicas(target, cluster))
        rows: list[tuple[str, str, Record]] = []
        for one in found:
            rows += (
                (record.entry.ts, one.name, record) for record in select(_lines(cluster, one, "tail", wanted), query)
            )
        rows.sort(key=lambda row: row[:2])
        shown = rows[max(0, len(rows) - count) :]
        yield from ((name, record) for _, name, record in shown)
        if follow:
            yield from _following(cluster, found, query, rows)


def _following(
    cluster: Cluster, found: Sequence[Replica], query: Query, seen: Sequence[tuple[str, str, Record]]
) -> Iterator[tuple[str, Record]]:
    """What comes after what was seen. The last lines are asked for once more: some may have come in between."""
    told = {(name, record.prev, record.seq) for _, name, record in seen}
    streams = [select(_lines(cluster, one, "follow", 200), query) for one in found]
    latest = max((ts for ts, _, _ in seen), default="")
    for number, record in merged(streams):
        name = found[number].name
        if (name, record.prev, record.seq) not in told and record.entry.ts >= latest[:19]:
            yield name, record


def replicas(target: ClusterTarget, cluster: Cluster) -> tuple[Replica, ...]:
    """Every replica that there is or should be, with what keeps it from being read. Raises KubernetesError."""
    return tuple(one for tenant in target.tenants for one in _of_tenant(cluster, tenant.name))


def readable(found: Sequence[Replica]) -> Sequence[Replica]:
    """All of them. Raises StateError naming those that can't be read: records would be missing without a word."""
    broken = [f"{one.name}: {one.problem}" for one in found if one.problem]
    if broken or not found:
        raise StateError(
            f"not every part of the trail can be read: {'; '.join(broken) or 'there is no gateway'}",
            hint="see `rayfence status`; its records are on its volume, and read when its pod is back",
        )
    return found


def _of_tenant(cluster: Cluster, tenant: str) -> Iterator[Replica]:
    home = gateway_namespace(tenant)
    wanted = cluster.api.get(_SETS, "gateway", home)
    pods = {name_of(pod): pod for pod in cluster.api.list(POD, home, {APP: GATEWAY_APP})}
    expected = [f"gateway-{number}" for number in range(number_at(wanted, "spec", "replicas"))]
    for name in sorted({*expected, *pods}):
        yield Replica(tenant, name, _trouble(pods.get(name)))


def _trouble(pod: Json | None) -> str:
    if pod is None:
        return "there is no such pod"
    statuses = (*objects_at(pod, "status", "initContainerStatuses"), *objects_at(pod, "status", "containerStatuses"))
    for status in statuses:
        state = status.get("state")
        if text_at(status, "name") == _CONTAINER and isinstance(state, dict) and "running" in state:
            return ""
    return f"its container {_CONTAINER} does not run ({text_at(pod, 'status', 'phase').lower() or 'unknown'})"


def _verified(cluster: Cluster, replica: Replica, key: Path | None, report: Reporter) -> ReplicaReport:
    if replica.problem:
        return ReplicaReport(replica.name, (), replica.problem, 0)
    with tempfile.TemporaryDirectory(prefix="rayfence-") as name:
        try:
            files = _copied(cluster, replica, Path(name), report)
        except (KubernetesError, StateError) as error:
            return ReplicaReport(replica.name, (), cut(str(error)), 0)
        keys = files.public_keys(key)
        chains = tuple(verify_chain(files.lines(one), files.heads(one), keys) for one in files.chains())
        lost = sum(_count(record) for record in select(files.lines(), Query(kind=RecordKind.LOSS)))
        return ReplicaReport(replica.name, chains, "" if chains else "it has no trail yet", lost)


def _copied(cluster: Cluster, replica: Replica, folder: Path, report: Reporter) -> TrailFiles:
    """A replica's trail as files below `folder`, which is private. Raises StateError, KubernetesError."""
    report(f"reading the trail of {replica.name}")
    stream = _Stream(cluster.pods.run(replica.part, (*_PROGRAM, "copy")))
    chains, heads = folder / "chains", folder / "heads"
    for one in (chains, heads):
        one.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            for member in archive:
                _keep(archive, member, {"chains": chains, "heads": heads})
        stream.drain()
    except tarfile.TarError as error:
        raise StateError(f"{replica.name}: what came is no copy of a trail: {cut(str(error))}") from error
    return TrailFiles(chains, heads)


def _keep(archive: tarfile.TarFile, member: tarfile.TarInfo, folders: dict[str, Path]) -> None:
    """Write one member. A pod that was taken over must not write elsewhere on this machine. Raises StateError."""
    part, _, name = member.name.partition("/")
    folder = folders.get(part)
    file = archive.extractfile(member) if member.isreg() and member.size <= _FILE_LIMIT else None
    if folder is None or file is None or not name or "/" in name or name.startswith("."):
        raise StateError(f"a copy of the trail holds {cut(member.name)!r}, which is no part of one")
    with file, (folder / name).open("wb") as target:
        while block := file.read(1 << 18):
            target.write(block)


class _Stream(io.RawIOBase):
    """Pieces as a file."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__()
        self._pieces = pieces
        self._held = b""

    def read(self, size: int = -1) -> bytes:
        while size < 0 or len(self._held) < size:
            piece = next(self._pieces, b"")
            if not piece:
                break
            self._held += piece
        size = len(self._held) if size < 0 else size
        data, self._held = self._held[:size], self._held[size:]
        return data

    def drain(self) -> None:
        """Read what is left: only then is known how the program ended."""
        for _ in self._pieces:
            pass


def _lines(cluster: Cluster, replica: Replica, mode: str, count: int) -> Iterator[bytes]:
    """Whole lines of a replica's trail."""
    held = b""
    for piece in cluster.pods.run(replica.part, (*_PROGRAM, mode, str(count)), attached=mode == "follow"):
        *whole, held = (held + piece).split(b"\n")
        yield from (line + b"\n" for line in whole)


def _count(record: Record) -> int:
    count = record.entry.detail.get("count", 1)
    return count if isinstance(count, int) else 1
