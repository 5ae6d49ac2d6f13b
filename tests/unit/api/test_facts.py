"""This machine's facts, and which ports an instance gets."""

import socket
from dataclasses import replace
from pathlib import Path

import pytest

from rayfence.api import facts
from rayfence.api.facts import gather
from rayfence.api.instances import all_ports, record_json
from rayfence.errors import PreflightError
from rayfence.policy.resolve import ENVOY_WATCHERS
from rayfence.spec import DEFAULT_SPEC, load_local
from tests.unit.api.test_instances import write


def test_facts_of_this_machine(tmp_path: Path) -> None:
    host = gather(load_local(DEFAULT_SPEC), tmp_path)
    assert host.system == "linux"
    assert host.ray_version == "2.60.0"
    assert host.envoy_version == "1.40.0"
    assert host.watchers == ENVOY_WATCHERS, "nothing of the instance runs: they were counted"
    assert host.ray_uid != host.uid
    assert host.places.state in host.hide


def test_ports_are_distinct_and_free(tmp_path: Path) -> None:
    ports = gather(load_local(DEFAULT_SPEC), tmp_path).ports
    count = 2 + 6 + 2 * (6 + 100)
    assert len(all_ports(ports)) == count
    for port in (ports.gateway, ports.ray_client):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", port))


def test_an_instance_keeps_its_ports_and_gets_more_for_more_workers(tmp_path: Path) -> None:
    record = write(tmp_path, "ml")
    spec = f"{DEFAULT_SPEC}metadata: {{name: ml}}\ntenants: [{{clusters: [{{workers: [{{replicas: 3}}]}}]}}]\n"
    ports = gather(load_local(spec), tmp_path).ports
    assert ports.nodes[:2] == record.ports.nodes
    assert len(ports.nodes) == 4
    assert ports.gateway == record.ports.gateway


def test_a_door_that_others_stand_in_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Spec or record: whoever listens there would answer in the gateway's place."""
    monkeypatch.setattr(facts, "_PATIENCE_SECONDS", 0.0)
    record = write(tmp_path, "ml")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        spec = DEFAULT_SPEC.replace("{local: {}}", f"{{local: {{gateway: {{port: {port}}}}}}}")
        with pytest.raises(PreflightError, match=f"port {port} is in use") as caught:
            gather(load_local(spec), tmp_path)
        assert "target.local.gateway.port" in caught.value.hint
        taken = replace(record, ports=replace(record.ports, ray_client=port))
        (tmp_path / "ml" / "instance.json").write_text(record_json(taken))
        with pytest.raises(PreflightError, match=f"port {port} is in use"):
            gather(load_local(f"{DEFAULT_SPEC}metadata: {{name: ml}}\n"), tmp_path)


def test_ports_inside_give_way_and_the_doors_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "_PATIENCE_SECONDS", 0.0)
    record = write(tmp_path, "ml")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        head = replace(record.ports.head, gcs=port)
        taken = replace(record, ports=replace(record.ports, head=head))
        (tmp_path / "ml" / "instance.json").write_text(record_json(taken))
        ports = gather(load_local(f"{DEFAULT_SPEC}metadata: {{name: ml}}\n"), tmp_path).ports
    assert (ports.gateway, ports.ray_client) == (record.ports.gateway, record.ports.ray_client)
    assert port not in all_ports(ports)


def test_a_named_port_of_another_instance_is_refused(tmp_path: Path) -> None:
    record = write(tmp_path, "ml")
    spec = DEFAULT_SPEC.replace("{local: {}}", f"{{local: {{gateway: {{port: {record.ports.gateway}}}}}}}")
    with pytest.raises(PreflightError, match="belongs to another instance"):
        gather(load_local(spec), tmp_path)
