"""A cluster from outside: make it, find it, take it away.

`up` is safe to interrupt: Ctrl-C takes away what it had made, and after kill -9 the cluster ends by itself or `down`
ends it. `down` needs nothing but the record of the first process, and is safe to repeat.
"""

import contextlib
import fcntl
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from tests.cluster.harness import forward
from tests.cluster.harness.cgroups import remove_cgroup
from tests.cluster.harness.places import ROOT, ClusterError, Place
from tests.cluster.harness.proc import Process
from tests.cluster.images.store import take
from tests.cluster.inside import credentials, settings
from tests.cluster.inside.keeper import Plan

#: A whole start after everything is built, in seconds; what takes longer hangs.
START_LIMIT: Final = 600.0
_FOLDERS: Final = ("log", "cni", "tmp", "home", "etcd")


def first_process(place: Place) -> Process | None:
    """The cluster's first process if it lives."""
    try:
        record = json.loads(place.record.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    process = Process(record["first"], record["started"])
    return process if process.alive else None


def is_ready(place: Place) -> bool:
    """Whether the cluster was brought up whole and its first process lives."""
    return place.kubeconfig.exists() and first_process(place) is not None


def ended_daemons(place: Place) -> dict[str, int]:
    """Daemons that ended although the cluster runs, with their exit status."""
    try:
        found: dict[str, int] = json.loads((place.folder / "ended.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def start(place: Place, plan: Callable[[Path], Plan], say: Callable[[str], None]) -> None:
    """Start a cluster of this name; what an earlier one left is removed first, one that runs is an error.

    `plan` says what to start; it may write files into the folder it is given, which goes with the cluster.

    Raises: ClusterError; nothing is left then, but for the logs' last lines in the message.
    """
    with _alone(place):
        if first_process(place):
            raise ClusterError(f"a cluster named {place.name} runs already")
        _remove(place)
        try:
            _start(place, plan, say)
        except BaseException:
            _remove(place)
            raise


def stop(place: Place) -> bool:
    """End the cluster and remove what it was; True when there was something to remove.

    Raises: ClusterError when something can't be removed.
    """
    with _alone(place):
        return _remove(place)


def _start(place: Place, plan: Callable[[Path], Plan], say: Callable[[str], None]) -> None:
    for name in ("", *_FOLDERS):
        (place.folder / name).mkdir(parents=True, exist_ok=True)
    place.folder.chmod(0o711)  # containers' users must pass; keys in it are readable by root alone
    wanted = credentials.subjects(settings.NODE_ADDRESS, settings.API_SERVICE)
    pki = place.folder / "pki"
    credentials.write_credentials(pki, wanted)
    for user in wanted:
        inside = credentials.kubeconfig(pki, user, f"https://127.0.0.1:{settings.API_PORT}")
        credentials.write_private_text(place.folder / f"{user}.kubeconfig", inside)
    for name, text in settings.files().items():
        (place.folder / name).write_text(text, encoding="utf-8")
    chosen = plan(place.folder)
    chosen.write(place.plan)
    if Path(chosen.store).is_dir():
        take(Path(chosen.store), place.folder / "containerd")
    with forward.listener() as listening:
        server = f"https://{forward.LOOPBACK}:{listening.getsockname()[1]}"
        _follow(place, listening, say)
    credentials.write_private_text(place.kubeconfig, credentials.kubeconfig(pki, "admin", server))


def _follow(place: Place, listening: socket.socket, say: Callable[[str], None]) -> None:
    """Start the first process, record it, let it go on, and pass its reports on until it is done."""
    go_read, go_write = os.pipe()
    report_read, report_write = os.pipe()
    inherited = (listening.fileno(), go_read, report_write)
    command = [sys.executable, "-m", "tests.cluster.inside.entry", str(place.folder), *map(str, inherited)]
    environment = os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"}
    with contextlib.ExitStack() as cleanup:
        cleanup.callback(os.close, go_write)
        reports = cleanup.enter_context(os.fdopen(report_read, encoding="utf-8"))
        with (place.logs / "keeper").open("ab") as log:
            entry = subprocess.Popen(
                command,
                cwd=place.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=inherited,
                start_new_session=True,  # Ctrl-C is for us: we then end it
            )
        os.close(go_read)
        os.close(report_write)
        for line in reports:
            message = json.loads(line)
            if "first" in message:
                _record(place, message["first"])
                entry.wait()
                os.write(go_write, b"g")
            elif "step" in message:
                say(f"{message['seconds']:5.1f} s  {message['step']}")
            elif "failed" in message:
                raise ClusterError(f"the cluster did not start: {message['failed']}")
            else:
                return
        entry.wait()
        said = (place.logs / "keeper").read_text(encoding="utf-8", errors="replace")
        raise ClusterError(f"the cluster ended while it started: {said[-1500:].strip()}", "see dmesg, and try again")


def _record(place: Place, pid: int) -> None:
    process = Process.of(pid)
    if process is None:
        raise ClusterError("the cluster's first process ended at once")
    place.record.write_text(json.dumps({"first": process.pid, "started": process.started}), encoding="utf-8")


def _remove(place: Place) -> bool:
    if not place.folder.exists():
        return False
    process = first_process(place)
    if process and not process.kill():
        raise ClusterError(f"process {process.pid}, the first of cluster {place.name}, does not end")
    remove_cgroup(place.cgroup)
    _delete(place.folder)
    return True


def _delete(folder: Path) -> None:
    # The last mounts of a namespace go a moment after its last process.
    until = time.monotonic() + 10
    while True:
        try:
            shutil.rmtree(folder)
            return
        except FileNotFoundError:
            return
        except OSError as problem:
            if time.monotonic() > until:
                raise ClusterError(f"{folder} can't be removed: {problem}") from problem
            time.sleep(0.2)


@contextlib.contextmanager
def _alone(place: Place) -> Iterator[None]:
    place.lock.parent.mkdir(parents=True, exist_ok=True)
    with place.lock.open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
