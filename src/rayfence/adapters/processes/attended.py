"""Run a command as long as something must be kept open for it, and end as it does.

The command has our terminal, and so gets the keyboard's Ctrl-C itself; what only we are told (SIGTERM, SIGHUP) is
passed on to it. Afterwards signals mean what they meant before.
"""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from types import FrameType
from typing import Final

_PASSED_ON: Final = (signal.SIGTERM, signal.SIGHUP)


def attend(words: Sequence[str], variables: Mapping[str, str]) -> int:
    """Run it with `variables` added to the environment; its exit status, 128 and the signal's number if one ended it.

    Raises FileNotFoundError when there is no such command, PermissionError when it can't be run.
    """
    before = {number: signal.getsignal(number) for number in (*_PASSED_ON, signal.SIGINT)}
    child = subprocess.Popen(list(words), env={**os.environ, **variables})

    def pass_on(number: int, _frame: FrameType | None) -> None:
        child.send_signal(number)

    try:
        for number in _PASSED_ON:
            signal.signal(number, pass_on)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        status = child.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if child.poll() is None:  # we are leaving in the middle: it would be left without its way
            child.terminate()
            child.wait()
    return status if status >= 0 else 128 - status
