"""What a program inside the walls can see and do: each refusal beside the same act outside, where it succeeds."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from rayfence.adapters.processes import process_table
from rayfence.adapters.processes.launch import launcher_argv
from rayfence.adapters.processes.sandbox import WALLS_FAILED, Flags
from rayfence.model.desired import Sandbox
from tests.unit.adapters.processes.kept import own_walls

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/"}
PRELUDE = """
import ctypes, json, os, sys
libc = ctypes.CDLL(None, use_errno=True)
def can(act):
    try:
        return act() is not False
    except OSError:
        return False
def done(result):
    return result == 0
"""


def inside(sandbox: Sandbox, code: str, *arguments: str, cwd: str = "/") -> dict[str, object]:
    """Run Python inside the walls; it leaves its findings in `seen`."""
    program = f"{PRELUDE}\nseen = {{}}\n{code}\nprint(json.dumps(seen))"
    argv = launcher_argv(sandbox, (sys.executable, "-I", "-c", program, *arguments))
    done = subprocess.run(argv, env=ENVIRONMENT, cwd=cwd, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    result: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return result


def test_a_hidden_folder_is_gone_and_its_file_unreadable(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    (state / "key").write_text("secret", encoding="ascii")
    seen = inside(
        own_walls(tmp_path, hide=(state,)),
        "seen['read'] = can(lambda: open(sys.argv[1]).read())\nseen['list'] = can(lambda: os.listdir(sys.argv[2]))",
        str(state / "key"),
        str(state),
    )
    assert (state / "key").read_text(encoding="ascii") == "secret"  # the control: outside it can be read
    assert seen["read"] is False


KEYRING = """
number = {"x86_64": (248, 250), "aarch64": (217, 219)}[os.uname().machine]
libc.syscall(number[1], 1, None)  # an empty session keyring, as a log-in makes it
made = libc.syscall(number[0], b"user", b"rayfence-test", b"secret", 6, -3)
"""
FIND_KEY = """
number = {"x86_64": 250, "aarch64": 219}[os.uname().machine]
seen["key"] = libc.syscall(number, 10, -3, b"user", b"rayfence-test", 0)
"""


def test_the_operators_session_keyring_stays_outside(tmp_path: Path) -> None:
    """Whoever holds a session keyring may read its keys, whatever the uid; it is inherited over fork, setuid and exec.

    Where the machine has no keyrings, or a filter forbids them, there is nothing to take and this proves nothing.
    """
    code = f"{PRELUDE}\nseen = {{}}\n{FIND_KEY}\nprint(json.dumps(seen))"
    argv = launcher_argv(own_walls(tmp_path), (sys.executable, "-I", "-c", code))
    outer = f"{PRELUDE}\n{KEYRING}\nseen = {{}}\n{FIND_KEY}\nprint(made, seen['key'], flush=True)\n"
    outer += "os.execve(sys.argv[1], sys.argv[1:], {'PATH': '/usr/bin:/bin'})"
    done = subprocess.run(
        [sys.executable, "-I", "-c", outer, *argv], capture_output=True, text=True, timeout=60, check=True
    )
    told, reported = done.stdout.splitlines()
    made, found = (int(word) for word in told.split())
    assert found == made  # the control: outside it is found
    assert json.loads(reported)["key"] == -1


def test_a_hidden_folder_inside_a_shown_one_is_empty(tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / "secrets").mkdir(parents=True)
    (project / "secrets" / "key").touch()
    (project / "code").touch()
    walls = own_walls(tmp_path, hide=(project / "secrets",), expose=(project,))
    seen = inside(
        walls,
        "seen['shown'] = os.listdir(sys.argv[1])\nseen['hidden'] = os.listdir(sys.argv[1] + '/secrets')",
        str(project),
    )
    assert sorted(seen["shown"]) == ["code", "secrets"]  # type: ignore[call-overload]
    assert seen["hidden"] == []


def test_what_is_shown_can_be_read_below_a_closed_parent_and_not_written(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    (closed / "tool").mkdir(parents=True)
    (closed / "other").write_text("x", encoding="ascii")
    (closed / "tool" / "code").write_text("x", encoding="ascii")
    closed.chmod(0o700)
    (closed / "tool").chmod(0o777)
    seen = inside(
        own_walls(tmp_path, expose=(closed / "tool",)),
        "at = sys.argv[1]\n"
        "seen['read'] = can(lambda: open(at + '/tool/code'))\n"
        "seen['write'] = can(lambda: open(at + '/tool/new', 'w'))\n"
        "seen['sibling'] = can(lambda: open(at + '/other'))",
        str(closed),
    )
    assert seen == {"read": True, "write": False, "sibling": False}


def test_only_its_own_folders_can_be_written(tmp_path: Path) -> None:
    seen = inside(
        own_walls(tmp_path),
        "for place in (sys.argv[1], '/tmp', '/dev/shm', '/var/tmp', '/run', '/etc', '/sys/kernel'):\n"
        "    seen[place] = can(lambda: open(place + '/rayfence-test', 'w').close())",
        str(tmp_path / "q"),
    )
    assert {place for place, written in seen.items() if written} == {str(tmp_path / "q"), "/tmp", "/dev/shm"}
    assert (tmp_path / "q" / "rayfence-test").exists()
    assert (tmp_path / "tmp" / "rayfence-test").exists()
    assert not Path("/dev/shm/rayfence-test").exists()


def test_no_privilege_is_left_and_none_can_be_had(tmp_path: Path) -> None:
    seen = inside(
        own_walls(tmp_path),
        "status = dict(line.split(':', 1) for line in open('/proc/self/status').read().splitlines())\n"
        "kinds = ('CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb')\n"
        "seen['capabilities'] = {status[kind].strip() for kind in kinds} == {'0' * 16}\n"
        "seen['no new'] = status['NoNewPrivs'].strip() == '1'\n"
        "seen['groups'] = [group for group in os.getgroups() if group not in (os.getgid(), 65534)]\n"
        "seen['mount'] = done(libc.mount(b'none', b'/mnt', b'tmpfs', 0, None))\n"
        "seen['unmount'] = done(libc.umount2(b'/tmp', 2))\n"
        "seen['root'] = can(lambda: os.setuid(0)) if os.getuid() else False\n"
        "seen['umask'] = oct(os.umask(0))",
    )
    assert seen == {
        "capabilities": True,
        "no new": True,
        "groups": [],
        "mount": False,
        "unmount": False,
        "root": False,
        "umask": "0o77",
    }


def test_a_user_namespace_of_its_own_does_not_lift_the_walls(tmp_path: Path) -> None:
    """In one a process holds all capabilities, but over nothing that was mounted before."""
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    (state / "key").touch(mode=0o600)
    seen = inside(
        own_walls(tmp_path, hide=(state,)),
        "seen['entered'] = done(libc.unshare(0x10000000 | 0x00020000))\n"
        "places = ('/tmp', '/proc', '/dev/shm', sys.argv[2])\n"
        "seen['unmounted'] = [place for place in places if done(libc.umount2(place.encode(), 2))]\n"
        "seen['writable'] = done(libc.mount(b'none', b'/', None, 32 | 4096, None))\n"
        "seen['read'] = can(lambda: open(sys.argv[1]))",
        str(state / "key"),
        str(state),
    )
    assert (seen["unmounted"], seen["writable"], seen["read"]) == ([], False, False)


def test_processes_outside_are_not_there_to_be_seen_signalled_or_traced(tmp_path: Path) -> None:
    victim = subprocess.Popen(["/bin/sleep", "60"])
    try:
        seen = inside(
            own_walls(tmp_path),
            "pid = int(sys.argv[1])\n"
            "seen['pids'] = sorted(int(name) for name in os.listdir('/proc') if name.isdigit())\n"
            "seen['environ'] = can(lambda: open(f'/proc/{pid}/environ', 'rb'))\n"
            "seen['signal'] = can(lambda: os.kill(pid, 0))\n"
            "seen['trace'] = done(libc.ptrace(16, pid, 0, 0))\n"
            "seen['trace init'] = done(libc.ptrace(16, 1, 0, 0)) if os.getuid() else False\n"
            "seen['root'] = can(lambda: os.listdir('/proc/1/root/root'))",
            str(victim.pid),
        )
        os.kill(victim.pid, 0)  # the control: outside it is there
        assert Path(f"/proc/{victim.pid}/environ").read_bytes()
    finally:
        victim.kill()
        victim.wait()
    assert seen.pop("pids") == [1, 2]
    if foreign_uid_is_used(tmp_path):
        assert seen.pop("trace init") is False
    seen.pop("trace init", None)
    assert seen == {"environ": False, "signal": False, "trace": False, "root": False}


def foreign_uid_is_used(folder: Path) -> bool:
    """Whether the walls of this machine include another uid."""
    return own_walls(folder).uid is not None


def test_a_link_in_place_of_its_own_folder_is_not_followed(tmp_path: Path) -> None:
    """A job can replace folders it owns; at the next start they must not lead to ours."""
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    walls = own_walls(tmp_path, hide=(state,))
    (tmp_path / "tmp").rmdir()
    (tmp_path / "tmp").symlink_to(state)
    argv = launcher_argv(walls, ("/bin/true",))
    done = subprocess.run(argv, env=ENVIRONMENT, capture_output=True, timeout=60, check=False)
    assert done.returncode == WALLS_FAILED


def test_the_status_of_the_command_comes_out(tmp_path: Path) -> None:
    walls = own_walls(tmp_path)
    for script, status in (("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137)):
        argv = launcher_argv(walls, ("/bin/sh", "-c", script))
        assert subprocess.run(argv, env=ENVIRONMENT, timeout=60, check=False).returncode == status


def test_walls_that_cannot_be_built_are_not_left_out(tmp_path: Path) -> None:
    walls = replace(own_walls(tmp_path), own_tmp=str(tmp_path / "missing"))
    argv = launcher_argv(walls, ("/bin/sh", "-c", "echo ran"))
    done = subprocess.run(argv, env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (WALLS_FAILED, "")
    assert done.stderr.startswith("rayfence sandbox: ")


@pytest.mark.parametrize("killed", ["outer", "init", "command"])
def test_no_orphan_stays_whichever_process_is_killed(tmp_path: Path, killed: str) -> None:
    ready, script = tmp_path / "q" / "ready", "setsid sleep 600 & (setsid sleep 601 &) ; echo > $0; sleep 602"
    argv = launcher_argv(own_walls(tmp_path), ("/bin/sh", "-c", script, str(ready)))
    outer = subprocess.Popen(argv, env={**ENVIRONMENT, "RAYFENCE_RUN": f"orphans-{os.getpid()}-{killed}"})
    try:
        wait_until(ready.exists)
        wait_until(lambda: len(process_table.descendants([outer.pid])) >= 6)  # `ready` comes before the last
        tree = process_table.descendants([outer.pid])
        by_parent = {row.parent: row.ident for row in sorted(tree, reverse=True)}  # orphans come to init later
        init = by_parent[outer.pid]
        victim = {"outer": outer.pid, "init": init.pid, "command": by_parent[init.pid].pid}[killed]
        os.kill(victim, signal.SIGKILL)
        outer.wait(20)
        wait_until(lambda: not any(process_table.is_alive(row.ident) for row in tree))
    finally:
        outer.kill()
        outer.wait(20)


def test_term_reaches_the_command(tmp_path: Path) -> None:
    ready = tmp_path / "q" / "ready"
    argv = launcher_argv(
        own_walls(tmp_path),
        ("/bin/sh", "-c", "trap 'exit 5' TERM; echo > $0; while :; do sleep 0.05; done", str(ready)),
    )
    outer = subprocess.Popen(argv, env=ENVIRONMENT)
    wait_until(ready.exists)
    outer.terminate()
    assert outer.wait(20) == 5


def test_the_working_folder_is_kept_where_it_can_be_entered(tmp_path: Path) -> None:
    here = "seen['here'] = os.getcwd()"
    assert inside(own_walls(tmp_path), here, cwd=str(tmp_path / "q")) == {"here": str(tmp_path / "q")}
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    assert inside(own_walls(tmp_path, hide=(hidden,)), here, cwd=str(hidden)) == {"here": "/"}


def test_it_runs_without_namespaces_when_told_so(tmp_path: Path) -> None:
    code = "seen['pid namespace'] = os.readlink('/proc/self/ns/pid')"
    python = Sandbox(None, (), (), "", False)
    assert inside(python, code) == {"pid namespace": str(Path("/proc/self/ns/pid").readlink())}


def test_the_network_is_the_hosts(tmp_path: Path) -> None:
    """Envoy must reach Ray on loopback: the walls are not in the network, the listeners are checked instead."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        code = (
            "import socket\nseen['connected'] = can(lambda: socket.create_connection(('127.0.0.1', int(sys.argv[1]))))"
        )
        assert inside(own_walls(tmp_path), code, str(server.getsockname()[1])) == {"connected": True}


@pytest.mark.parametrize(
    "arguments",
    [
        ["--uid=x", "--", "true"],
        ["--hidee=/x", "--", "true"],
        ["--hide=relative", "--", "true"],
        ["--hide=/", "--", "true"],
        ["true"],
        ["--"],
    ],
)
def test_a_mistyped_wall_is_refused(arguments: list[str]) -> None:
    with pytest.raises(ValueError, match=r"."):
        Flags(arguments)


def test_flags_are_read() -> None:
    flags = Flags(["--uid=5", "--hide=/a", "--hide=/b", "--expose=/c", "--own-tmp=/d", "--", "x", "--uid=6"])
    assert (flags.uid, flags.hide, flags.expose, flags.own_tmp) == (5, ["/a", "/b"], ["/c"], "/d")
    assert flags.command == ["x", "--uid=6"]
    assert flags.namespaces


def wait_until(condition: object, seconds: float = 20) -> None:
    """Wait for something that must happen."""
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)
