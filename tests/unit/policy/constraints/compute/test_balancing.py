"""Load balancers in all the ways Kubernetes objects ask for them, and TLS on them."""

import pytest

from rayfence.model.cloud import CloudDesired
from rayfence.model.kubernetes import Manifest
from rayfence.model.outcome import Outcome
from rayfence.policy.constraints.compute.balancing import balancers
from rayfence.policy.constraints.rendered import read
from tests.unit.policy.constraints.platforms import (
    Json,
    Made,
    enforced,
    gateway,
    gateway_policy,
    listed,
    made,
    resolution,
    service,
)

TYPES, GLOBAL, POLICY, CERTIFICATES = (
    "compute.restrictLoadBalancerCreationForTypes",
    "compute.disableGlobalLoadBalancing",
    "compute.requireSslPolicy",
    "compute.disableGlobalSelfManagedSslCertificate",
)


def _ingress(
    kind: str | None = None, *, annotation: str | None = None, tls: bool = False, more: Json | None = None
) -> Json:
    annotations: Json = {**(more or {}), **({"kubernetes.io/ingress.class": annotation} if annotation else {})}
    spec: Json = {"ingressClassName": kind} if kind else {}
    if tls:
        spec["tls"] = [{"secretName": "tls"}]
    return {"kind": "Ingress", "metadata": {"namespace": "v", "name": "i", "annotations": annotations}, "spec": spec}


def _ray(service_type: str) -> Json:
    cluster: Json = {"rayClusterSpec": {"headGroupSpec": {"serviceType": service_type}}}
    return {"kind": "RayService", "metadata": {"namespace": "v", "name": "r"}, "spec": cluster}


def _types(*manifests: Json) -> list[str]:
    rendered = read(resolution(), CloudDesired(()), tuple(Manifest(manifest, "", 0) for manifest in manifests))
    return [kind for _, kind in balancers(rendered)]


@pytest.mark.parametrize(
    ("manifest", "kinds"),
    [
        (service(), ["INTERNAL_TCP_UDP"]),
        (service(internal=False), ["EXTERNAL_NETWORK_TCP_UDP"]),
        ({**service(), "spec": {"type": "ClusterIP"}}, []),
        (_ingress(), ["EXTERNAL_HTTP_HTTPS"]),
        (_ingress("gce-internal"), ["INTERNAL_HTTP_HTTPS"]),
        (_ingress("gce-internal", annotation="gce"), ["EXTERNAL_HTTP_HTTPS"]),
        (_ingress("nginx"), [""]),
        (gateway("gke-l7-rilb"), ["INTERNAL_HTTP_HTTPS"]),
        (gateway("gke-l7-rilb-mc"), ["INTERNAL_HTTP_HTTPS"]),
        (gateway("gke-l7-global-external-managed"), ["GLOBAL_EXTERNAL_MANAGED_HTTP_HTTPS"]),
        (gateway("gke-l7-regional-external-managed"), ["EXTERNAL_MANAGED_HTTP_HTTPS"]),
        (gateway("istio"), [""]),
        (_ray("LoadBalancer"), ["EXTERNAL_NETWORK_TCP_UDP"]),
        (_ray("ClusterIP"), []),
    ],
)
def test_what_an_object_makes(manifest: Json, kinds: list[str]) -> None:
    assert _types(manifest) == kinds


@pytest.mark.parametrize(
    ("block", "body", "kind"),
    [
        ("google_compute_forwarding_rule", {"loadBalancingScheme": "INTERNAL"}, "INTERNAL_TCP_UDP"),
        ("google_compute_forwarding_rule", {"loadBalancingScheme": "EXTERNAL"}, "EXTERNAL_NETWORK_TCP_UDP"),
        ("google_compute_forwarding_rule", {"loadBalancingScheme": "INTERNAL_MANAGED"}, "INTERNAL_HTTP_HTTPS"),
        ("google_compute_global_forwarding_rule", {"loadBalancingScheme": "EXTERNAL"}, "EXTERNAL_HTTP_HTTPS"),
        ("google_compute_global_forwarding_rule", {"loadBalancingScheme": "ODD"}, ""),
    ],
)
def test_forwarding_rules(block: str, body: Json, kind: str) -> None:
    platform = made().add("compute.googleapis.com/ForwardingRule", "f", body, block)
    rendered = read(platform.resolution, CloudDesired(tuple(platform.resources)), ())
    assert [found for _, found in balancers(rendered)] == [kind]


def test_the_article_in_an_organisation_that_is_internal_only() -> None:
    found = made().apply(_ingress(annotation="gce")).judge([listed(TYPES, "in:INTERNAL")])[TYPES]
    assert found.outcome is Outcome.VIOLATED and "EXTERNAL_HTTP_HTTPS" in found.reason
    assert found.fields == ("Ingress v/i: metadata.annotations.kubernetes.io/ingress.class",)


def test_classes_nobody_knows_are_unknown() -> None:
    for name, policy in ((TYPES, listed(TYPES, "in:INTERNAL")), (GLOBAL, enforced(GLOBAL))):
        assert made().apply(_ingress("nginx")).judge([policy])[name].outcome is Outcome.UNKNOWN
        assert made().judge([policy])[name].outcome is Outcome.NOT_RELEVANT


def test_the_article_s_ingress_is_global() -> None:
    assert made().apply(_ingress("gce")).judge([enforced(GLOBAL)])[GLOBAL].outcome is Outcome.VIOLATED


def _policy(platform: Made, *allowed: str) -> Outcome:
    policy = listed(POLICY, *allowed) if allowed else listed(POLICY, deny_all=True)
    return platform.judge([policy])[POLICY].outcome


def test_tls_policies() -> None:
    assert _policy(made()) is Outcome.NOT_RELEVANT
    bare = made().apply(gateway("gke-l7-rilb"))
    assert _policy(bare) is Outcome.VIOLATED
    assert _policy(bare, "under:folders/2") is Outcome.SATISFIED_BY
    assert _policy(bare, "in:ODD") is Outcome.UNKNOWN
    assert _policy(bare.apply(gateway_policy("modern"))) is Outcome.SATISFIED_BY


def test_tls_policies_of_ingresses() -> None:
    certificates: Json = {"networking.gke.io/managed-certificates": "c"}
    named: Json = {**certificates, "networking.gke.io/v1beta1.FrontendConfig": "front"}
    config: Json = {
        "kind": "FrontendConfig",
        "metadata": {"namespace": "v", "name": "front"},
        "spec": {"sslPolicy": "m"},
    }
    assert _policy(made().apply(_ingress("gce", more=certificates))) is Outcome.VIOLATED
    assert _policy(made().apply(_ingress("gce", more=named)).apply(config)) is Outcome.SATISFIED_BY
    assert _policy(made().apply(_ingress("gce", more=named))) is Outcome.VIOLATED
    assert _policy(made().apply(_ingress("gce"))) is Outcome.NOT_RELEVANT


def test_certificates_from_secrets() -> None:
    def judged(platform: Made) -> Outcome:
        return platform.judge([enforced(CERTIFICATES)])[CERTIFICATES].outcome

    assert judged(made().apply(_ingress("gce", tls=True))) is Outcome.VIOLATED
    assert judged(made().apply(_ingress("gce-internal", tls=True))) is Outcome.SATISFIED
    block = "google_compute_ssl_certificate"
    assert (
        judged(made().add("compute.googleapis.com/SslCertificate", "c", {"type": "SELF_MANAGED"}, block))
        is Outcome.VIOLATED
    )
    assert (
        judged(made().add("compute.googleapis.com/SslCertificate", "c", {"type": "MANAGED"}, block))
        is Outcome.SATISFIED
    )
