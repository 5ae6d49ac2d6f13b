"""A launcher that runs one command inside walls: `python -I -S -E sandbox.py FLAGS -- COMMAND`.

Covers: mount, pid and ipc namespaces, folders hidden or shown, another uid, no capabilities, an init that reaps. Leaves
out: limits on memory and CPU, system call filters, and the network, which Ray shares with the gateway: what listens
there is checked from the kernel's table (`adapters/net/listeners.py`).

Three processes come of it: the *outer* one, which the keeper sees and waits for; its child, *init* (pid 1 inside), and
the command. When init ends the kernel kills everything inside, so no orphan can stay; when the outer one ends, init is
killed. Only the standard library is used and nothing of rayfence is imported: two of these stay resident per Ray node.

Exit status: the command's, 128 + signal when a signal ended it, 125 when the walls could not be built (the command has
not run then: walls are never left out silently).
"""

import contextlib
import ctypes
import errno
import os
import signal
import stat
import sys
from typing import Final, NoReturn

WALLS_FAILED: Final = 125

_CLONE_NEWNS: Final = 0x00020000
_CLONE_NEWIPC: Final = 0x08000000
_CLONE_NEWUSER: Final = 0x10000000
_CLONE_NEWPID: Final = 0x20000000
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC = 1, 2, 4, 8
_MS_REMOUNT, _MS_BIND, _MS_REC, _MS_PRIVATE = 32, 4096, 16384, 1 << 18
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT = 1, 4, 24, 38, 47
_PR_CAP_AMBIENT_CLEAR_ALL: Final = 4
_LAST_CAPABILITY: Final = 63
_CAPABILITY_VERSION_3: Final = 0x20080522
_SYS_MOUNT_SETATTR: Final = 442  # the same number on every architecture
_SYS_KEYCTL: Final = {"x86_64": 250, "aarch64": 219}  # the machines Ray is built for
_KEYCTL_JOIN_SESSION_KEYRING: Final = 1
_AT_FDCWD, _AT_EMPTY_PATH, _AT_RECURSIVE = -100, 0x1000, 0x8000
_MOUNT_ATTR_RDONLY: Final = 1
_FORWARDED: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)

_libc = ctypes.CDLL(None, use_errno=True)


class Flags:
    """The launcher's own command line, strictly read."""

    def __init__(self, arguments: list[str]) -> None:
        """Raises ValueError for anything unknown: a mistyped wall must not be a missing wall."""
        self.uid: int | None = None
        self.hide: list[str] = []
        self.expose: list[str] = []
        self.writable: list[str] = []
        self.own_tmp = ""
        self.namespaces = True
        self.folder = "/"
        split = arguments.index("--")
        self.command = arguments[split + 1 :]
        if not self.command:
            raise ValueError("no command after --")
        for argument in arguments[:split]:
            name, _, value = argument.partition("=")
            if name == "--uid":
                self.uid = int(value)
            elif name in ("--hide", "--expose", "--writable"):
                getattr(self, name[2:]).append(_absolute(value))
            elif name == "--own-tmp":
                self.own_tmp = _absolute(value)
            elif argument == "--no-namespaces":
                self.namespaces = False
            else:
                raise ValueError(f"unknown flag {argument}")


def main(arguments: list[str]) -> NoReturn:
    """Build the walls, run the command, end with its status.

    1. Leave the caller's session, so that its terminal and process group mean nothing here.
    2. Enter new namespaces, with a user namespace where we are not root.
    3. Fork: the child is pid 1 of the new pid namespace; this process waits for it.
    """
    try:
        flags = Flags(arguments)
        flags.folder = os.getcwd()
        if os.getpid() != os.getsid(0):
            os.setsid()
        if not flags.namespaces:
            _drop(flags)
            _execute(flags)
        _enter_namespaces(flags)
    except (OSError, ValueError) as problem:
        _give_up(problem)
    watch, held = os.pipe()  # init sees the outer one's death here too: before the death signal is armed
    child = os.fork()
    if child == 0:
        os.close(held)
        _become_init(flags, watch)
    os.close(watch)
    for number in _FORWARDED:
        signal.signal(number, lambda number, _frame: _pass_on(child, number))
    _exit_like(_wait_for(child))


def _become_init(flags: Flags, watch: int) -> NoReturn:
    """Pid 1 inside: build what can be built only from inside, drop everything, run the command, reap."""
    try:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        _build_mounts(flags)
        _drop(flags)
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # a change of uid has cleared it
        os.set_blocking(watch, False)
        if _ended(watch):
            os._exit(WALLS_FAILED)  # the outer one died before the signal was armed
        os.close(watch)
        child = os.fork()
    except (OSError, ValueError) as problem:
        _give_up(problem)
    if child == 0:
        try:
            os.setsid()
            _execute(flags)
        except OSError as problem:
            _give_up(problem)
    for number in _FORWARDED:
        signal.signal(number, lambda number, _frame: _pass_on(child, number))
    _exit_like(_wait_for(child))


def _enter_namespaces(flags: Flags) -> None:
    wanted = _CLONE_NEWNS | _CLONE_NEWPID | _CLONE_NEWIPC
    if os.geteuid() == 0:
        _check(_libc.unshare(wanted), "unshare")
        return
    if flags.uid not in (None, os.geteuid()):
        raise PermissionError(f"only root can give Ray another uid ({flags.uid})")
    uid, gid = os.geteuid(), os.getegid()
    _check(_libc.unshare(wanted | _CLONE_NEWUSER), "unshare with a user namespace")
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{uid} {uid} 1")
    _write("/proc/self/gid_map", f"{gid} {gid} 1")


def _build_mounts(flags: Flags) -> None:
    """The view of the file system from inside.

    1. Nothing mounted here may reach the host.
    2. Keep a grip on what will be shown again: it may lie under something that is hidden first.
    3. Make everything read-only: a job of our own uid could otherwise plant code where the operator runs it.
    4. Cover what is hidden, and folders of others that block the way to what must be shown.
    5. Own /tmp: before showing, because what is shown may lie in it.
    6. Show: read-only what is exposed, writable what is Ray's own. A hidden folder inside a shown one is hidden again.
    7. Own /dev/shm and /proc.
    """
    os.umask(0o022)  # the ways made below must be passable for the other uid
    _mount("none", "/", None, _MS_REC | _MS_PRIVATE)  # 1
    shown = [(os.path.realpath(path), True) for path in flags.expose] + [(path, False) for path in flags.writable]
    shown.sort()
    tmp = _grip_own(flags.own_tmp) if flags.own_tmp else -1  # 2
    grips = [(path, readonly, _grip(path) if readonly else _grip_own(path)) for path, readonly in shown]
    hidden = sorted({os.path.realpath(path) for path in flags.hide if os.path.isdir(path)})
    blocked = {block for path, _readonly in shown for block in _blocked(path, flags.uid)}
    covers = _outermost(set(hidden) | blocked)
    if tmp >= 0:
        covers = [path for path in covers if not _inside(path, "/tmp")]  # noqa: S108 - all of it disappears
    shm_size = _tmpfs_size("/dev/shm")  # noqa: S108 - the host's size, ours is a new one
    _read_only("/")  # 3
    for path in covers:  # 4
        _mount("tmpfs", path, "tmpfs", _MS_NOSUID | _MS_NODEV, "size=64k,mode=0755")
    if tmp >= 0:  # 5
        _bind(tmp, "/tmp")  # noqa: S108 - this is what keeps the host's /tmp out of reach
    for path, readonly, grip in grips:  # 6
        _show(path, readonly, grip)
    for path in hidden:
        if path not in covers and any(_inside(path, place) for place, _readonly in shown) and os.path.isdir(path):
            _mount("tmpfs", path, "tmpfs", _MS_NOSUID | _MS_NODEV | _MS_RDONLY, "size=4k,mode=0555")
    for path in covers:
        _mount("none", path, None, _MS_REMOUNT | _MS_BIND | _MS_RDONLY | _MS_NOSUID | _MS_NODEV)
    _mount("tmpfs", "/dev/shm", "tmpfs", _MS_NOSUID | _MS_NODEV, f"size={shm_size},mode=1777")  # noqa: S108  (7)
    _mount("proc", "/proc", "proc", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC)
    for path in ("/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus"):
        if os.path.exists(path):  # uid 0 without capabilities may still write files that belong to uid 0
            _mount(path, path, None, _MS_BIND)
            _mount("none", path, None, _MS_REMOUNT | _MS_BIND | _MS_RDONLY | _MS_NOSUID | _MS_NODEV | _MS_NOEXEC)
    for _path, _readonly, grip in grips:
        os.close(grip)


def _show(path: str, readonly: bool, grip: int) -> None:
    if not os.path.exists(path):  # it lies under a cover: make the way to it
        if stat.S_ISDIR(os.fstat(grip).st_mode):
            os.makedirs(path, 0o755)
        else:
            os.makedirs(os.path.dirname(path), 0o755, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o644))
    _bind(grip, path)
    if readonly:
        _read_only(path)
    else:
        _set_attributes(path, 0, _MOUNT_ATTR_RDONLY, recursive=False)


def _drop(flags: Flags) -> None:
    """Give up every power for good. The order matters: each line needs what a later one gives up."""
    _leave_keyring()
    for capability in range(_LAST_CAPABILITY + 1):
        if _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            break  # beyond the kernel's last one, or we have no power to drop any
    if flags.uid is not None and flags.uid != os.geteuid():
        os.setgroups([])
        os.setresgid(flags.uid, flags.uid, flags.uid)
        os.setresuid(flags.uid, flags.uid, flags.uid)
    _libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    _check(_libc.capset(header, (ctypes.c_uint32 * 6)()), "capset")
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    os.umask(0o077)


def _leave_keyring() -> None:
    """Take an empty session keyring. The operator's would be inherited, and who has it may read what is in it (tickets,
    keys of disks), whatever the uid. Source: session-keyring(7).
    """
    if _libc.syscall(_SYS_KEYCTL[os.uname().machine], _KEYCTL_JOIN_SESSION_KEYRING, None) < 0:
        number = ctypes.get_errno()
        if number not in (errno.ENOSYS, errno.EPERM):  # no keyrings here, or a filter that job code inherits
            raise OSError(number, f"a keyring of one's own: {os.strerror(number)}")


def _execute(flags: Flags) -> NoReturn:
    try:
        os.chdir(flags.folder)  # anew: the old grip on it leads past the walls
    except OSError:
        os.chdir("/")
    for number in _FORWARDED:
        signal.signal(number, signal.SIG_DFL)
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)  # Python ignores them, and an ignored signal is inherited
    os.execvpe(flags.command[0], flags.command, os.environ)  # noqa: S606 - a list, no shell


def _wait_for(child: int) -> int:
    """Reap everything (orphans inside come to pid 1) until `child` ends; return its wait status."""
    while True:
        try:
            pid, status = os.waitpid(-1, 0)
        except InterruptedError:
            continue
        except ChildProcessError:
            return WALLS_FAILED << 8
        if pid == child:
            return status


def _exit_like(status: int) -> NoReturn:
    os._exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))


def _pass_on(child: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, number)


def _give_up(problem: Exception) -> NoReturn:
    sys.stderr.write(f"rayfence sandbox: {problem}\n")
    sys.stderr.flush()
    os._exit(WALLS_FAILED)


def _blocked(path: str, uid: int | None) -> list[str]:
    """The outermost ancestor that keeps `uid` from reaching `path`; empty when the way is free."""
    if uid is None or uid == os.geteuid():
        return []
    place = ""
    for part in path.split("/")[1:-1]:
        place += "/" + part
        facts = os.stat(place)
        if not facts.st_mode & (stat.S_IXUSR if facts.st_uid == uid else stat.S_IXOTH):
            return [place]
    return []


def _outermost(paths: set[str]) -> list[str]:
    return [path for path in sorted(paths) if not any(_inside(path, other) for other in paths if other != path)]


def _inside(path: str, folder: str) -> bool:
    return path.startswith(folder.rstrip("/") + "/")


def _absolute(path: str) -> str:
    if not path.startswith("/") or path == "/":
        raise ValueError(f"not a usable absolute path: {path!r}")
    return path


def _grip(path: str) -> int:
    return os.open(path, os.O_PATH | os.O_CLOEXEC)


def _grip_own(path: str) -> int:
    """A folder that jobs may replace by a link: following it would show them, from inside, what it points to."""
    return os.open(path, os.O_PATH | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_DIRECTORY)


def _ended(pipe: int) -> bool:
    try:
        return os.read(pipe, 1) == b""
    except BlockingIOError:
        return False


def _tmpfs_size(path: str) -> int:
    facts = os.statvfs(path)
    return facts.f_blocks * facts.f_frsize


def _bind(grip: int, target: str) -> None:
    _mount(f"/proc/self/fd/{grip}", target, None, _MS_BIND | _MS_REC)
    _set_attributes(target, 0, _MOUNT_ATTR_RDONLY, recursive=False)


def _read_only(path: str) -> None:
    _set_attributes(path, _MOUNT_ATTR_RDONLY, 0, recursive=True)


def _set_attributes(path: str, add: int, remove: int, *, recursive: bool) -> None:
    attributes = (ctypes.c_uint64 * 4)(add, remove, 0, 0)
    flags = _AT_RECURSIVE if recursive else 0
    size = ctypes.c_size_t(ctypes.sizeof(attributes))
    result = _libc.syscall(_SYS_MOUNT_SETATTR, _AT_FDCWD, os.fsencode(path), flags, attributes, size)
    _check(result, f"mount_setattr {path}")


def _mount(source: str, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    kind_bytes = kind.encode() if kind else None
    data_bytes = data.encode() if data else None
    result = _libc.mount(os.fsencode(source), os.fsencode(target), kind_bytes, ctypes.c_ulong(flags), data_bytes)
    _check(result, f"mount {target}")


def _prctl(option: int, value: int) -> None:
    _check(_libc.prctl(option, value, 0, 0, 0), f"prctl {option}")


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def _write(path: str, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(handle, text.encode())
    finally:
        os.close(handle)


if __name__ == "__main__":
    main(sys.argv[1:])
