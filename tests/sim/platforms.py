"""Specs for tests: one that uses every field of each cluster target, and ways to change it.

They are plain data; `text` writes them as JSON, which is YAML too.
"""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from rayfence.errors import SpecError
from rayfence.spec.load import load

Path = tuple[str | int, ...]

DIGEST = "@sha256:" + "1" * 64
LEVEL = "accessPolicies/12345/accessLevels/pipeline"
WORKFORCE = "iam.googleapis.com/locations/global/workforcePools/acme-people"
IDENTITIES = "iam.googleapis.com/projects/456/locations/global/workloadIdentityPools/ci-pool"
REGISTRY = "us-central1-docker.pkg.dev/acme-ml/ray/"


def _pods(**more: Any) -> dict[str, Any]:
    return {
        "ray": {"version": "2.60.0", "image": f"{REGISTRY}ray{DIGEST}"},
        "head": {"cpus": 2, "memoryGib": 8, "gpus": 0},
        "workers": [{"name": "small", "cpus": 4, "memoryGib": 16, "gpus": 0, "minimum": 0, "maximum": 8}],
        "autoscaling": True,
        "spillGib": 10,
        "idleSeconds": 30,
        "faultTolerance": {"redis": "redis.example.com:6379", "secret": "redis"},
        **more,
    }


def _tenant() -> dict[str, Any]:
    return {
        "name": "vision",
        "roles": {
            "viewer": ["group:audit@example.com"],
            "submitter": ["group:vision@example.com"],
            "operator": ["group:vision-leads@example.com"],
            "rayClient": ["group:vision-leads@example.com"],
            "serveCall": ["serviceAccount:front@acme-web.iam.gserviceaccount.com"],
        },
        "clusters": [_pods(name="train")],
        "jobs": [_pods(name="nightly", entrypoint="python x.py", schedule="0 2 * * 1-5", deadlineSeconds=600)],
        "services": [_pods(name="app", config="applications: []\n")],
        "quota": {"cpus": 64, "memoryGib": 256, "gpus": 2, "pods": 40},
        "queue": "vision",
        "retain": True,
        "labels": {"cost-centre": "4711"},
    }


def _root(target: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "rayfence.dev/v1alpha1",
        "kind": "Platform",
        "metadata": {"name": "ml"},
        "target": target,
        "images": {
            "registries": [REGISTRY],
            "gateway": f"{REGISTRY}gateway{DIGEST}",
            "pipIndex": "https://us-central1-python.pkg.dev/acme-ml/mirror/simple/",
        },
        "operator": {
            "source": "manifests",
            "version": "1.7.0",
            "namespace": "ray-system",
            "image": f"{REGISTRY}operator{DIGEST}",
            "gates": ["RayClusterMTLS"],
        },
        "identity": {"tokens": {"tokenMinutes": 60, "maxTokenMinutes": 720, "sessionMinutes": 480}},
        "limits": {"submitsPerMinute": 60, "maxPackageMib": 100, "maxConnections": 2000},
        "waivers": [],
        "tenants": [_tenant()],
    }


def kubernetes() -> dict[str, Any]:
    """Every field of a platform on an existing cluster."""
    return _root(
        {
            "kubernetes": {
                "context": "gke_acme-ml_us-central1_x",
                "datapath": "cilium",
                "storageClass": "fast",
                "apiServerCidrs": ["10.96.0.1/32"],
            }
        }
    )


def _gke_target() -> dict[str, Any]:
    pool = {
        "name": "heads",
        "machineType": "n2d-standard-8",
        "minNodes": 1,
        "maxNodes": 4,
        "diskGib": 100,
        "confidential": "SEV",
        "imageType": "COS_CONTAINERD",
        "spot": False,
        "sandbox": False,
        "serviceAccount": "ray-nodes@acme-ml.iam.gserviceaccount.com",
        "nodeIdentity": False,
    }
    return {
        "project": "acme-ml",
        "projectNumber": 123456789012,
        "create": {"parent": "folders/12", "billingAccount": "01ABCD-02ABCD-03ABCD"},
        "location": "us-central1",
        "nodeLocations": ["us-central1-a", "us-central1-c"],
        "mode": "standard",
        "network": {
            "spoke": {
                "network": "ml",
                "subnetwork": "ml-nodes",
                "nodesCidr": "10.0.0.0/22",
                "podsCidr": "10.4.0.0/16",
                "servicesCidr": "10.8.0.0/20",
                "proxyOnlyCidr": "10.9.0.0/23",
                "podsRange": "pods",
                "servicesRange": "services",
                "hub": "projects/acme-net/locations/global/hubs/corporate",
                "nat": False,
                "flowLogs": True,
                "manageFirewall": True,
                "iapSsh": True,
            }
        },
        "controlPlane": {"access": "private", "authorized": ["10.60.0.0/24"]},
        "pools": [
            pool,
            {
                "name": "gpus",
                "tenant": "vision",
                "machineType": "g2-standard-24",
                "gpu": {"kind": "nvidia-l4", "count": 2},
            },
        ],
        "securityGroup": "gke-security-groups@example.com",
    }


def gke() -> dict[str, Any]:
    """Every field of a platform on GKE, bar those that exclude each other or need a waiver."""
    data = _root({"gke": _gke_target()})
    data["tenants"][0]["clusters"][0]["head"]["pool"] = "heads"
    data["tenants"][0]["clusters"][0]["workers"].append({"name": "gpu", "gpus": 2, "pool": "gpus"})
    data["tenants"][0]["identity"] = {"mode": "principal"}
    data["tenants"][0]["access"] = [
        {"bigquery": "acme-data.images", "role": "dataViewer"},
        {"storage": "acme-vision", "role": "roles/storage.objectUser"},
        {"secretManager": "projects/acme-ml/secrets/wandb", "role": "secretAccessor"},
        {"pubsub": "projects/acme-ml/topics/done", "role": "publisher"},
        {"artifactRegistry": "projects/acme-ml/locations/us-central1/repositories/models", "role": "reader"},
        {"kms": "projects/p-kms-1/locations/us-central1/keyRings/r/cryptoKeys/k", "role": "cryptoKeyDecrypter"},
    ]
    return data | {
        "organization": {
            "policies": "org-policies",
            "live": False,
            "tags": ["100/env=prod"],
            "ancestors": ["folders/2", "organizations/1"],
            "owner": "governance@example.com",
        },
        "actors": {
            "platformAdmin": ["group:ray-platform@example.com"],
            "operatorInstaller": {"groups": ["group:installers@example.com"], "until": "2026-12-24T18:00:00Z"},
            "auditor": [f"principalSet://{WORKFORCE}/group/auditors"],
            "ci": [f"principalSet://{IDENTITIES}/attribute.repository/acme/ray-images"],
            "scanner": ["serviceAccount:scanner@acme-ci.iam.gserviceaccount.com"],
        },
        "encryption": {
            "make": {
                "project": "acme-kms",
                "protection": "EXTERNAL_VPC",
                "externalKey": "v0/keys/ml",
                "ekmConnection": "projects/acme-kms/locations/us-central1/ekmConnections/onprem",
            }
        },
        "exposure": {
            "internal": {"sourceRanges": ["10.0.0.0/8"], "subnetwork": "lb", "globalAccess": False},
            "iap": {
                "host": "ray.example.com",
                "allow": ["group:ml@example.com"],
                "scope": "internal",
                "dns": {"makeZone": "example.com", "private": True},
                "legacyIngress": False,
            },
        },
        "observability": {
            "sinks": [
                {"name": "audit", "destination": "storage.googleapis.com/acme-audit", "filter": "severity>=ERROR"}
            ],
            "channels": ["projects/acme-ml/notificationChannels/1"],
            "alerts": True,
        },
        "supplyChain": {"attestors": ["projects/acme-ml/attestors/ci"], "dryRun": False, "repositories": ["docker"]},
        "patching": {
            "channel": "REGULAR",
            "window": {
                "start": "2027-01-02T00:00:00Z",
                "end": "2027-01-02T06:00:00Z",
                "recurrence": "FREQ=WEEKLY;BYDAY=SA,SU",
            },
            "exclusions": [
                {
                    "name": "year-end",
                    "start": "2027-12-20T00:00:00Z",
                    "end": "2028-01-05T00:00:00Z",
                    "scope": "NO_MINOR_UPGRADES",
                }
            ],
        },
        "perimeter": {"policy": 12345, "enforced": False, "dataProjects": ["acme-data"], "accessLevels": [LEVEL]},
        "workbench": {"name": "notebook", "zone": "us-central1-a", "owner": "sam@example.com"},
    }


def changed(data: dict[str, Any], *changes: tuple[str, object]) -> dict[str, Any]:
    """A copy with values set at dotted paths; `...` removes the key. Missing mappings on the way are made."""
    result: Any = copy.deepcopy(data)
    for dotted, value in changes:
        inner = result
        *way, last = [int(part) if part.isdigit() else part for part in dotted.split(".")]
        for part in way:
            inner = inner.setdefault(part, {}) if isinstance(inner, dict) else inner[part]
        if value is ...:
            del inner[last]
        elif isinstance(inner, list) and last == len(inner):
            inner.append(copy.deepcopy(value))
        else:
            inner[last] = copy.deepcopy(value)
    copied: dict[str, Any] = result
    return copied


def paths(value: object, path: Path = ()) -> Iterator[tuple[Path, object]]:
    """Every path with its value, the root first."""
    yield path, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from paths(inner, (*path, key))


def text(data: object) -> str:
    """The file."""
    return json.dumps(data, indent=1)


def mistakes(data: object) -> tuple[str, ...]:
    """`path: sentence` of every mistake; fails where there is none."""
    with pytest.raises(SpecError) as caught:
        load(text(data), "f")
    return tuple(problem.split(": ", 1)[1] for problem in caught.value.problems)


def waived(*controls: str) -> tuple[str, object]:
    """A change that adds waivers."""
    return (
        "waivers",
        [{"control": name, "reason": "a trial", "owner": "sam", "expires": "2027-03-01"} for name in controls],
    )
