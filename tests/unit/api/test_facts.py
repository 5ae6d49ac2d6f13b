"""This machine's facts, and which ports an instance gets."""

import socket
from pathlib import Path

import pytest

from rayfence.api.facts import gather
from rayfence.api.instances import all_ports
from rayfence.errors import PreflightError
from rayfence.spec import DEFAULT_SPEC, load
from tests.unit.api.test_instances import write


def test_facts_of_this_machine(tmp_path: Path) -> None:
    host = gather(load(DEFAULT_SPEC), tmp_path)
    assert host.system == "linux"
    assert host.ray_version == "2.60.0"
    assert host.envoy_version == "1.40.0"
    assert host.ray_uid != host.uid
    assert host.places.state in host.hide


def test_ports_are_distinct_and_free(tmp_path: Path) -> None:
    ports = gather(load(DEFAULT_SPEC), tmp_path).ports
    count = 2 + 6 + 2 * (6 + 100)
    assert len(all_ports(ports)) == count
    for port in (ports.gateway, ports.ray_client):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", port))


def test_an_instance_keeps_its_ports_and_gets_more_for_more_workers(tmp_path: Path) -> None:
    record = write(tmp_path, "ml")
    spec = f"{DEFAULT_SPEC}metadata: {{name: ml}}\ntenants: [{{clusters: [{{workers: [{{replicas: 3}}]}}]}}]\n"
    ports = gather(load(spec), tmp_path).ports
    assert ports.nodes[:2] == record.ports.nodes
    assert len(ports.nodes) == 4
    assert ports.gateway == record.ports.gateway


def test_a_named_port_of_another_instance_is_refused(tmp_path: Path) -> None:
    record = write(tmp_path, "ml")
    spec = DEFAULT_SPEC.replace("{local: {}}", f"{{local: {{gateway: {{port: {record.ports.gateway}}}}}}}")
    with pytest.raises(PreflightError, match="belongs to another instance"):
        gather(load(spec), tmp_path)
