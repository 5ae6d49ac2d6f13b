"""Twin of rayfence.render.kubernetes.exposure.monitoring."""

from rayfence.render.kubernetes.exposure.monitoring import pod_monitorings
from tests.unit.render.kubernetes.resolutions import VISION, at
from tests.unit.render.kubernetes.schemas import check


def test_heads_have_three_ports_and_workers_one() -> None:
    head, worker = pod_monitorings(VISION)
    assert [endpoint["port"] for endpoint in at(head, "spec", "endpoints")] == [8080, 44217, 44227]  # type: ignore[attr-defined]
    assert [endpoint["port"] for endpoint in at(worker, "spec", "endpoints")] == [8080]  # type: ignore[attr-defined]
    for value in (head, worker):
        check(value, "1.7.0")
