"""Examples and variations of them, from text to rendered objects: one platform for each form an artefact can take."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from rayfence.catalog.actors import load_actors
from rayfence.catalog.machines import load_machines
from rayfence.catalog.ray_versions import load_ray_versions
from rayfence.catalog.value_groups import load_value_groups
from rayfence.model.cloud import CloudDesired
from rayfence.model.cluster_platform import ClusterPlatform
from rayfence.model.cluster_resolution import ClusterResolution
from rayfence.model.kubernetes import Manifest
from rayfence.model.orgpolicy import OrgFacts
from rayfence.policy.cluster import resolve_cluster
from rayfence.render.gcp.render import render as render_cloud
from rayfence.render.kubernetes.render import render as render_kubernetes
from rayfence.spec import load
from tests.sim.platforms import DIGEST, changed, text, waived

EXAMPLES: Final = Path(__file__).resolve().parents[2] / "examples"
NAMES: Final = ("article", "autopilot", "gpu-tenants", "minimal", "shared-vpc", "two-tenants")
TODAY: Final = date(2026, 11, 26)
RANGES: Final = {"nodesCidr": "10.10.0.0/22", "podsCidr": "10.12.0.0/16", "servicesCidr": "10.11.0.0/20"}
_NETWORK: Final = "target.gke.network"
_OTHERS: Final = {"network": "corporate", "subnetwork": "ray", **RANGES}
_IAP: Final = "exposure.iap"
_PROXIES: Final = (f"{_NETWORK}.own.proxyOnlyCidr", "10.13.0.0/23")
_RAY: Final = {"version": "2.60.0", "image": f"us-central1-docker.pkg.dev/acme-ray/ray/ray{DIGEST}"}
_SMALL: Final = {
    "ray": _RAY,
    "head": {"cpus": 2, "memoryGib": 8, "pool": "heads"},
    "workers": [{"name": "w", "cpus": 4, "memoryGib": 16, "pool": "workers", "minimum": 0, "maximum": 2}],
}
_REDIS: Final = {"redis": "redis.example.com:6379", "secret": "redis"}

#: Name to (example, changes).
VARIATIONS: Final[Mapping[str, tuple[str, tuple[tuple[str, object], ...]]]] = {
    "nat": ("article", ((f"{_NETWORK}.own.nat", True),)),
    "existing network": ("article", ((_NETWORK, {"existing": _OTHERS}),)),
    "existing network, ranges unknown": (
        "article",
        ((_NETWORK, {"existing": {"network": "corporate", "subnetwork": "ray"}}),),
    ),
    "shared, our firewall": (
        "article",
        (
            (_NETWORK, {"sharedVpc": {**_OTHERS, "hostProject": "acme-host", "manageFirewall": True}}),
            ("workbench", ...),
        ),
    ),
    "spoke of a hub": (
        "article",
        ((_NETWORK, {"spoke": {**RANGES, "hub": "projects/acme-host/locations/global/hubs/corporate"}}),),
    ),
    "peered": ("article", ((_NETWORK, {"spoke": {**RANGES, "hub": "projects/acme-host/global/networks/corporate"}}),)),
    "software key": ("article", (("encryption", {"make": {"protection": "SOFTWARE", "project": "acme-kms"}}),)),
    "hardware key": ("article", (("encryption", {"make": {"protection": "HSM"}}),)),
    "external key": (
        "article",
        (("encryption", {"make": {"protection": "EXTERNAL", "externalKey": "https://ekm.example.com/v0/keys/1"}}),),
    ),
    "google's keys": ("article", (("encryption", {"googleManaged": {}}),)),
    "annotated": ("article", (("tenants.0.identity", {"mode": "annotated"}),)),
    "node identity": (
        "article",
        (
            ("tenants.0.identity", {"mode": "node"}),
            ("target.gke.pools.1.nodeIdentity", True),
            ("tenants.0.clusters.0.head.pool", "workers"),
            waived("node-identity"),
        ),
    ),
    "key file": (
        "article",
        (("tenants.0.identity", {"mode": "keyFile", "maxAgeDays": 30}), waived("service-account-key")),
    ),
    "regional": ("article", (_PROXIES, (f"{_IAP}.scope", "regional"))),
    "internal proxy": (
        "article",
        (_PROXIES, (f"{_IAP}.scope", "internal"), (f"{_IAP}.dns", {"makeZone": "ray.example.com", "private": True})),
    ),
    "public zone made": ("article", ((f"{_IAP}.dns", {"makeZone": "ray.example.com"}),)),
    "no zone": ("article", ((f"{_IAP}.dns", ...),)),
    "legacy ingress": ("article", ((f"{_IAP}.legacyIngress", True),)),
    "internal alone": ("article", ((_IAP, ...), ("exposure.internal.globalAccess", True))),
    "no exposure": ("article", (("exposure", ...),)),
    "new project": (
        "article",
        (
            ("target.gke.create", {"parent": "folders/12", "billingAccount": "01ABCD-02ABCD-03ABCD"}),
            ("target.gke.projectNumber", ...),
        ),
    ),
    "perimeter enforced": (
        "article",
        (("perimeter.enforced", True), ("perimeter.accessLevels", ["accessPolicies/400000000001/accessLevels/ci"])),
    ),
    "private control plane": (
        "article",
        (("target.gke.controlPlane", {"access": "private", "authorized": ["10.60.0.0/24"]}),),
    ),
    "authorised networks": (
        "article",
        (
            ("target.gke.controlPlane", {"access": "authorizedNetworks", "authorized": ["8.8.8.0/24"]}),
            waived("public-control-plane"),
        ),
    ),
    "sandbox and spot": (
        "article",
        (
            ("target.gke.pools.1", {"name": "workers", "machineType": "n2d-standard-16", "maxNodes": 8}),
            ("target.gke.pools.1.sandbox", True),
            ("target.gke.pools.1.spot", True),
            ("target.gke.pools.1.tenant", "research"),
        ),
    ),
    "queue and labels": ("article", (("tenants.0.queue", "gpus"), ("tenants.0.labels", {"cost-centre": "4711"}))),
    "jobs and services": (
        "article",
        (
            ("tenants.0.jobs", [{"name": "once", "entrypoint": "python x.py", **_SMALL}]),
            ("tenants.0.jobs.1", {"name": "nightly", "entrypoint": "python y.py", "schedule": "0 2 * * *", **_SMALL}),
            ("tenants.0.services", [{"name": "app", "config": "applications: []\n", **_SMALL}]),
            ("operator.gates", ["RayClusterMTLS", "RayClusterNetworkPolicy", "RayCronJob"]),
            ("tenants.0.clusters.0.spillGib", 100),
            ("tenants.0.clusters.0.faultTolerance", _REDIS),
            ("tenants.0.quota", {"cpus": 200, "memoryGib": 900, "pods": 40}),
        ),
    ),
    "no autoscaling": (
        "article",
        (("tenants.0.clusters.0.autoscaling", False), ("tenants.0.clusters.0.workers.0.minimum", ...)),
    ),
    "add-on": ("article", (("operator", {"source": "addon"}),)),
    "foreign operator": ("article", (("operator", {"source": "existing", "version": "1.6.0"}),)),
    "operator without gates": ("article", (("operator.gates", ...),)),
    "redis at an address, mirror by name": (
        "article",
        (
            ("tenants.0.clusters.0.faultTolerance", {"redis": "10.50.0.3:6379", "secret": "redis"}),
            ("images.pipIndex", "https://nexus.example.com:8443/simple/"),
        ),
    ),
    "made attestor": ("article", (("supplyChain.attestors", ...),)),
    "data outside the perimeter": ("article", (("perimeter.dataProjects", []),)),
    "autopilot, proxy": (
        "autopilot",
        (
            _PROXIES,
            (_IAP, {"host": "ray.example.com", "allow": ["group:all@example.com"], "scope": "internal"}),
        ),
    ),
    "autopilot, sinks": (
        "autopilot",
        (
            (
                "observability.sinks",
                [
                    {"name": "bucket", "destination": "storage.googleapis.com/acme-audit"},
                    {"name": "topic", "destination": "pubsub.googleapis.com/projects/acme-logs/topics/audit"},
                    {"name": "table", "destination": "bigquery.googleapis.com/projects/acme-logs/datasets/audit"},
                ],
            ),
        ),
    ),
    "calico": ("two-tenants", (("target.kubernetes.datapath", "calico"),)),
    "api server known": ("two-tenants", (("target.kubernetes.apiServerCidrs", ["10.96.0.1/32"]),)),
}


@dataclass(frozen=True)
class Artefacts:
    """One platform, resolved and rendered, without an organisation."""

    resolution: ClusterResolution
    cloud: CloudDesired
    manifests: tuple[Manifest, ...]

    @property
    def kuberay(self) -> str:
        """The release whose schemas its Ray objects must fit."""
        return self.resolution.kubernetes.operator_version


def document(name: str) -> dict[str, Any]:
    """The spec of an example or a variation."""
    example, changes = VARIATIONS.get(name, (name, ()))
    data = yaml.safe_load((EXAMPLES / example / "platform.yaml").read_text(encoding="utf-8"))
    for change in changes:  # one after the other: later ones stand on earlier ones
        data = changed(data, change)
    assert isinstance(data, dict)
    return data


@cache
def artefacts(name: str) -> Artefacts:
    """An example or a variation through the whole pipeline."""
    platform = load(text(document(name)), name)
    assert isinstance(platform, ClusterPlatform)
    resolution = resolve_cluster(
        platform, OrgFacts(), TODAY, load_value_groups(), load_machines(), load_ray_versions(), load_actors()
    )
    return Artefacts(resolution, render_cloud(resolution), render_kubernetes(resolution))
