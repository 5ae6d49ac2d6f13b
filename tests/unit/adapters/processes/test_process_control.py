"""prctl: orphans come to a subreaper."""

import subprocess
import sys

CODE = """
import os, sys, time
sys.path.insert(0, sys.argv[1])
from rayfence.adapters.processes.process_control import become_subreaper
become_subreaper()
reading, writing = os.pipe()
if os.fork() == 0:
    if os.fork() == 0:
        parent = os.getppid()
        while os.getppid() == parent:
            time.sleep(0.01)
        os.write(writing, str(os.getppid()).encode())
        os._exit(0)
    os._exit(0)
os.wait()
print(int(os.read(reading, 20)) == os.getpid())
os.wait()
"""


def test_orphans_come_to_the_subreaper() -> None:
    from rayfence.adapters.processes import process_control  # noqa: PLC0415 - for its place only

    source = process_control.__file__.rsplit("/", 4)[0]
    done = subprocess.run([sys.executable, "-I", "-c", CODE, source], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
