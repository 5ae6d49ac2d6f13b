"""What people have to do is said, and only where it is needed."""

from dataclasses import replace

from rayfence.render.gcp.outputs import outputs
from tests.unit.render.gcp.settings import BARE, EXTERNAL, PEERED, SHARED, SPOKE, STANDARD, UNMANAGED, resolution


def test_an_own_network_needs_nobody_else() -> None:
    made = outputs(resolution(STANDARD), STANDARD)
    assert "network_requests" not in made and "external_key" not in made
    assert made["cluster"] == "${google_container_cluster.platform.name}"
    assert made["get_credentials"].endswith("--project=${local.project} --dns-endpoint")
    assert "vision" in made["iap_second_stage"]
    assert "services identity create --service=pubsub.googleapis.com" in made["before_first_apply"]


def test_credentials_are_asked_for_the_endpoint_that_people_reach() -> None:
    open_plane = replace(SPOKE, control_plane=replace(SPOKE.control_plane, public_ip_endpoint=True))
    assert outputs(resolution(open_plane), open_plane)["get_credentials"].endswith("--project=${local.project}")


def test_steps_of_others_are_told() -> None:
    assert "ray-out-deny" in outputs(resolution(UNMANAGED), UNMANAGED)["network_requests"]
    assert "ray-out-deny" not in outputs(resolution(SHARED), SHARED)["network_requests"]
    assert "dns_proof" in outputs(resolution(SHARED), SHARED)  # a private zone proves nothing
    assert "dns_proof" not in outputs(resolution(PEERED), PEERED)
    assert outputs(resolution(SPOKE), SPOKE)["dashboard_addresses"].startswith("*.ray.acme.com A ${google_")
    assert outputs(resolution(SPOKE), SPOKE)["get_credentials"].endswith("--internal-ip")
    assert "only logs" in outputs(resolution(STANDARD), STANDARD)["perimeter_next_step"]
    assert "is enforced" in outputs(resolution(SPOKE), SPOKE)["perimeter_next_step"]
    assert "primary" in outputs(resolution(EXTERNAL), EXTERNAL)["external_key"]
    assert set(outputs(resolution(BARE), BARE)) == {
        "bigquery_jobs",
        "cluster",
        "get_credentials",
        "location",
        "network",
        "project",
        "subnetwork",
    }
