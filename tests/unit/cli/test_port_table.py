"""What a person reads of ports and their guards."""

import click
import pytest

from rayfence.cli.port_table import show_ports
from rayfence.model.ray_ports import PortGuard, RayPort


def said(capsys: pytest.CaptureFixture[str]) -> str:
    """Everything printed, without colour."""
    return click.unstyle(capsys.readouterr().out)


def _port(workload: str, port: str, name: str, guard: PortGuard, *, enforced: bool = True) -> RayPort:
    open_to = () if guard is PortGuard.LOOPBACK else ("metrics scrapers",)
    return RayPort(workload, "head", port, name, guard, open_to, enforced, "200 to anybody", "Ray binds it so")


def test_every_port_says_what_guards_it_and_nodes_of_one_kind_share_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    ports = tuple(
        _port(workload, port, name, guard)
        for workload in ("RayCluster vision/train", "RayCluster speech/train")
        for port, name, guard in (
            ("8265", "dashboard", PortGuard.LOOPBACK),
            ("8080", "metrics", PortGuard.POLICY),
            ("44227", "dashboard metrics", PortGuard.POLICY),
        )
    )
    show_ports(ports)
    text = said(capsys)
    assert "Ports of Ray nodes: 2 loopback, 4 policy only" in text
    assert "  RayCluster vision/train head, RayCluster speech/train head\n" in text
    assert "    loopback           dashboard 8265: Ray binds it so; 200 to anybody; open to nobody\n" in text
    assert (
        "    policy only        metrics 8080, dashboard metrics 44227: Ray binds it so; 200 to anybody; open to" in text
    )


def test_a_port_that_no_policy_guards_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    ports = (_port("RayCluster vision/train", "8080", "metrics", PortGuard.NONE, enforced=False),)
    show_ports(ports)
    assert "nothing            metrics 8080: Ray binds it so; 200 to anybody; no policy is enforced here" in said(
        capsys
    )


def test_no_ports_no_heading(capsys: pytest.CaptureFixture[str]) -> None:
    show_ports(())
    assert said(capsys) == ""
