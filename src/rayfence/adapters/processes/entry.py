"""Starts one of the small resident programs without site-packages: `python -I -S -E entry.py PROGRAM ARGUMENTS`.

They are supervised and supervising, so they load the standard library and a few modules of rayfence, nothing else. The
prober lives in another adapter; it is a program of its own, which the keeper runs and does not import.
"""

import importlib
import os
import sys
from typing import Final

PROGRAMS: Final = {
    "keeper": "rayfence.adapters.processes.keeper",
    "warden": "rayfence.adapters.processes.warden",
    "prober": "rayfence.adapters.net.prober",
}

if __name__ == "__main__":
    if sys.argv[2:3] == ["--detach"]:
        del sys.argv[2]
        os.closerange(3, 65_536)  # handles of the starter's shell: nothing resident may keep or pass on
        if os.fork():
            os._exit(0)  # the starter waits for this one only
        os.chdir("/")
    sys.path.insert(0, __file__.rsplit("/", 4)[0])
    importlib.import_module(PROGRAMS[sys.argv[1]]).main(sys.argv[2:])
