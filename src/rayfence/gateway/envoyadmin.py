"""The two things the trail asks Envoy's admin socket: its counters, and to open its log anew."""

import time
from datetime import datetime
from typing import Final, Protocol

import httpx2

from rayfence.gateway.accessline import FRONT, RAY_CLIENT
from rayfence.gateway.loss import Sample

#: `downstream_rq_completed` counts responses that have *begun*, hours before the line of a log tail. What was begun and
#: is no longer under way has ended, with or without a response, and has its line.
_COUNTERS: Final = rf"^http\.({FRONT}|{RAY_CLIENT})\.downstream_rq_(total|active)$"


class EnvoyPort(Protocol):
    """What the ingest needs of Envoy."""

    async def sample(self) -> Sample | None:
        """Counters now; None while Envoy does not answer."""

    async def reopen_logs(self) -> bool:
        """Ask for a new log file; False when Envoy did not answer."""

    async def close(self) -> None:
        """Nothing is asked any more."""


class EnvoyAdmin:
    """`EnvoyPort` over the admin's unix socket."""

    def __init__(self, socket: str, *, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        """`transport` replaces the socket in tests."""
        transport = transport or httpx2.AsyncHTTPTransport(uds=socket)
        self._client = httpx2.AsyncClient(transport=transport, base_url="http://envoy", timeout=2.0)

    async def sample(self) -> Sample | None:
        """See `EnvoyPort`.

        The start of this Envoy is the time at which it read its bootstrap file, to the millisecond.
        """
        try:
            epoch = await self._started()
            answer = await self._client.get("/stats", params={"filter": _COUNTERS, "format": "json"})
            taken = time.time()
            finished = _finished(answer.json())
            # Restarted between the two questions: the counters belong to nobody.
            return Sample(taken, epoch, finished) if finished and await self._started() == epoch else None
        except (httpx2.HTTPError, ValueError, KeyError, TypeError, IndexError, AttributeError):
            return None

    async def _started(self) -> float:
        # The mask leaves nothing of the configuration in the answer but times.
        answer = await self._client.get("/config_dump", params={"mask": "last_updated"})
        return datetime.fromisoformat(answer.json()["configs"][0]["last_updated"]).timestamp()

    async def reopen_logs(self) -> bool:
        """See `EnvoyPort`."""
        try:
            return (await self._client.post("/reopen_logs")).status_code == 200
        except httpx2.HTTPError:
            return False

    async def close(self) -> None:
        """Close the connection."""
        await self._client.aclose()


def _finished(value: dict[str, list[dict[str, object]]]) -> dict[str, int]:
    """Requests that have ended, by stat prefix."""
    finished: dict[str, int] = {}
    for item in value["stats"]:
        name, count = item.get("name"), item.get("value")
        if not isinstance(name, str) or not isinstance(count, int):
            continue
        prefix, last = name.split(".")[1], name.rpartition("_")[2]
        finished[prefix] = finished.get(prefix, 0) + (count if last == "total" else -count)
    return finished
