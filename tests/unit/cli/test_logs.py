"""Logs from the command line."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from rayfence.cli.logs import command
from tests.sim.kubernetes.gateway import HOME, gateway_door, run_verb
from tests.unit.api.test_logs import prepared


def test_lines_are_named_by_part_and_cleaned(tmp_path: Path) -> None:
    folder = prepared(tmp_path)
    (folder / "envoy.log").write_text("\x1b[2Jgone\n")
    result = CliRunner().invoke(command, ["--name", "ml", "--state-dir", str(tmp_path)])
    assert "envoy: �[2Jgone" in result.output
    assert "service: four" in result.output


def test_of_a_platform_in_a_cluster(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with gateway_door(monkeypatch, tmp_path) as gateway:
        for pod in ("gateway-0", "gateway-1"):
            for container in ("service", "envoy"):
                gateway.pods.logs[HOME, pod, container] = ["one", "two\x1b[2J"]
        text = run_verb("logs", "gateway", "--tail", "1", "--file", str(gateway.spec)).stdout
        assert text.splitlines()[0] == "vision/gateway/gateway-0/service: two\ufffd[2J" and len(text.splitlines()) == 4
        assert run_verb("logs", "vision/gateway", "--name", "research", "--follow").stdout.count("one") == 4


def test_earlier_logs_are_a_clusters() -> None:
    with pytest.raises(click.UsageError):
        run_verb("logs", "--previous")
