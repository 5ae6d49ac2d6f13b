"""Readiness is proved: doors that open to anybody do not count as ready."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from rayfence.adapters.net import prober
from rayfence.adapters.net.prober import KINDS, NotReady
from tests.unit.adapters.net.doors import http_door, tls_door, unix_door
from tests.unit.adapters.tls.certified import certified

TOKEN = "ab" * 32
NODE = "0123456789abcdef" * 3


def dashboard(path: str, headers: dict[str, str]) -> tuple[int, object]:
    """Ray's, with one node alive and one dead."""
    if headers.get("authorization") != f"Bearer {TOKEN}":
        return 401, {}
    rows = [{"raylet": {"nodeId": NODE, "state": "ALIVE"}}, {"raylet": {"nodeId": "dead", "state": "DEAD"}}, {}]
    return 200, {"data": {"summary": rows}} if path.startswith("/nodes") else {}


def open_dashboard(_path: str, _headers: dict[str, str]) -> tuple[int, object]:
    """One that asks for no token."""
    return 200, {}


def marker(folder: Path, content: object) -> str:
    """What the node launcher leaves."""
    path = folder / "marker"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="ascii")
    return str(path)


@contextmanager
def head(folder: Path, answer: object = dashboard, *, mutual: bool = True) -> Iterator[dict[str, str]]:
    """A head's doors, and the facts that name them."""
    issuer, request = certified(folder)
    ca = f"{issuer.path}/ca.pem"
    (folder / "token").write_text(TOKEN, encoding="ascii")
    with ExitStack() as doors:
        gcs = doors.enter_context(tls_door(request.certificate, request.key, ca if mutual else None))
        port = doors.enter_context(http_door(answer))  # type: ignore[arg-type]
        yield {
            "gcs": str(gcs),
            "dashboard": str(port),
            "token": str(folder / "token"),
            "certificate": request.certificate,
            "key": request.key,
            "ca": ca,
            "marker": marker(folder, {"run": "r1", "node": NODE}),
            "run": "r1",
        }


def test_a_head_is_ready_when_both_doors_are_seen_locked(tmp_path: Path) -> None:
    with head(tmp_path) as facts:
        assert "GCS takes our certificate and refuses none" in KINDS["ray-head"](facts)


def test_an_open_dashboard_is_never_ready(tmp_path: Path) -> None:
    with head(tmp_path, open_dashboard) as facts, pytest.raises(NotReady, match="200 without a token"):
        KINDS["ray-head"](facts)


def test_a_gcs_that_takes_anybody_is_never_ready(tmp_path: Path) -> None:
    with head(tmp_path, mutual=False) as facts, pytest.raises(NotReady, match="without a certificate: accepted"):
        KINDS["ray-head"](facts)


def test_a_worker_is_ready_when_its_head_sees_it(tmp_path: Path) -> None:
    with head(tmp_path) as facts:
        assert KINDS["ray-worker"](facts) == f"the head sees node {NODE[:12]} alive"
        for node, words in (("dead", "DEAD"), ("absent", "does not see")):
            with pytest.raises(NotReady, match=words):
                KINDS["ray-worker"]({**facts, "marker": marker(tmp_path, {"run": "r1", "node": node})})


@pytest.mark.parametrize(
    "content",
    [{"run": "r0", "node": NODE}, {"run": "r1", "node": "../x\x1b"}, {"run": "r1"}, "{", "[]", "5"],
)
def test_markers_of_other_runs_and_rubbish_prove_nothing(tmp_path: Path, content: object) -> None:
    with pytest.raises(NotReady):
        prober._marker({"marker": marker(tmp_path, content), "run": "r1"})


def test_a_link_or_pipe_in_place_of_the_marker_is_not_followed(tmp_path: Path) -> None:
    """Jobs can write there; the prober may be root."""
    target = marker(tmp_path, {"run": "r1", "node": NODE})
    (tmp_path / "link").symlink_to(target)
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "pipe", "missing"):
        with pytest.raises(NotReady):
            prober._marker({"marker": str(tmp_path / name), "run": "r1"})


def test_envoy_and_the_service(tmp_path: Path) -> None:
    place, statuses = tmp_path / "s", {"/ready": 503, "/v1/health": 503}
    with unix_door(place, lambda path, _headers: (statuses[path], {})) as socket, http_door(open_dashboard) as port:
        facts = {"socket": socket, "port": str(port)}
        for kind in ("envoy", "service"):
            with pytest.raises(NotReady):
                KINDS[kind](facts)
        statuses.update({"/ready": 200, "/v1/health": 200})
        assert KINDS["service"](facts) == "/v1/health answers 200 on its socket"
        assert f"port {port} is open" in KINDS["envoy"](facts)
    with pytest.raises(NotReady, match="its socket does not answer"):
        KINDS["service"]({"socket": str(tmp_path / "none")})
    with (
        unix_door(tmp_path / "t", lambda _path, _headers: (200, {})) as socket,
        pytest.raises(NotReady, match="closed"),
    ):
        KINDS["envoy"]({"socket": socket, "port": str(port)})


def test_an_envoy_whose_port_somebody_else_answers_is_not_ready(tmp_path: Path) -> None:
    issuer, request = certified(tmp_path)
    with (
        unix_door(tmp_path / "s", lambda _path, _headers: (200, {})) as socket,
        http_door(open_dashboard) as stranger,
        tls_door(request.certificate, request.key, None) as own,
    ):
        facts = {"socket": socket, "port": str(own), "ray_client": str(own), "ca": f"{issuer.path}/ca.pem"}
        assert f"port {own} is open" in KINDS["envoy"](facts)
        for name in ("port", "ray_client"):
            with pytest.raises(NotReady, match=f"port {stranger} with our authority's certificate"):
                KINDS["envoy"]({**facts, name: str(stranger)})


def test_as_a_program_it_answers_in_one_line_and_by_its_status(tmp_path: Path) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        code = f"from {prober.__name__} import main; import sys; main(sys.argv[1:])"
        argv = [sys.executable, "-c", code, *arguments]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout

    assert run("alive", "timeout=5", "run=x") == (0, "runs\n")
    assert run("service", "timeout=0.5", "run=x", f"socket={tmp_path}/s") == (1, "its socket does not answer\n")
    assert run("service", "timeout=0.3", "run=x")[0] == 1


def test_any_answer_shows_life_and_none_does_not(tmp_path: Path) -> None:
    asked: list[str | None] = []

    def failing(_path: str, headers: dict[str, str]) -> tuple[int, object]:
        asked.append(headers.get("x-rayfence-route"))
        return 503, {}

    facts = {"socket": str(tmp_path / "s"), "path": "/v1/health", "route": "api.health"}
    with pytest.raises(NotReady, match="does not answer"):
        KINDS["answers"](facts)
    with unix_door(tmp_path / "s", failing):
        assert KINDS["answers"](facts) == "answers on its socket"
    assert asked == ["api.health"]
