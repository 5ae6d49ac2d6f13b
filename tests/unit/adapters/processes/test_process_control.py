"""prctl: orphans come to a subreaper."""

import subprocess
import sys

CODE = """
import os, sys, time
sys.path.insert(0, sys.argv[1])
from rayfence.adapters.processes.process_control import become_subreaper
become_subreaper()
top, deadline = os.getpid(), time.monotonic() + 20
if os.fork() == 0:
    if os.fork() == 0:
        while os.getppid() != top and time.monotonic() < deadline:
            time.sleep(0.01)
        os._exit(0 if os.getppid() == top else 1)
    os._exit(0)
print([os.wait()[1], os.wait()[1]])
"""


def test_orphans_come_to_the_subreaper() -> None:
    from rayfence.adapters.processes import process_control  # noqa: PLC0415 - for its place only

    source = process_control.__file__.rsplit("/", 4)[0]
    done = subprocess.run([sys.executable, "-I", "-c", CODE, source], capture_output=True, text=True, check=True)
    assert done.stdout == "[0, 0]\n"
