"""`rayfence.spec.v1alpha1.rules.cloud`: fields of Google Cloud that only hold together."""

import pytest

from tests.sim.platforms import changed, gke, kubernetes, mistakes, waived

MAKE = "encryption.make"
PATCHING = "patching"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            [("target.gke.nodeLocations.1", "us-east1-b")],
            "target.gke.nodeLocations.1: 'us-east1-b' is not in us-central1",
        ),
        ([("target.gke.nodeLocations.1", "us-central1-a")], "target.gke.nodeLocations.1: 'us-central1-a' stands twice"),
        ([("target.gke.mode", "autopilot")], "target.gke.pools: Autopilot has no node pools"),
        ([("operator.source", "addon")], "operator.gates: GKE's add-on takes no feature gates"),
        (
            [("operator.source", "addon"), ("operator.gates", []), ("operator.version", "1.7.0")],
            "operator.version: GKE chooses the version of its add-on",
        ),
        ([("workbench.zone", "us-east1-b")], "workbench.zone: 'us-east1-b' is not in us-central1"),
        ([("target.gke.pools.0.minNodes", 9)], "target.gke.pools.0.minNodes: 9 is above maxNodes (4)"),
        ([("target.gke.pools.1.tenant", "visio")], "target.gke.pools.1.tenant: there is no tenant 'visio'"),
        ([("target.gke.pools.1.sandbox", True)], "target.gke.pools.1.sandbox: gVisor and GPUs"),
        ([("target.gke.controlPlane.access", "dns")], "target.gke.controlPlane.authorized: unused with access: dns"),
        (
            [("target.gke.controlPlane", {"access": "authorizedNetworks"})],
            "target.gke.controlPlane: access: authorizedNetworks needs the ranges",
        ),
        ([(f"{MAKE}.protection", "HSM")], f"{MAKE}.externalKey: only with protection: EXTERNAL or EXTERNAL_VPC"),
        ([(f"{MAKE}.externalKey", ...)], f"{MAKE}: protection: EXTERNAL_VPC needs externalKey"),
        ([(f"{MAKE}.ekmConnection", ...)], f"{MAKE}: protection: EXTERNAL_VPC needs ekmConnection"),
        (
            [(f"{MAKE}.externalKey", "https://e.example.com/k")],
            f"{MAKE}.externalKey: with protection: EXTERNAL_VPC this",
        ),
        ([(f"{MAKE}.protection", "EXTERNAL")], f"{MAKE}.externalKey: with protection: EXTERNAL this is an https://"),
        ([(f"{MAKE}.rotationDays", 9)], f"{MAKE}.rotationDays: external keys are rotated at their home"),
        ([("exposure.iap.dns", {})], "exposure.iap.dns: exactly one is needed: zone"),
        ([("exposure.iap.dns.zone", "z")], "exposure.iap.dns: exactly one is needed: zone"),
        ([("exposure.iap.host", "ray.example.org")], "exposure.iap.host: 'ray.example.org' is not below makeZone"),
        (
            [("exposure.iap.scope", "global")],
            "exposure.iap.dns.private: with scope: global nobody outside could find it",
        ),
        ([("exposure.iap.legacyIngress", True)], "exposure.iap.legacyIngress: the legacy Ingress is global"),
        (
            [("supplyChain.attestorKey", "-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n")],
            "supplyChain.attestorKey: is for an attestor that is made",
        ),
        ([(f"{PATCHING}.window.end", "2027-01-01T00:00:00Z")], f"{PATCHING}.window.end: is not after start"),
        ([(f"{PATCHING}.window.end", "2027-01-02T01:00:00Z")], f"{PATCHING}.window.end: the window is shorter than"),
        ([(f"{PATCHING}.exclusions.0.end", "2029-01-05T00:00:00Z")], f"{PATCHING}.exclusions.0.end: the exclusion is"),
        ([("organization.live", True)], "organization.policies: either files or live: true"),
        (
            [("organization.ancestors", ["organizations/1", "folders/2"])],
            "organization.ancestors.0: the organisation is",
        ),
        ([("tenants.0.access.0.storage", "bucket")], "tenants.0.access.0: exactly one resource is needed beside role"),
        ([("tenants.0.access.0.bigquery", ...)], "tenants.0.access.0: exactly one resource is needed beside role"),
        ([("tenants.0.access.0.role", "roles/storage.objectUser")], "tenants.0.access.0.role: is no role of bigquery"),
        ([("tenants.0.access.0.role", "editor")], "tenants.0.access.0.role: 'editor' is a basic role"),
        ([("tenants.0.identity.maxAgeDays", 30)], "tenants.0.identity.maxAgeDays: only with mode: keyFile"),
    ],
)
def test_told(changes: list[tuple[str, object]], said: str) -> None:
    assert any(told.startswith(said) for told in mistakes(changed(gke(), *changes)))


def test_autopilot_is_regional() -> None:
    told = mistakes(changed(gke(), ("target.gke.mode", "autopilot"), ("target.gke.location", "us-central1-a")))
    assert "target.gke.location: Autopilot clusters are regional; did you mean 'us-central1'?" in told


def test_the_add_on_is_google_s() -> None:
    told = mistakes(changed(kubernetes(), ("operator.source", "addon")))
    assert told[0].startswith("operator.source: the add-on is GKE's")


def test_a_node_s_identity_needs_pool_tenant_and_consent() -> None:
    waiver = waived("node-identity")
    shared = mistakes(changed(gke(), waiver, ("target.gke.pools.0.nodeIdentity", True)))
    assert shared[0].startswith("target.gke.pools.0.nodeIdentity: only on a tenant's own pool")
    unasked = mistakes(changed(gke(), waiver, ("target.gke.pools.1.nodeIdentity", True)))
    assert unasked == ("target.gke.pools.1.nodeIdentity: tenant 'vision' does not have identity mode: node",)
    homeless = mistakes(changed(gke(), waiver, ("tenants.0.identity.mode", "node")))
    assert homeless == ("tenants.0.identity: mode: node needs a pool with tenant: vision and nodeIdentity: true",)


def test_a_key_file_has_an_age() -> None:
    told = mistakes(changed(gke(), waived("service-account-key"), ("tenants.0.identity.mode", "keyFile")))
    assert told == ("tenants.0.identity: mode: keyFile needs maxAgeDays, after which the key must be replaced",)
