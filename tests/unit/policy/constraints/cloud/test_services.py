"""Services in use, logs and TLS."""

from rayfence.model.cloud import CloudDesired
from rayfence.model.outcome import Outcome
from rayfence.policy.constraints.cloud.services import used_services
from rayfence.policy.constraints.rendered import Rendered, read
from tests.unit.policy.constraints.platforms import Made, enforced, listed, made


def _read(platform: Made) -> Rendered:
    return read(platform.resolution, CloudDesired(tuple(platform.resources)), ())


def test_services_come_from_switches_settings_and_objects() -> None:
    found = {service for _, service in used_services(_read(made()))}
    assert {"container.googleapis.com", "compute.googleapis.com", "artifactregistry.googleapis.com"} <= found


def test_logs_by_default_and_tls_that_nobody_can_speak() -> None:
    name = "gcp.disableCloudLogging"
    assert made().set("Cluster", "loggingConfig", None).judge([enforced(name)])[name].outcome is Outcome.VIOLATED
    versions = "gcp.restrictTLSVersion"
    assert made().judge([listed(versions, denied=("TLS_VERSION_1",))])[versions].outcome is Outcome.SATISFIED
    assert made().judge([listed(versions, deny_all=True)])[versions].outcome is Outcome.VIOLATED
