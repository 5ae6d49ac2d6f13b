"""Runs one command again and again, with a pause between: `python -I -m rayfence.adapters.processes.timer SECONDS
COMMAND…`.

A small resident program (standard library only) for work that must be done in time although nobody is at the keyboard,
such as renewing a certificate. What the command prints goes to this program's own log. A failure is tried again sooner.
"""

import os
import signal
import sys
import time
from collections.abc import Sequence
from typing import Final

#: After a failure: soon enough for a certificate that ends today, rare enough not to fill a log.
_RETRY_SECONDS: Final = 600.0
_FIRST_SECONDS: Final = 60.0


def main(arguments: Sequence[str]) -> None:
    """Arguments: seconds between two runs, the command. Never returns; ends by a signal."""
    seconds, command = float(arguments[0]), list(arguments[1:])
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    time.sleep(min(_FIRST_SECONDS, seconds))
    while True:
        status = run(command)
        if status != 0:
            sys.stderr.write(f"{' '.join(command)} ended with {status}; it is tried again\n")
        time.sleep(seconds if status == 0 else min(seconds, _RETRY_SECONDS))


def run(command: Sequence[str]) -> int:
    """Exit status of one run; 128 + signal when one ended it, 127 when it could not be started."""
    try:
        pid = os.posix_spawn(command[0], list(command), dict(os.environ))
    except OSError:
        return 127
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    main(sys.argv[1:])
