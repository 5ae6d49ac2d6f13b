"""Job records as Ray holds them, and whose each is.

Owners are read from the stamp in the record itself; there is no table that could disagree with Ray. Reads that only
show or pass something on may be a second old and are shared between callers; a write asks Ray afresh.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from rayfence.access.stamp import STAMP_KEY
from rayfence.gateway.answers import Refused
from rayfence.gateway.ray import RayApi, json_object, json_value, segment

#: How old what is shown may be. The dashboard of every user polls; Ray is asked once for all of them.
FRESH_SECONDS: Final = 1.0

#: Verified stamps remembered, so that a polled list does not verify every stamp each time.
_REMEMBERED: Final = 20_000
_DETAILS: Final = 2_000

Record = Mapping[str, object]
T = TypeVar("T")

#: (record, Ray's session name) -> verified owner, or None for no valid stamp.
ReadOwner = Callable[[Record, str], str | None]


@dataclass(frozen=True, slots=True)
class Listing:
    """All records at one moment with their owners; drivers' ids are Ray's `job_id`."""

    records: tuple[Record, ...]
    owners: tuple[str | None, ...]  # one per record
    by_submission: Mapping[str, str]  # submission id -> owner, only where there is one
    by_driver: Mapping[str, str]  # driver's job id -> owner of its submission
    hidden: list[str] = field(default_factory=list)  # `jobs.read`: rows as strangers see them, as JSON


class _Shared(Generic[T]):
    """One answer for everybody who asks within its life; those who ask while it is fetched wait for the same fetch."""

    def __init__(self) -> None:
        self.task: asyncio.Task[T] | None = None
        self.started = 0.0

    async def get(self, fetch: Callable[[], Awaitable[T]]) -> T:
        fresh = time.monotonic() - self.started < FRESH_SECONDS
        if self.task is None or (self.task.done() and (not fresh or self.task.cancelled() or self.task.exception())):
            self.started = time.monotonic()
            self.task = asyncio.ensure_future(_coroutine(fetch))
        # Shielded: one caller that hangs up must not take the others' answer away.
        return await asyncio.shield(self.task)


async def _coroutine(fetch: Callable[[], Awaitable[T]]) -> T:
    return await fetch()


class JobRecords:
    """Reads records through `ray`; `read_owner` verifies stamps."""

    def __init__(self, ray: RayApi, read_owner: ReadOwner) -> None:
        self._ray = ray
        self._read_owner = read_owner
        self._listing: _Shared[Listing] = _Shared()
        self._details: OrderedDict[str, _Shared[Record | None]] = OrderedDict()
        self._verified: OrderedDict[tuple[str, str, str], str | None] = OrderedDict()

    async def listing(self) -> Listing:
        """All records, at most a second old."""
        return await self._listing.get(self._fetch_listing)

    async def recent(self, name: str) -> Record | None:
        """The record that Ray finds under `name`, at most a second old; None if there is none."""
        shared = self._details.get(name)
        if shared is None:
            shared = self._details[name] = _Shared()
            while len(self._details) > _DETAILS:
                self._details.popitem(last=False)
        return await shared.get(lambda: self.fresh(name))

    async def fresh(self, name: str) -> Record | None:
        """The record that Ray finds under `name` now. Ray takes submission ids and drivers' ids alike."""
        answer = await self._ray.request("GET", f"/api/jobs/{segment(name)}")
        return None if answer.status == 404 else json_object(answer.refuse_failure())

    async def owner(self, record: Record) -> str | None:
        """Whose the record is; None without a valid stamp of this instance, session and id."""
        return self._owner(record, await self._ray.session_name())

    def forget(self) -> None:
        """Keys changed: verified stamps are to be verified again."""
        self._verified.clear()
        self.changed()

    def changed(self) -> None:
        """A job was submitted, stopped or deleted: what was read before is old."""
        self._listing = _Shared()
        self._details.clear()

    async def _fetch_listing(self) -> Listing:
        session = await self._ray.session_name()
        value = json_value((await self._ray.request("GET", "/api/jobs/")).refuse_failure())
        if not isinstance(value, list) or not all(isinstance(record, dict) for record in value):
            raise Refused(502, "ray_failed", "Ray's answer can't be read")
        owners = tuple(self._owner(record, session) for record in value)
        by_submission: dict[str, str] = {}
        by_driver: dict[str, str] = {}
        for record, owner in zip(value, owners, strict=True):
            if owner is not None:
                by_submission[str(record["submission_id"])] = owner
                if record.get("job_id"):
                    by_driver[str(record["job_id"])] = owner
        return Listing(tuple(value), owners, by_submission, by_driver)

    def _owner(self, record: Record, session: str) -> str | None:
        metadata = record.get("metadata")
        name = record.get("submission_id")
        if not isinstance(metadata, dict) or not isinstance(name, str) or not isinstance(metadata.get(STAMP_KEY), str):
            return None
        key = (session, name, metadata[STAMP_KEY])
        if key not in self._verified:
            self._verified[key] = self._read_owner(record, session)
            while len(self._verified) > _REMEMBERED:
                self._verified.popitem(last=False)
        return self._verified[key]
