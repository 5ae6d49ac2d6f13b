"""Twin of rayfence.adapters.processes.attended."""

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from rayfence.adapters.processes.attended import attend


def test_its_status_is_the_commands_own_and_it_sees_the_variables(tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = [sys.executable, "-c", f"import os, sys; open({str(out)!r}, 'w').write(os.environ['A']); sys.exit(7)"]
    assert attend(words, {"A": "b c"}) == 7
    assert out.read_text() == "b c"
    assert attend(["sh", "-c", "kill -KILL $$"], {}) == 137


def test_what_we_are_told_it_is_told(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    program = (
        "import signal, sys, time, pathlib\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(9))\n"
        f"pathlib.Path({str(ready)!r}).touch()\ntime.sleep(60)\n"
    )

    def tell() -> None:
        deadline = time.monotonic() + 30
        while not ready.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)  # the keyboard's: the command has it already, and we go on waiting
        os.kill(os.getpid(), signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)
    threading.Thread(target=tell, daemon=True).start()
    assert attend([sys.executable, "-c", program], {}) == 9
    assert signal.getsignal(signal.SIGTERM) is before
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_there_must_be_such_a_command() -> None:
    with pytest.raises(FileNotFoundError):
        attend(["/no/such/command"], {})
