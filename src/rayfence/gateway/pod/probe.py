"""`python -m rayfence.gateway.pod.probe SOCKET`: whether the service answers, for the kubelet. Exit status 0: it does.

It asks as Envoy would, on the service's socket, which no probe of the kubelet's own reaches.
"""

import asyncio
import sys
from typing import Final

from rayfence.gateway.pod.ask import ask

_HEADERS: Final = {"host": "service", "x-rayfence-route": "api.health", "x-rayfence-surface": "login"}
_SECONDS: Final = 4.0


async def answers(socket: str) -> bool:
    """Whether the service on this socket says that it is well."""
    try:
        status, _ = await ask(socket, "GET", "/v1/health", _HEADERS, _SECONDS)
    except OSError:
        return False
    return status == 200


def main(arguments: list[str]) -> int:
    """0: it answers; 1: it does not; 2: called wrongly."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m rayfence.gateway.pod.probe SOCKET\n")
        return 2
    return 0 if asyncio.run(answers(arguments[0])) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
