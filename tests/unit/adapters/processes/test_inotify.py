"""What is left of the account's inotify instances. A child uses them up, under a uid that nobody else has if it can."""

import os
import subprocess
import sys
from pathlib import Path

from rayfence.adapters.processes import inotify
from rayfence.adapters.processes.accounts import pick_ray_uid
from rayfence.adapters.processes.inotify import free_instances

#: Takes what there is, gives three back, and says what is then seen.
PROGRAM = """
import ctypes, importlib.util, os, resource, sys
spec = importlib.util.spec_from_file_location("inotify", sys.argv[1])
module = importlib.util.module_from_spec(spec)
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
spec.loader.exec_module(module)
if len(sys.argv) > 2:
    os.setgroups([]); os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[2]))
else:
    open("/proc/sys/user/max_inotify_instances", "w").write("20")  # of this user namespace only
libc = ctypes.CDLL(None)
taken = []
while (handle := libc.inotify_init1(0)) >= 0:
    taken.append(handle)
assert len(taken) >= 3, len(taken)
seen = [module.free_instances(12)]
for handle in taken[:3]:
    os.close(handle)
seen += [module.free_instances(12), module.free_instances(2), module.free_instances(12)]
print(*seen)
"""


def test_what_is_left_is_counted_and_given_back() -> None:
    uid = pick_ray_uid("inotify-test")
    # Without root the child lowers the limit for itself, in a user namespace of its own.
    wrapper = [] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user"]
    command = [*wrapper, os.path.realpath(sys.executable), "-I", "-S", "-c", PROGRAM, inotify.__file__]
    command += [] if uid is None else [str(uid)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["0", "3", "2", "3"]


def handles() -> set[str]:
    """What this process has open; the look itself is one of them."""
    return {path.name for path in Path("/proc/self/fd").iterdir()}


def test_nothing_stays_open() -> None:
    before = handles()
    assert free_instances(4) is not None
    assert handles() == before
    assert free_instances(0) == 0
