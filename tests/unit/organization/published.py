"""The published custom constraints of `published_constraints.yaml`, and clusters to hold against them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from rayfence.model.cloud import CloudResource
from rayfence.model.orgpolicy import CustomConstraint

CLUSTER: Final = "container.googleapis.com/Cluster"
POOL: Final = "container.googleapis.com/NodePool"

#: The article's cluster as gcloud sends it (its two missing flags added), and one made for the GKE constraints.
ARTICLE: Final[tuple[Mapping[str, Any], Mapping[str, Any]]] = (
    {
        "name": "my-gke-cluster",
        "location": "us-central1-c",
        "confidentialNodes": {"enabled": True},
        "ipAllocationPolicy": {"useIpAliases": True},
        "networkConfig": {"defaultEnablePrivateNodes": True},
        "shieldedNodes": {"enabled": True},
        "workloadIdentityConfig": {"workloadPool": "p.svc.id.goog"},
    },
    {
        "name": "default-pool",
        "management": {"autoRepair": True, "autoUpgrade": True},
        "config": {
            "bootDiskKmsKey": "k",
            "machineType": "n2d-standard-2",
            "shieldedInstanceConfig": {"enableSecureBoot": True, "enableIntegrityMonitoring": True},
        },
    },
)
HARDENED: Final[tuple[Mapping[str, Any], Mapping[str, Any]]] = (
    {
        "name": "ray",
        "location": "us-central1",
        "confidentialNodes": {"enabled": True},
        "networkConfig": {"datapathProvider": "ADVANCED_DATAPATH", "enableIntraNodeVisibility": True},
        "privateClusterConfig": {"enablePrivateEndpoint": True},
        "masterAuthorizedNetworksConfig": {"enabled": True},
    },
    {
        "name": "ray",
        "config": {
            "bootDiskKmsKey": "k",
            "sandboxConfig": {"type": "GVISOR"},
            "shieldedInstanceConfig": {"enableSecureBoot": True},
            "workloadMetadataConfig": {"mode": "GKE_METADATA"},
        },
    },
)


def published(service: str = "") -> tuple[CustomConstraint, ...]:
    """All published constraints, or those of one service."""
    text = Path(__file__).with_name("published_constraints.yaml").read_text(encoding="utf-8")
    return tuple(
        CustomConstraint(
            name=row["id"],
            kinds=(row["resource"],),
            methods=tuple(row["methods"]),
            condition=row["cel"],
            denies=row["action"] == "DENY",
            title="",
            source="published_constraints.yaml",
        )
        for row in yaml.safe_load(text)
        if row["resource"].startswith(service)
    )


def custom(condition: str, kind: str = CLUSTER, *, denies: bool = True, methods: str = "CREATE") -> CustomConstraint:
    """One constraint of one's own."""
    return CustomConstraint("custom.test", (kind,), tuple(methods.split()), condition, denies, "a test", "test.yaml:1")


def resource(body: Mapping[str, Any], kind: str = CLUSTER, name: str = "ray") -> CloudResource:
    """A planned object of which only the body matters."""
    return CloudResource(kind, name, "google_x", "ray", "test", body, {})


def platform(bodies: tuple[Mapping[str, Any], Mapping[str, Any]]) -> tuple[CloudResource, CloudResource]:
    """A cluster and its pool."""
    return resource(bodies[0], CLUSTER, "ray"), resource(bodies[1], POOL, "ray/pool")
