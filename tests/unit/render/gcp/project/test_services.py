"""Services: each once, in order, never switched off."""

from dataclasses import replace

from rayfence.render.gcp.project.services import service_resources
from rayfence.render.gcp.site import enabled
from tests.unit.render.gcp.settings import STANDARD


def test_services_are_enabled_once_and_stay_on() -> None:
    made = service_resources(replace(STANDARD, services=("dns.googleapis.com", "compute.googleapis.com") * 2))
    assert [item.label for item in made] == ["compute", "dns"]
    assert {item.attributes["disable_on_destroy"] for item in made} == {False}
    assert made[0].body == {"name": "projects/acme-ml/services/compute.googleapis.com"}
    assert enabled(STANDARD, "dns") == ("google_project_service.dns",)
