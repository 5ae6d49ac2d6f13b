"""`python -m rayfence.gateway gateway.json`: the gateway service of one instance; with `--pod` before it, of one pod of
a cluster.
"""

import asyncio
import logging
import sys
from pathlib import Path

from rayfence.errors import RayfenceError
from rayfence.gateway.pod.serve import read_pod_settings, serve_pod
from rayfence.gateway.server import serve
from rayfence.gateway.startup import read_settings


def main(arguments: list[str]) -> int:
    """Serve; 0 after a clean stop, the error's exit status when it can't start."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("httpx2").setLevel(logging.WARNING)  # it logs every request's address
    in_pod = arguments[:1] == ["--pod"]
    paths = arguments[in_pod:]
    if len(paths) != 1 or paths[0].startswith("-"):
        sys.stderr.write("usage: python -m rayfence.gateway [--pod] SETTINGS\n")
        return 2
    path = Path(paths[0])
    try:
        asyncio.run(serve_pod(read_pod_settings(path)) if in_pod else serve(read_settings(path)))
    except RayfenceError as error:
        sys.stderr.write(f"rayfence gateway: error: {error.diagnostics()}\n")
        if error.hint:
            sys.stderr.write(f"rayfence gateway: hint: {error.hint}\n")
        return error.exit_status
    except OSError as error:
        sys.stderr.write(f"rayfence gateway: error: {error}\n")
        return 4
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
