"""Starting one supervised process: arguments of the launcher, log file, and a start that can't get lost.

The child waits at a gate until its pid is on record. If the keeper dies before that, the gate closes and the child ends
without having run anything: a process is either recorded, and will be adopted, or does not exist.
"""

import os
import signal
import sys
from collections.abc import Callable, Mapping
from typing import Final, NoReturn

from rayfence.adapters.processes.process_table import Ident, ident_of
from rayfence.model.desired import ProcessSpec, Sandbox

_HERE: Final = os.path.dirname(os.path.abspath(__file__))
_NOT_EXECUTED: Final = 126
#: Beyond any handle a shell or a keeper has open.
_HANDLES: Final = 65_536


def small_python() -> tuple[str, ...]:
    """The interpreter for resident programs: no site-packages, no environment, not the virtual environment's link."""
    return (os.path.realpath(sys.executable), "-I", "-S", "-E")


def program_argv(program: str, *arguments: str) -> tuple[str, ...]:
    """Command line of one of the programs of `entry.py`."""
    return (*small_python(), f"{_HERE}/entry.py", program, *arguments)


def launcher_argv(sandbox: Sandbox | None, argv: tuple[str, ...]) -> tuple[str, ...]:
    """`argv` itself, or wrapped in the sandbox's launcher."""
    if sandbox is None:
        return argv
    flags = [f"--uid={sandbox.uid}"] if sandbox.uid is not None else []
    flags += [f"--hide={path}" for path in sandbox.hide]
    flags += [f"--expose={path}" for path in sandbox.expose]
    flags += [f"--writable={path}" for path in sandbox.writable]
    if sandbox.own_tmp:
        flags.append(f"--own-tmp={sandbox.own_tmp}")
    if not sandbox.namespaces:
        flags.append("--no-namespaces")
    return (*small_python(), f"{_HERE}/sandbox.py", *flags, "--", *argv)


def launch(
    spec: ProcessSpec, run: str, record: Callable[[Ident], None], leaders: Mapping[str, str] | None = None
) -> Ident:
    """Start `spec` in a session of its own; `record` is called with its name before anything of it runs.

    It finds its own run in RAYFENCE_RUN and the runs of `leaders`, for whom it has to wait, in RAYFENCE_LEADERS.
    Raises OSError when the log can't be opened, the fork fails or `record` fails.
    """
    log = os.open(spec.log, os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    waiting, gate = os.pipe()
    try:
        pid = os.fork()
        if pid == 0:
            os.close(gate)
            environment = {**dict(spec.env), "RAYFENCE_RUN": run}
            if leaders:
                environment["RAYFENCE_LEADERS"] = ",".join(f"{name}={its}" for name, its in leaders.items())
            _become(launcher_argv(spec.sandbox, spec.argv), environment, spec.cwd, log, waiting)
        ident = ident_of(pid)
        if ident is None:
            raise ProcessLookupError(f"{spec.name} ended before it began")
        record(ident)
        os.write(gate, b"go")
        return ident
    finally:
        os.close(log)
        os.close(waiting)
        os.close(gate)


def _become(argv: tuple[str, ...], environment: Mapping[str, str], folder: str, log: int, waiting: int) -> NoReturn:
    try:
        os.setsid()
        if os.read(waiting, 2) != b"go":
            os._exit(_NOT_EXECUTED)
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        nothing = os.open("/dev/null", os.O_RDONLY)
        os.dup2(nothing, 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        # A shell may have left handles open that do not close on exec: a job must not inherit the operator's files.
        os.closerange(3, _HANDLES)
        os.chdir(folder)
        os.umask(0o077)
        os.execvpe(argv[0], argv, environment)  # noqa: S606 - a list, no shell
    except OSError as problem:
        os.write(2, f"rayfence: {argv[0]} can't be started: {problem}\n".encode())
    os._exit(_NOT_EXECUTED)


def start_detached(program: str, runtime: str, *arguments: str) -> None:
    """Start a resident program that outlives its starter and is no child of it (`entry.py` forks once more).

    It says nothing, unless it fails: then `<runtime>/<program>.log` tells why. Raises OSError.
    """
    argv = (*program_argv(program, "--detach"), runtime, *arguments)
    flags = os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW
    actions = [(os.POSIX_SPAWN_OPEN, handle, "/dev/null", os.O_RDWR, 0) for handle in (0, 1)]
    actions.append((os.POSIX_SPAWN_OPEN, 2, f"{runtime}/{program}.log", flags, 0o600))
    environment = {"LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"}
    child = os.posix_spawn(argv[0], argv, environment, file_actions=actions, setsid=True)
    os.waitpid(child, 0)
