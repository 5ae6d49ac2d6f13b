"""`python -m rayfence.gateway.pod.drain ADMIN_SOCKET SECONDS`: before a pod ends, let its connections end.

Envoy itself ends at once when it is told to. Here it is asked to drain first: it goes on taking connections while
Kubernetes takes the pod out of its Services, tells every client to come again elsewhere, and closes its listeners when
its drain time is over. Returns when no connection is left, or after SECONDS: a log tail may be hours long, and its
client asks again at another replica.
"""

import asyncio
import json
import sys
import time
from typing import Final

from rayfence.gateway.pod.ask import ask

_DRAIN: Final = "/drain_listeners?graceful&skip_exit"
_ACTIVE: Final = r"/stats?format=json&filter=^http\.(front|ray_client)\.downstream_cx_active$"
_HEADERS: Final = {"host": "envoy"}
_LOOK_SECONDS: Final = 0.5
#: Kubernetes takes a pod out of its Services within these: an idle gateway must not be gone before.
_LEAST_SECONDS: Final = 5.0


async def drain(admin: str, seconds: float, least: float = _LEAST_SECONDS) -> bool:
    """Whether every connection has ended. Raises OSError where Envoy does not answer: it is gone already."""
    began = time.monotonic()
    await ask(admin, "POST", _DRAIN, _HEADERS, 2.0)
    while time.monotonic() - began < seconds:
        await asyncio.sleep(_LOOK_SECONDS)
        if time.monotonic() - began >= least and not await active(admin):
            return True
    return False


async def active(admin: str) -> int:
    """Open connections of clients. Raises OSError."""
    _, body = await ask(admin, "GET", _ACTIVE, _HEADERS, 2.0)
    try:
        text = body[body.index(b"{") : body.rindex(b"}") + 1]  # whatever the framing
        return sum(int(row["value"]) for row in json.loads(text)["stats"] if "value" in row)
    except (ValueError, KeyError, TypeError) as error:
        raise OSError("Envoy's counters can't be read") from error


def main(arguments: list[str]) -> int:
    """0 in any case but wrong use: a pod that ends is not kept by a failed hook, only logged about."""
    if len(arguments) != 2 or not arguments[1].isdecimal():
        sys.stderr.write("usage: python -m rayfence.gateway.pod.drain ADMIN_SOCKET SECONDS\n")
        return 2
    try:
        asyncio.run(drain(arguments[0], float(arguments[1])))
    except OSError as error:
        sys.stderr.write(f"draining: {error}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
