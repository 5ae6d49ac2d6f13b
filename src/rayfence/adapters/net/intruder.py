"""What job code tries against the gateway: a program of its own, standard library only, run inside a real job.

Its source is sent as the job's entrypoint; it prints one line with JSON, which the runner reads in the job's log. It
changes nothing that is not its own: an attempt that succeeds is reported and undone. Leaves out the judging
(`verify.attacks.jobcode`) and attacks on Ray itself, which job code may use as it likes.
"""

import base64
import ctypes
import json
import os
import socket
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

_SEIZE, _DETACH = 0x4206, 17  # ptrace(2)

Row = list[object]


def main(argument: str) -> None:
    """`argument`: base64 of JSON with `mark`, `files`, `folders`, `sockets`, `writes`, `processes` (pid, word)."""
    wish = json.loads(base64.b64decode(argument))
    sys.stdout.write(f"{wish['mark']}{json.dumps(report(wish))}\n")
    sys.stdout.flush()


def report(wish: dict[str, Any]) -> dict[str, object]:
    """Every attempt: name, whether it succeeded, and in a few words what happened."""
    attempts: list[Row] = []

    def attempt(name: str, action: Callable[..., str], *values: object) -> None:
        attempts.append(tried(name, lambda: action(*values)))

    for path in wish["files"]:
        attempt(f"read {path}", read_file, path)
    for path in wish["folders"]:
        attempt(f"list {path}", list_folder, path)
    for path in wish["sockets"]:
        attempt(f"connect {path}", connect, path)
    for path in wish["writes"]:
        attempt(f"write {path}", write_into, path)
    for name, pid, word in wish["processes"]:
        attempt(f"signal {name}", signalled, pid, word)
        attempt(f"attach {name}", attached, pid, word)
        for file in ("mem", "environ", "maps"):
            attempt(f"{file} of {name}", lambda pid, word, file: opened(find(pid, word), file), pid, word, file)
        attempt(f"root of {name}", through_root, pid, word, wish["folders"][0])
    for name, escalation in ESCALATIONS:
        attempt(name, escalation)
    controls = [
        tried("a file in an own folder", own_file),
        tried("a signal to itself", lambda: signalled(os.getpid(), "")),
        tried("its own memory map", lambda: opened(os.getpid(), "maps")),
    ]
    return {"secret": wish["secret"], "attempts": attempts, "controls": controls}


def tried(name: str, action: Callable[[], str]) -> Row:
    """Run one attempt; `[name, succeeded, words]`."""
    try:
        return [name, True, action()[:200]]
    except Exception as problem:  # noqa: BLE001 - whatever stops an attempt is its result
        return [name, False, f"{type(problem).__name__}: {problem}"[:200]]


def read_file(path: str) -> str:
    """Read a file; of a folder, one of its files."""
    place = Path(path)
    if place.is_dir():
        place = next(one for one in place.iterdir() if one.is_file())
    with place.open("rb") as file:
        return f"{len(file.read(100))} bytes read"


def list_folder(path: str) -> str:
    """List a folder. An empty one is what hides the real one, and shows nothing."""
    names = list(Path(path).iterdir())
    if not names:
        raise FileNotFoundError("only an empty folder is there")
    return f"{len(names)} entries"


def connect(path: str) -> str:
    """Open a unix socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(3)
        client.connect(path)
        return "connected"


def write_into(folder: str) -> str:
    """Leave a file in a folder, and take it away again."""
    path = Path(folder, f".rayfence-verify-{os.getpid()}")
    path.write_text("x", encoding="ascii")
    path.unlink()
    return "written"


def find(pid: int, word: str) -> int:
    """The process as seen from here: by its number outside, or by its command line. Raises ProcessLookupError."""
    numbers = [str(pid), *(entry.name for entry in Path("/proc").iterdir() if entry.name.isdigit())]
    for number in numbers:
        try:
            command = Path("/proc", number, "cmdline").read_bytes()
        except OSError:
            continue
        if word.encode() in command:
            return int(number)
    raise ProcessLookupError("not visible from here")


def signalled(pid: int, word: str) -> str:
    """Signal 0: allowed or not, without effect."""
    os.kill(find(pid, word), 0)
    return "would be delivered"


def attached(pid: int, word: str) -> str:
    """Attach as a debugger does, and detach at once."""
    found = find(pid, word)
    library = ctypes.CDLL(None, use_errno=True)
    if library.ptrace(_SEIZE, found, None, None) != 0:
        raise PermissionError(os.strerror(ctypes.get_errno()))
    library.ptrace(_DETACH, found, None, None)
    return "attached"


def opened(pid: int, name: str) -> str:
    """Open one of a process's own files."""
    with Path("/proc", str(pid), name).open("rb"):
        return "opened"


def through_root(pid: int, word: str, folder: str) -> str:
    """A hidden folder through another process's root."""
    return list_folder(f"/proc/{find(pid, word)}/root{folder}")


def own_file() -> str:
    """What must work: a file of one's own."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"x")
        return "written"


def capabilities() -> str:
    """Capabilities this process holds or could raise."""
    fields = _status()
    if int(fields["CapEff"], 16) == 0 and int(fields["CapPrm"], 16) == 0:
        raise PermissionError("none held")
    return fields["CapEff"]


def privileges() -> str:
    """Whether a set-uid program would work."""
    if _status()["NoNewPrivs"] == "1":
        raise PermissionError("no new privileges")
    return "set-uid programs would work"


def become_root() -> str:
    """Change to uid 0."""
    if os.getuid() != 0:
        os.setuid(0)
    return "uid 0"


def mount() -> str:
    """Mount over an own folder, in the name of nobody."""
    library = ctypes.CDLL(None, use_errno=True)
    with tempfile.TemporaryDirectory() as folder:
        if library.mount(b"none", folder.encode(), b"tmpfs", 0, None) != 0:
            raise PermissionError(os.strerror(ctypes.get_errno()))
        library.umount2(folder.encode(), 2)
    return "mounted"


def first_process() -> str:
    """Look at the machine through process 1, unless it stands behind the same walls as we."""
    if Path("/proc/1/ns/mnt").readlink() == Path("/proc/self/ns/mnt").readlink():
        raise PermissionError("process 1 stands behind the same walls")
    return list_folder("/proc/1/root/")


def raw_memory() -> str:
    """Read physical memory."""
    with Path("/dev/mem").open("rb"):
        return "opened"


def _status() -> dict[str, str]:
    lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


ESCALATIONS: list[tuple[str, Callable[[], str]]] = [
    ("hold capabilities", capabilities),
    ("gain privileges", privileges),
    ("become root", become_root),
    ("mount", mount),
    ("look through process 1", first_process),
    ("read raw memory", raw_memory),
]

if __name__ == "__main__":
    main(sys.argv[1])
