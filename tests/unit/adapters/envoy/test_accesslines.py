"""The access log, read as it grows."""

import json
from pathlib import Path

import pytest

from rayfence.adapters.envoy.accesslines import AccessLines, parse_line

GRANT = f"rayfence:api viewer {'5e' * 16} 1700000000 {'1d' * 16} ada"
LINE = {
    "ts": "2026-11-25T15:00:00Z", "id": "r-1", "grant": GRANT, "surface": "api", "route": "version.api",
    "method": "GET", "path": "/api/version", "code": 200, "details": "via_upstream", "flags": "-", "ms": 3,
    "upstream_ms": "2", "bytes": 10, "peer": "127.0.0.1:1", "intent": None,
}  # fmt: skip


def test_only_what_comes_after_is_read_and_only_whole_lines(tmp_path: Path) -> None:
    log = tmp_path / "access.jsonl"
    log.write_text(json.dumps({**LINE, "id": "old"}) + "\n", encoding="utf-8")
    lines = AccessLines(str(log))
    assert lines.read() == ()
    with log.open("a", encoding="utf-8") as file:
        file.write(json.dumps(LINE) + "\n" + json.dumps({**LINE, "id": "r-2"})[:20])
    assert [line.id for line in lines.read()] == ["r-1"]
    with log.open("a", encoding="utf-8") as file:
        file.write(json.dumps({**LINE, "id": "r-2"})[20:] + "\n")
    assert [line.id for line in lines.read()] == ["r-1", "r-2"]


def test_a_log_that_is_not_there_yet_is_empty(tmp_path: Path) -> None:
    lines = AccessLines(str(tmp_path / "none"))
    assert lines.read() == ()
    (tmp_path / "none").write_text(json.dumps(LINE) + "\n", encoding="utf-8")
    assert len(lines.read()) == 1


def test_numbers_may_be_text_and_missing_ones_are_none() -> None:
    line = parse_line(json.dumps(LINE).encode())
    assert line is not None
    assert (line.status, line.upstream_ms, line.token_id, line.passed_on) == (200, 2, "1d" * 16, True)
    assert line.subject == "ada"
    bare = parse_line(b'{"id": "x", "code": "403", "upstream_ms": null, "grant": null}')
    assert bare is not None
    assert (bare.status, bare.upstream_ms, bare.subject, bare.passed_on) == (403, None, "", False)


@pytest.mark.parametrize("text", [b"", b"x", b"[1]", b"\xff"])
def test_what_is_no_line_is_no_evidence(text: bytes) -> None:
    assert parse_line(text) is None
