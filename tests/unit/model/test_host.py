"""Ports of a host are complete and apart."""

from rayfence.model.host import HeadPorts, NodePorts
from tests.sim.host import sim_host


def test_all_ports_of_the_head_are_listed_once() -> None:
    ports = HeadPorts(1, 2, 3, 4, 5, 6)
    assert sorted(ports.all()) == [1, 2, 3, 4, 5, 6]


def test_fixed_ports_leave_out_the_workers_range() -> None:
    ports = NodePorts(1, 2, 3, 4, 5, 6, 100, 199)
    assert sorted(ports.fixed()) == [1, 2, 3, 4, 5, 6]
    assert sim_host().ports.nodes[0].worker_min not in sim_host().ports.nodes[0].fixed()
