"""The node launcher's own decisions; starting a real node is `tests/local`'s."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rayfence.adapters.ray import node
from rayfence.adapters.tls import authority, leaf
from tests.unit.adapters.tls.certified import authority_request, certified, leaf_request, me

OWN = ["--role=head", "--version=2.60.0", "--marker=/q/head.started"]


def test_it_binds_loopback_whatever_it_is_told() -> None:
    flags = node.parse([*OWN, "--", "--head", "--node-ip-address=127.0.0.1", "--port=6379", "--block"])
    assert node.start_command(flags) == [
        "--head",
        "--block",
        "--node-ip-address=127.0.0.1",
        "--disable-usage-stats",
        "--port=6379",
    ]
    own = ["--role=worker", *OWN[1:], "--start-timeout=7", "--leader-marker=/q/head.started"]
    worker = node.parse([*own, "--", "--address=127.0.0.1:1"])
    assert "--head" not in node.start_command(worker)
    assert (worker.start_timeout, worker.leader_marker) == (7, "/q/head.started")


@pytest.mark.parametrize(
    "arguments",
    [
        [*OWN, "--", "--node-ip-address=0.0.0.0"],
        [*OWN, "--", "--node-ip-address=10.0.0.1"],
        [*OWN, "--", "--dashboard-host=0.0.0.0"],
        [*OWN],
        [*OWN, "--role=head", "--"],
        [*OWN, "--colour=red", "--"],
        ["--role=queen", *OWN[1:], "--"],
        ["--role=worker", *OWN[1:], "--", "--head"],
        ["--role=head", "--"],
        ["head", "--"],
    ],
)
def test_what_would_open_it_or_is_unknown_is_refused(arguments: list[str]) -> None:
    with pytest.raises(ValueError, match=r"."):
        node.parse(arguments)


def test_a_worker_waits_for_the_very_run_of_its_head(tmp_path: Path) -> None:
    marker = tmp_path / "head.started"
    waits, alone = {node.LEADERS: "ray-head=ab12"}, {node.LEADERS: ""}
    assert node.leader_has_started(str(marker), {}), "the keeper names no leader: it is ready"
    assert node.leader_has_started(str(marker), alone)
    assert node.leader_has_started("", waits), "a head has none"
    assert not node.leader_has_started(str(marker), waits)
    for content, there in (
        ('{"run": "an earlier one", "node": "ab"}', False),
        ('{"run": "", "node": "ab"}', False),
        ('{"run": ', False),
        ("[]", False),
        ('{"run": ["ab12"]}', False),
        ('{"run": "ab12", "node": "ab"}', True),
    ):
        marker.write_text(content, encoding="ascii")
        assert node.leader_has_started(str(marker), waits) is there


def test_dates_of_its_certificate_are_checked_first(tmp_path: Path) -> None:
    """Ray itself hangs with a dead one."""
    _issuer, request = certified(tmp_path)
    content, now = Path(request.certificate).read_bytes(), datetime.now(UTC)
    assert node.certificate_problem(content, now) is None
    assert "expired at" in (node.certificate_problem(content, now + timedelta(days=2)) or "")
    assert "valid only from" in (node.certificate_problem(content, now - timedelta(days=2)) or "")


def environment(folder: Path) -> dict[str, str]:
    """What a node needs, with a certificate that has expired."""
    issuer = authority_request(folder)
    authority.make_authority(issuer, me)
    request = leaf_request(folder)
    leaf.issue(request, issuer, me, now=datetime.now(UTC) - timedelta(seconds=1))
    (folder / "token").write_text("ab" * 32, encoding="ascii")
    return {
        "PATH": os.environ["PATH"],
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(folder / "token"),
        "RAY_USE_TLS": "1",
        "RAY_TLS_SERVER_CERT": request.certificate,
        "RAY_TLS_SERVER_KEY": request.key,
        "RAY_TLS_CA_CERT": f"{issuer.path}/ca.pem",
    }


def run(folder: Path, env: dict[str, str], version: str = "0.0.0") -> tuple[int, str]:
    """Run the launcher; a wrong version keeps a real Ray from starting."""
    argv = [sys.executable, "-I", "-m", node.__name__, "--role=head", f"--version={version}"]
    argv += [f"--marker={folder}/marker", "--start-timeout=100", "--"]
    done = subprocess.run(argv, env=env, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stderr


def test_it_never_starts_without_token_or_tls(tmp_path: Path) -> None:
    env = environment(tmp_path)
    for change, words in (
        ({"RAY_AUTH_MODE": "disabled"}, "without token"),
        ({"RAY_AUTH_TOKEN_PATH": ""}, "without token"),
        ({"RAY_USE_TLS": "0"}, "without TLS"),
        ({"RAY_TLS_SERVER_CERT": str(tmp_path / "none")}, "No such file"),
    ):
        status, said = run(tmp_path, {**env, **change})
        assert status == node.NOT_STARTED
        assert words in said
    (tmp_path / "token").write_text("\n", encoding="ascii")
    assert "token file is empty" in run(tmp_path, env)[1]


def test_another_version_of_ray_is_refused(tmp_path: Path) -> None:
    """Private names of Ray are used: they fit one version."""
    status, said = run(tmp_path, environment(tmp_path))
    assert status == node.NOT_STARTED
    assert "rendered for 0.0.0" in said
    assert not (tmp_path / "marker").exists()


def test_files_of_earlier_sessions_are_removed(tmp_path: Path) -> None:
    (tmp_path / "session_1" / "logs").mkdir(parents=True)
    (tmp_path / "session_latest").symlink_to(tmp_path / "session_1")
    (tmp_path / "kept").mkdir()
    node._forget_sessions((f"--temp-dir={tmp_path}", "--num-cpus=1"))
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_a_session_deeper_than_the_stack_is_removed(tmp_path: Path) -> None:
    """A job that makes it and then ends the head must not keep the next head from starting."""
    handle = os.open(tmp_path, os.O_RDONLY)
    for name in ("session_1", *["d"] * 3000):
        os.mkdir(name, dir_fd=handle)
        inner = os.open(name, os.O_RDONLY, dir_fd=handle)
        os.close(handle)
        handle = inner
    os.close(handle)
    node._forget_sessions((f"--temp-dir={tmp_path}",))
    assert not list(tmp_path.iterdir())


def test_the_marker_appears_whole(tmp_path: Path) -> None:
    node._write_marker(str(tmp_path / "marker"), {"run": "x", "node": "ab"})
    assert (tmp_path / "marker").read_text(encoding="ascii") == '{"run": "x", "node": "ab"}'
    assert [path.name for path in tmp_path.iterdir()] == ["marker"]
