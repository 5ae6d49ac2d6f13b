"""The small watcher: one end is the node's end, a stop is orderly, strangers are only collected."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rayfence.adapters.processes.process_table import ident_of
from rayfence.adapters.ray import watch

# The watcher watches its own children: they are started by the process that becomes it, as the launcher does.
BECOMES = """
import os, subprocess, sys
children = [subprocess.Popen([sys.executable, "-c", text]) for text in {texts!r}]
pids = [f"part{{number}}={{child.pid}}" for number, child in enumerate(children) if number < {watched}]
print(*(child.pid for child in children), flush=True)
os.execv(sys.executable, [sys.executable, "-I", "-S", "-E", {file!r}, *pids])
"""
SLEEPS = "import time; time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('x'); time.sleep(60)"


def become(texts: list[str], watched: int) -> tuple[subprocess.Popen[str], list[int]]:
    """A running watcher and the pids of its children."""
    script = BECOMES.format(texts=texts, watched=watched, file=watch.__file__)
    argv = [sys.executable, "-c", script]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    pids = [int(word) for word in process.stdout.readline().split()]
    command, deadline = Path(f"/proc/{process.pid}/cmdline"), time.monotonic() + 10
    while not (b"watch.py" in command.read_bytes() and listens(process.pid)) and time.monotonic() < deadline:
        time.sleep(0.01)
    return process, pids


def listens(pid: int) -> bool:
    """Whether it has its own answer to SIGTERM by now."""
    caught = re.search(r"^SigCgt:\s*([0-9a-f]+)$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return caught is not None and bool(int(caught[1], 16) >> (signal.SIGTERM - 1) & 1)


def gone(pids: list[int]) -> bool:
    deadline = time.monotonic() + 10
    while any(ident_of(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not any(ident_of(pid) for pid in pids)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_end_of_one_is_the_end_of_all_and_is_named(number: int) -> None:
    process, pids = become([SLEEPS, SLEEPS], 2)
    os.kill(pids[1], number)
    _out, said = process.communicate(timeout=20)
    assert process.returncode == watch.NODE_ENDED
    assert "ended: part1" in said
    assert gone(pids)


def test_a_stop_ends_them_all() -> None:
    process, pids = become([SLEEPS, SLEEPS], 2)
    process.terminate()
    assert process.wait(20) == 0
    assert gone(pids)
    process.communicate()


def test_another_child_is_collected_and_changes_nothing() -> None:
    process, pids = become([SLEEPS, SLEEPS], 1)
    os.kill(pids[1], signal.SIGKILL)
    time.sleep(0.5)
    assert process.poll() is None
    process.terminate()
    assert process.wait(20) == 0
    process.communicate()


def test_nothing_to_watch_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing to watch"):
        watch.main([])


def test_what_does_not_listen_is_killed() -> None:
    child = subprocess.Popen([sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    watch.end({child.pid: "part"}, 0.3)
    assert child.wait(10) == -signal.SIGKILL
    child.stdout.close()
