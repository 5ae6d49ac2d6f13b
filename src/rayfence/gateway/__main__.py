"""`python -m rayfence.gateway gateway.json`: the gateway service of one instance."""

import asyncio
import logging
import sys
from pathlib import Path

from rayfence.errors import RayfenceError
from rayfence.gateway.server import serve
from rayfence.gateway.startup import read_settings


def main(arguments: list[str]) -> int:
    """Serve; 0 after a clean stop, the error's exit status when it can't start."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("httpx2").setLevel(logging.WARNING)  # it logs every request's address
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m rayfence.gateway SETTINGS\n")
        return 2
    try:
        asyncio.run(serve(read_settings(Path(arguments[0]))))
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
