"""Confinement as the kernel tells it."""

import os
import subprocess
import sys
from pathlib import Path

from rayfence.adapters.processes import sandbox
from rayfence.adapters.processes.confinement import confinements


def test_an_ordinary_process_has_no_walls() -> None:
    (seen,) = (one for one in confinements([os.getpid()]) if one.pid == os.getpid())
    assert seen.uid == os.geteuid()
    assert not seen.own_mounts
    assert not seen.own_pids


def test_behind_the_launcher_only_what_is_inside_counts(tmp_path: Path) -> None:
    inner = [sys.executable, "-I", "-S", "-c", "print('up', flush=True); import time; time.sleep(60)"]
    argv = [sys.executable, "-I", "-S", "-E", str(sandbox.__file__), f"--writable={tmp_path}", "--", *inner]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "up\n"
            seen = confinements([process.pid])
        finally:
            process.kill()
    assert seen
    assert process.pid not in {one.pid for one in seen}
    assert all(one.own_mounts and one.own_pids and one.no_new_privileges and one.capabilities == 0 for one in seen)


def test_a_process_that_is_gone_is_left_out() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert confinements([gone.pid]) == ()
