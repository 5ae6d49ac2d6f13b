"""Platforms and organisations that tests of `policy` start from: a minimal one and the article's."""

import datetime
from dataclasses import replace
from typing import Final

from rayfence.catalog.actors import load_actors
from rayfence.catalog.machines import load_machines
from rayfence.catalog.ray_versions import load_ray_versions
from rayfence.catalog.value_groups import load_value_groups
from rayfence.model.cluster_platform import (
    ClusterPlatform,
    Images,
    KubernetesTarget,
    Operator,
    OrganizationInput,
    Waiver,
)
from rayfence.model.cluster_resolution import ClusterResolution
from rayfence.model.decision import Decision
from rayfence.model.gke import (
    Encryption,
    GkeTarget,
    IapExposure,
    InternalExposure,
    Network,
    NetworkKind,
    NodePool,
)
from rayfence.model.orgpolicy import EffectivePolicy, ListValues, OrgFacts
from rayfence.model.tenancy import ClusterTenant, Grant, NamedCluster, PodShape, RayPods, Roles, WorkerPods
from rayfence.policy.basis import Case
from rayfence.policy.cluster import resolve_cluster, rules_of

TODAY: Final = datetime.date(2026, 11, 26)
DIGEST: Final = "@sha256:" + "0" * 64
OPERATOR: Final = Operator(image=f"us-central1-docker.pkg.dev/acme-ml/ml-images/kuberay{DIGEST}")
GATEWAY: Final = f"us-central1-docker.pkg.dev/acme-ml/ml-images/gateway{DIGEST}"
KEY: Final = "projects/acme-kms/locations/us-central1/keyRings/ray/cryptoKeys/nodes"

PODS: Final = RayPods(
    version="2.60.0",
    image=f"us-central1-docker.pkg.dev/acme-ml/ml-images/ray{DIGEST}",
    head=PodShape(2, 8),
    workers=(WorkerPods("cpu", PodShape(2, 8), 0, 4),),
)
VISION: Final = ClusterTenant(
    name="vision",
    roles=Roles(viewer=("group:audit@acme.com",), submitter=("group:vision@acme.com",)),
    clusters=(NamedCluster("train", PODS),),
)


def minimal(**changes: object) -> ClusterPlatform:
    """The shortest platform on GKE; `changes` of its target."""
    target = GkeTarget("acme-ml", "123456", "us-central1", Network(NetworkKind.OWN))
    return ClusterPlatform(
        name="ml",
        target=replace(target, **changes),  # type: ignore[arg-type]
        tenants=(VISION,),
        images=Images(("us-central1-docker.pkg.dev/acme-ml/ml-images/",), GATEWAY),
        operator=OPERATOR,
    )


def article(**changes: object) -> ClusterPlatform:
    """The article's environment: one confidential pool, a key of another project, both ways in."""
    target = GkeTarget(
        project="acme-ml",
        project_number="123456",
        location="us-central1",
        node_locations=("us-central1-c",),
        network=Network(NetworkKind.OWN),
        pools=(NodePool("workers", "n2d-standard-8", 1, 4),),
        encryption=Encryption(key=KEY),
        internal=InternalExposure(("10.0.0.0/8",)),
        iap=IapExposure("ray.acme.com", ("group:ml@acme.com",), zone="acme-zone"),
        security_group="gke-security-groups@acme.com",
    )
    vision = replace(VISION, access=(Grant("bigquery", "acme-data.images", "dataViewer"),))
    return ClusterPlatform(
        name="ml",
        target=replace(target, **changes),  # type: ignore[arg-type]
        tenants=(vision,),
        images=Images(("us-central1-docker.pkg.dev/acme-ml/ml-images/",), GATEWAY),
        operator=OPERATOR,
        organization=OrganizationInput(policies="org-policies", ancestors=("folders/2", "organizations/1")),
    )


def existing(**changes: object) -> ClusterPlatform:
    """The shortest platform on somebody's cluster."""
    return replace(minimal(), target=KubernetesTarget(**changes))  # type: ignore[arg-type]


def on(constraint: str) -> EffectivePolicy:
    """A boolean or managed constraint that is enforced."""
    return EffectivePolicy(constraint, f"org-policies/{constraint}.json", enforced=True)


def off(constraint: str) -> EffectivePolicy:
    """A boolean that a tag's condition switches off for this project."""
    return EffectivePolicy(constraint, f"org-policies/{constraint}.json", enforced=False)


def allow(constraint: str, *values: str) -> EffectivePolicy:
    """A list that admits these values alone."""
    return EffectivePolicy(constraint, f"org-policies/{constraint}.json", values=ListValues(allowed=values))


def deny(constraint: str, *values: str) -> EffectivePolicy:
    """A list that denies these values, or everything."""
    values_denied = ListValues(deny_all=not values, denied=values)
    return EffectivePolicy(constraint, f"org-policies/{constraint}.json", values=values_denied)


def open_question(constraint: str) -> EffectivePolicy:
    """A policy that nobody can decide."""
    return EffectivePolicy(
        constraint, f"org-policies/{constraint}.json", undecided="the tags of the project are unknown"
    )


def facts(*policies: EffectivePolicy, **more: object) -> OrgFacts:
    """An organisation with these policies; the platform's and the key's project have known ancestors."""
    ancestry = {
        "projects/acme-ml": ("folders/2", "organizations/1"),
        "projects/acme-kms": ("folders/9", "organizations/1"),
    }
    base = OrgFacts(policies={policy.constraint: policy for policy in policies}, ancestry=ancestry)
    return replace(base, **more)  # type: ignore[arg-type]


#: The article's eight, as an organisation sets them that lets this project have Workload Identity by a tag.
EIGHT: Final = (
    allow("gcp.resourceLocations", "in:us-central1-locations"),
    on("compute.requireShieldedVm"),
    on("compute.requireOsLogin"),
    deny("compute.restrictNonConfidentialComputing", "compute.googleapis.com", "container.googleapis.com"),
    deny("compute.vmExternalIpAccess"),
    off("iam.disableWorkloadIdentityClusterCreation"),
    deny("gcp.restrictNonCmekServices", "compute.googleapis.com", "container.googleapis.com"),
    allow("gcp.restrictCmekCryptoKeyProjects", "under:folders/9"),
)


def resolved(platform: ClusterPlatform, *policies: EffectivePolicy) -> ClusterResolution:
    """The platform under these policies, on a fixed day."""
    return resolved_with(platform, facts(*policies))


def resolved_with(platform: ClusterPlatform, known: OrgFacts) -> ClusterResolution:
    """The platform under these facts, on a fixed day."""
    return resolve_cluster(
        platform, known, TODAY, load_value_groups(), load_machines(), load_ray_versions(), load_actors()
    )


def case(platform: ClusterPlatform, *policies: EffectivePolicy) -> Case:
    """The platform under these policies, nothing decided yet."""
    return Case(
        platform,
        rules_of(platform, facts(*policies), load_value_groups()),
        load_machines(),
        load_ray_versions(),
        load_actors(),
        TODAY,
    )


def decision(resolution: ClusterResolution, path: str) -> Decision:
    """The one decision on a setting."""
    (found,) = [item for item in resolution.decisions if item.path == path]
    return found


def refused(resolution: ClusterResolution) -> set[str]:
    """Every rule and field that a conflict names."""
    return {name for conflict in resolution.conflicts for name in (*conflict.rules, *conflict.fields)}


def waiver(control: str, expires: str = "2027-06-30") -> Waiver:
    """A waiver with an owner."""
    return Waiver(control, "needed for the migration", "ada@acme.com", expires)
