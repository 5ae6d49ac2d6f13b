"""APIs that the platform needs, each known to be allowed; logs that somebody keeps."""

from dataclasses import replace

from rayfence.model.gke import IapExposure, Network, NetworkKind, Perimeter, Workbench
from rayfence.model.tenancy import Grant
from rayfence.policy.gke.services import ALWAYS
from tests.unit.policy.platforms import (
    VISION,
    allow,
    decision,
    deny,
    minimal,
    on,
    open_question,
    refused,
    resolved,
)

USAGE = "gcp.restrictServiceUsage"


def test_what_is_used_is_switched_on_in_order() -> None:
    tenant = replace(VISION, access=(Grant("bigquery", "p.d", "dataViewer"), Grant("kms", "k", "cryptoKeyDecrypter")))
    spoke = Network(
        NetworkKind.SPOKE,
        None,
        None,
        "10.1.0.0/22",
        "10.2.0.0/16",
        "10.3.0.0/20",
        hub="projects/n/locations/global/hubs/h",
    )
    platform = replace(
        minimal(
            network=spoke,
            iap=IapExposure("ray.acme.com", ("group:ml@acme.com",)),
            perimeter=Perimeter("1"),
            workbench=Workbench("n", "us-central1-a", "a@acme.com"),
        ),
        tenants=(tenant,),
    )
    resolution = resolved(platform)
    assert resolution.gke is not None
    names = resolution.gke.services
    assert list(names) == sorted(set(names))
    wanted = (
        "bigquery",
        "cloudkms",
        "iap",
        "certificatemanager",
        "networkconnectivity",
        "accesscontextmanager",
        "notebooks",
    )
    assert {f"{name}.googleapis.com" for name in wanted} <= set(names)


def test_each_must_be_allowed() -> None:
    everything = allow(USAGE, *(f"{name}.googleapis.com" for name in ALWAYS))
    assert resolved(minimal(), everything).conflicts == ()
    assert decision(resolved(minimal(), everything), "gke.services").rules == (USAGE,)
    (conflict,) = resolved(minimal(), allow(USAGE, "container.googleapis.com")).conflicts
    assert "compute.googleapis.com" in conflict.problem
    assert "`compute.googleapis.com`" in conflict.request
    assert "serviceuser.services" in refused(resolved(minimal(), deny("serviceuser.services", "dns.googleapis.com")))
    assert USAGE in refused(resolved(minimal(), open_question(USAGE)))


def test_logs_that_are_thrown_away_stop_the_plan() -> None:
    rule = "gcp.disableCloudLogging"
    assert rule in refused(resolved(minimal(), on(rule)))
    open_one = resolved(minimal(), open_question(rule))
    assert open_one.conflicts == ()
    assert any(text.startswith(f"{rule} is undecided") for text in open_one.warnings)
