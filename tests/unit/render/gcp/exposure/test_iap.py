"""IAP bindings: a second stage, per backend service."""

from rayfence.render.gcp.exposure.iap import iap_resources, iap_variables
from tests.unit.render.gcp.settings import BARE, SHARED, STANDARD


def test_bindings_stand_on_backend_services_that_are_named_later() -> None:
    (made,) = iap_resources(STANDARD)
    assert made.attributes["for_each"] == "${var.iap_backend_services}"
    assert made.attributes["web_backend_service"] == "${each.value}"
    assert made.attributes["member"] == "group:ml@acme.com"
    assert iap_variables(STANDARD)["iap_backend_services"]["default"] == {}


def test_regional_load_balancers_and_none() -> None:
    (made,) = iap_resources(SHARED)
    assert made.block == "google_iap_web_region_backend_service_iam_member"
    assert iap_resources(BARE) == () and iap_variables(BARE) == {}
