"""One Ray node on loopback, in the foreground: `python -I -m rayfence.adapters.ray.node FLAGS -- RAY-START-FLAGS`.

Runs inside the sandbox, with Ray's account. Covers: binding to loopback only, a start that can't hang, a node that ends
as a whole when one of its processes ends, and a marker that tells when the start is complete. Leaves out: whether its
head really sees the node (`adapters/net/prober.py`), and what it really listens on (`adapters/net/listeners.py`).

A worker is started beside its head, because half of its start is loading Ray; it goes on when the head's marker is
there. Ray would have it ask the GCS every two seconds, and give up on a slow machine.

Ray rewrites 127.0.0.1 to the outward address unless `RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER` is 0, and refuses a second node
when it is 0. So the variable is 0 for everything Ray starts, and lifted in this process alone. That uses private names
of Ray: the version is compared first.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Final, NoReturn

from rayfence.adapters.ray import watch

LOOPBACK: Final = "127.0.0.1"
NOT_STARTED: Final = 3  # exit status: the start was refused or took too long
NODE_ENDED: Final = watch.NODE_ENDED  # exit status: one of the node's processes has ended, so the node has
_OWN_FLAGS: Final = ("--head", "--block", "--node-ip-address", "--disable-usage-stats")  # set here, whatever is asked
_FLAGS: Final = ("role", "version", "marker", "leader-marker", "start-timeout")
_PAUSE: Final = 0.05
#: Runs of the leaders for which this node has to wait, as `name=run,…`; set by the keeper.
LEADERS: Final = "RAYFENCE_LEADERS"
SINGLE_MACHINE: Final = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"


@dataclass(frozen=True, slots=True)
class NodeFlags:
    """What this launcher is told; the rest goes to `ray start`."""

    role: str  # "head" or "worker"
    version: str  # the only version whose private names are known to fit
    marker: str  # file written when the start is complete
    leader_marker: str  # the head's marker, which a worker started beside its head waits for; empty for a head
    start_timeout: int  # seconds, of which loading Ray and waiting for the head are no part
    ray: tuple[str, ...]


def parse(arguments: Sequence[str]) -> NodeFlags:
    """Read the launcher's command line strictly. Raises ValueError."""
    if "--" not in arguments:
        raise ValueError("missing --")
    split = list(arguments).index("--")
    values: dict[str, str] = {}
    for argument in arguments[:split]:
        name, equals, value = argument.removeprefix("--").partition("=")
        if not equals or name not in _FLAGS or name in values:
            raise ValueError(f"unusable flag {argument}")
        values[name] = value
    if values.get("role") not in ("head", "worker"):
        raise ValueError("--role is head or worker")
    missing = {"role", "version", "marker"} - set(values)
    if missing:
        raise ValueError(f"missing --{', --'.join(sorted(missing))}")
    ray = arguments[split + 1 :]
    for flag in ray:
        name, _, value = flag.partition("=")
        if name in ("--node-ip-address", "--dashboard-host") and value != LOOPBACK:
            raise ValueError(f"{flag}: a node of this launcher listens on {LOOPBACK} only")
        if name == "--head" and values["role"] != "head":
            raise ValueError("--head contradicts --role=worker")
    timeout = int(values.get("start-timeout", "120"))
    kept = tuple(flag for flag in ray if flag.partition("=")[0] not in _OWN_FLAGS)
    leader_marker = values.get("leader-marker", "")
    return NodeFlags(values["role"], values["version"], values["marker"], leader_marker, timeout, kept)


def start_command(flags: NodeFlags) -> list[str]:
    """Arguments of `ray start`. The address is always loopback: no flag of a spec can widen it."""
    head = ["--head"] if flags.role == "head" else []
    return [*head, "--block", f"--node-ip-address={LOOPBACK}", "--disable-usage-stats", *flags.ray]


def certificate_problem(certificate: bytes, now: datetime) -> str | None:
    """Why a node must not start with this certificate: with an expired one `ray start` hangs instead of failing."""
    from cryptography import x509  # noqa: PLC0415 - parse() and its tests must not need it

    facts = x509.load_pem_x509_certificate(certificate)
    if now >= facts.not_valid_after_utc:
        return f"the node's certificate expired at {facts.not_valid_after_utc:%Y-%m-%d %H:%M} UTC"
    if now < facts.not_valid_before_utc:
        return f"the node's certificate is valid only from {facts.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
    return None


def main(arguments: Sequence[str]) -> NoReturn:
    """Start the node and stay until it ends.

    1. Refuse what would hang or open a port: a dead certificate, missing TLS or token settings.
    2. A new head begins a new session: files of the last one are removed, or restarts would fill the disk.
    3. Import Ray with the single-machine mode on, compare the version, lift the mode here.
    4. A worker waits until its head has started. The keeper ends it when the head does not come.
    5. Arm the deadline.
    6. Hand over to `ray start --block`; when it has started everything, become the small watcher (`watch`).
    """
    try:
        flags = parse(arguments)
        _check_environment()  # 1
    except (ValueError, OSError) as problem:
        _refuse(str(problem))
    Path(flags.marker).unlink(missing_ok=True)
    if flags.role == "head":
        _forget_sessions(flags.ray)  # 2
    _import_ray(flags.version)  # 3
    from ray.scripts import scripts  # noqa: PLC0415

    while not leader_has_started(flags.leader_marker, os.environ):  # 4
        time.sleep(_PAUSE)
    os.environ.pop(LEADERS, None)
    started = threading.Event()
    threading.Thread(target=_deadline, args=(started, flags.start_timeout), daemon=True).start()  # 5
    _watch_node(flags, started)
    # The only pause in `ray start`: a second between the complete start and the first look at what has died.
    scripts.time = SimpleNamespace(sleep=lambda _seconds: None)  # type: ignore[attr-defined, assignment]
    scripts.start.main(start_command(flags), standalone_mode=True)  # 6
    raise SystemExit(NODE_ENDED)


def leader_has_started(marker: str, environment: Mapping[str, str]) -> bool:
    """Whether the run of the head that this worker was started beside has written its marker; True without one.

    The run is compared: a marker of the head's last run may still lie there.
    """
    runs = {pair.partition("=")[2] for pair in environment.get(LEADERS, "").split(",")} - {""}
    if not marker or not runs:
        return True
    try:
        return json.loads(Path(marker).read_bytes())["run"] in runs
    except (OSError, ValueError, LookupError, TypeError):
        return False  # not there yet


def _check_environment() -> None:
    if os.environ.get("RAY_AUTH_MODE") != "token" or not os.environ.get("RAY_AUTH_TOKEN_PATH"):
        raise ValueError("a node is never started without token authentication")
    if os.environ.get("RAY_USE_TLS") != "1":
        raise ValueError("a node is never started without TLS")
    if not Path(os.environ["RAY_AUTH_TOKEN_PATH"]).read_text(encoding="ascii").strip():
        raise ValueError("the token file is empty")
    certificate = Path(os.environ.get("RAY_TLS_SERVER_CERT", "")).read_bytes()
    problem = certificate_problem(certificate, datetime.now(UTC))
    if problem:
        raise ValueError(problem)


def _forget_sessions(ray: Sequence[str]) -> None:
    for flag in ray:
        name, _, value = flag.partition("=")
        if name == "--temp-dir":
            for session in Path(value).glob("session_*"):
                # Not by Python: jobs may have laid some thousand folders inside each other, deeper than its stack.
                subprocess.run(("rm", "-rf", "--", str(session)), check=False, stdin=subprocess.DEVNULL)


def _import_ray(version: str) -> None:
    os.environ[SINGLE_MACHINE] = "0"  # read when Ray is imported, and inherited by everything it starts
    import ray  # noqa: PLC0415
    from ray._private import ray_constants, services  # noqa: PLC0415

    if ray.__version__ != version:
        _refuse(f"Ray is {ray.__version__}; this launcher was rendered for {version}")
    if ray_constants.ENABLE_RAY_CLUSTER is not False:
        _refuse("this Ray has no single-machine mode: it would listen on every interface")
    services.get_node_ip_address = lambda _address=None: LOOPBACK
    ray_constants.ENABLE_RAY_CLUSTER = True  # this process only: without it a second node is refused


def _watch_node(flags: NodeFlags, started: threading.Event) -> None:
    """`ray start --block` asks which processes have died, for the first time when the start is complete: take over
    then.

    Ray's own watch ignores processes that ended by SIGTERM or with status 0, so a head without its GCS would linger.
    And it keeps all of Ray loaded in a process that only waits.
    """
    from ray._private.node import Node  # noqa: PLC0415

    original: Callable[..., list[tuple[str, object]]] = Node.dead_processes

    def dead_processes(node: Node) -> list[tuple[str, object]]:
        dead = original(node)
        if dead:
            _refuse(f"ended during the start: {', '.join(str(kind) for kind, _ in dead)}")
        started.set()
        pids = [f"{kind}={info.process.pid}" for kind, infos in node.all_processes.items() for info in infos]
        _write_marker(flags.marker, {"run": os.environ.get("RAYFENCE_RUN", ""), "node": str(node.node_id)})
        small = (os.path.realpath(sys.executable), "-I", "-S", "-E", watch.__file__)
        os.execv(small[0], [*small, *pids])  # noqa: S606 - this process goes on as the watcher; its children stay

    Node.dead_processes = dead_processes  # type: ignore[method-assign]


def _write_marker(path: str, content: dict[str, str]) -> None:
    new = Path(f"{path}.new")
    new.write_text(json.dumps(content), encoding="ascii")
    new.replace(path)


def _deadline(started: threading.Event, seconds: int) -> None:
    if not started.wait(seconds):
        _refuse(f"`ray start` did not finish within {seconds} s")


def _refuse(problem: str) -> NoReturn:
    sys.stderr.write(f"rayfence: {problem}\n")
    sys.stderr.flush()
    os._exit(NOT_STARTED)


if __name__ == "__main__":
    main(sys.argv[1:])
