"""What replicas of one gateway hold in common: revocations and lock-outs, in one ConfigMap, watched through the API.

1. Start reads it; a gateway that can't would let revoked tokens in, so it does not start.
2. A change reads the newest version seen, adds, and replaces exactly that version; one that came in between is read,
   and the change is tried again on top of it.
3. A watch tells of others' changes within a fraction of a second; without it the object is read again every few
   seconds.

The object is bounded: what has expired goes first, then locks, then a subject's sessions become all of its sessions
(wider, never narrower). When it is full even so, a revocation can't be stored, and the caller is told.
"""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from rayfence.access.revocation import Revocation
from rayfence.errors import StateError
from rayfence.gateway.identity.lockout import Lock, Lockout
from rayfence.gateway.pod.api import ApiFailure, ApiServer, Json
from rayfence.gateway.sessions.revocation import Revocations
from rayfence.model.gateway_pod import PodSettings

LOGGER = logging.getLogger(__name__)

#: Key of the ConfigMap's data.
KEY: Final = "state.v1.json"
#: Bytes of the text; an object may have 1 MiB, and Envoy reads a policy for each revocation.
LIMIT: Final = 512 * 1024
LOCK_LIMIT: Final = 1000
_ATTEMPTS: Final = 8
#: A server ends a watch after some minutes by itself; a silent one may have lost its connection.
_WATCH_SECONDS: Final = 240
_RETRY_SECONDS: Final = 2.0
_AGAIN_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class Common:
    """What the object says."""

    revoked: tuple[Revocation, ...] = ()
    locks: tuple[Lock, ...] = ()

    def text(self) -> str:
        """The form in the object; stable."""
        rows = [[one.subject, one.session, one.issued_before] for one in self.revoked]
        return json.dumps({"revoked": rows, "locks": [list(lock) for lock in self.locks]}, separators=(",", ":"))


def read_common(text: str) -> Common:
    """The object's text; empty: nothing yet. Raises StateError: starting without it would let revoked tokens in."""
    if not text:
        return Common()
    try:
        value = json.loads(text)
        revoked = tuple(
            Revocation(str(subject), int(second), str(session)) for subject, session, second in value["revoked"]
        )
        locks = tuple(
            Lock(str(name), str(network), int(failures), float(until))
            for name, network, failures, until in value["locks"]
        )
    except (ValueError, KeyError, TypeError) as error:
        raise StateError(
            "what the gateway's replicas share is damaged: the list of revoked tokens can't be read"
        ) from error
    return Common(tuple(sorted(revoked)), locks)


def bounded(common: Common, oldest: int, now: float) -> Common:
    """Without what has expired, and within the bound. Raises OSError where even that is too much."""
    locks = sorted((lock for lock in common.locks if lock.until > now), key=lambda lock: -lock.until)[:LOCK_LIMIT]
    newest: dict[tuple[str, str], int] = {}
    for one in common.revoked:
        if one.issued_before >= oldest:
            key = (one.subject, one.session)
            newest[key] = max(one.issued_before, newest.get(key, 0))
    whole = Common(_sorted(newest), tuple(locks))
    for attempt in (whole, Common(whole.revoked), Common(_sorted(_widened(newest)))):
        if len(attempt.text().encode()) <= LIMIT:
            return attempt
    raise OSError("the object that the gateway's replicas share is full")


def _sorted(newest: Mapping[tuple[str, str], int]) -> tuple[Revocation, ...]:
    return tuple(sorted(Revocation(subject, second, session) for (subject, session), second in newest.items()))


def _widened(newest: Mapping[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    """A subject with several sessions is logged out everywhere."""
    subjects: dict[str, list[tuple[str, int]]] = {}
    for (subject, session), second in newest.items():
        subjects.setdefault(subject, []).append((session, second))
    found: dict[tuple[str, str], int] = {}
    for subject, entries in subjects.items():
        if len(entries) == 1:
            found[subject, entries[0][0]] = entries[0][1]
        else:
            found[subject, ""] = max(second for _, second in entries)
    return found


class Shared:
    """The common object of one replica. `load` first, `run` as a task."""

    def __init__(
        self,
        api: ApiServer,
        settings: PodSettings,
        revocations: Revocations,
        lockout: Lockout,
        *,
        longest: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`longest`: seconds that a token lives at most."""
        self._api = api
        self._collection = f"/api/v1/namespaces/{settings.namespace}/configmaps"
        self._name = settings.state
        self._revocations = revocations
        self._lockout = lockout
        self._longest = longest
        self._clock = clock
        self._turn = asyncio.Lock()
        self._object: Json = {}
        self._seen = 0.0  # monotonic
        self._tasks: set[asyncio.Task[None]] = set()
        lockout.on_lock = self._tell

    @property
    def stale_seconds(self) -> float:
        """How long ago the object was last seen."""
        return time.monotonic() - self._seen

    async def load(self) -> None:
        """Step 1. Raises ApiFailure, StateError, OSError."""
        self._take(await self._api.get(f"{self._collection}/{self._name}"))

    async def revoke(self, subject: str, session: str) -> int:
        """As `Revocations.revoke`, for every replica; durable before it returns. Raises OSError."""
        second = 0

        def add(common: Common) -> Common:
            nonlocal second
            second = self._revocations.next_second(subject, session)
            return Common((*common.revoked, Revocation(subject, second, session)), common.locks)

        try:
            await self._change(add)
        except (ApiFailure, StateError) as error:
            raise OSError(str(error)) from error
        return second

    async def lock(self, locks: Iterable[Lock]) -> None:
        """Tell other replicas of locks. Raises ApiFailure, StateError, OSError."""
        added = tuple(locks)

        def add(common: Common) -> Common:
            pairs = {(lock.name, lock.network) for lock in added}
            kept = (lock for lock in common.locks if (lock.name, lock.network) not in pairs)
            return Common(common.revoked, (*kept, *added))

        await self._change(add)

    async def run(self) -> None:
        """Step 3, until cancelled."""
        while True:
            try:
                await self._follow()
            except (ApiFailure, StateError, OSError) as error:
                LOGGER.warning("what replicas share can't be followed: %s", error)
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                await asyncio.sleep(_AGAIN_SECONDS)  # a server that ends every watch at once is not asked in a circle

    async def _follow(self) -> None:
        await self.load()
        version = _version(self._object)
        params = {
            "watch": "true",
            "fieldSelector": f"metadata.name={self._name}",
            "resourceVersion": version,
            "timeoutSeconds": str(_WATCH_SECONDS),
            "allowWatchBookmarks": "true",
        }
        async with self._api.watch(self._collection, params, _WATCH_SECONDS + 10) as events:
            async for event in events:
                value = event.get("object")
                if event.get("type") == "ERROR" or not isinstance(value, dict):
                    return  # too old a version, mostly: read anew
                if event.get("type") == "DELETED":
                    raise ApiFailure("the object that replicas share was deleted")
                if event.get("type") != "BOOKMARK":
                    self._take(value)
                self._seen = time.monotonic()

    async def _change(self, change: Callable[[Common], Common]) -> None:
        """Step 2, one change of this replica at a time."""
        path = f"{self._collection}/{self._name}"
        async with self._turn:
            for attempt in range(_ATTEMPTS):
                if attempt or not self._object:
                    self._take(await self._api.get(path))
                now = self._clock()
                wanted = bounded(change(read_common(_text(self._object))), int(now) - self._longest, now)
                data = {KEY: wanted.text()}
                try:
                    self._take(await self._api.put(path, {**self._object, "data": data}))
                except ApiFailure as failure:
                    if failure.status != 409:
                        raise
                    await asyncio.sleep(0.02 * attempt)
                else:
                    return
        raise ApiFailure("what replicas share changes faster than it can be written", 409)

    def _take(self, value: Json) -> None:
        """Add what the object says. Nothing known is forgotten, in whatever order its versions arrive."""
        common = read_common(_text(value))
        self._object = value
        self._revocations.take(common.revoked)
        self._lockout.take(common.locks)
        self._seen = time.monotonic()

    def _tell(self, lock: Lock) -> None:
        task = asyncio.get_running_loop().create_task(self._told(lock))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _told(self, lock: Lock) -> None:
        try:
            await self.lock((lock,))
        except (ApiFailure, StateError, OSError) as error:
            LOGGER.warning("a lock-out holds at this replica only: %s", error)


def _text(value: Json) -> str:
    data = value.get("data")
    found = data.get(KEY, "") if isinstance(data, dict) else ""
    return found if isinstance(found, str) else ""


def _version(value: Json) -> str:
    metadata = value.get("metadata")
    return str(metadata.get("resourceVersion", "")) if isinstance(metadata, dict) else ""
