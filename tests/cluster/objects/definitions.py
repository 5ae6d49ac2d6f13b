"""Custom kinds for the API server: from the modules that publish them, else made from the schemas that tests keep.

A made definition refuses unknown fields and wrong types like the published one, but has no defaults, no CEL rules and
no schema of its status; kinds whose definition nobody publishes take any field.
"""

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tests.cluster.harness.places import ROOT, ClusterError
from tests.cluster.harness.programs import module_folder

SCHEMAS: Final = ROOT / "tests" / "data" / "kubernetes"
#: Set of kinds to the module that publishes them and where in it.
PUBLISHED: Final[Mapping[str, tuple[str, str]]] = {
    "kuberay": ("github.com/ray-project/kuberay/ray-operator", "config/crd/bases"),
    "gateway-api": ("sigs.k8s.io/gateway-api", "config/crd/standard"),
    "cert-manager": ("github.com/cert-manager/cert-manager", "deploy/crds"),
    "kueue": ("sigs.k8s.io/kueue", "config/components/crd/bases"),
}
#: Set of kinds to the file of schemas it is made from.
MADE: Final[Mapping[str, str]] = {"gke": "gke", "kuberay-1.7.0": "kuberay-1.7.0"}
#: What every cluster has.
USUAL: Final = ("kuberay", "gateway-api", "gke")
#: Kinds that take any field: `GROUP/VERSION/KIND`, part of the set `gke`.
OPEN: Final = (
    "cloud.google.com/v1/BackendConfig",
    "networking.gke.io/v1/ManagedCertificate",
    "networking.gke.io/v1beta1/FrontendConfig",
    "cilium.io/v2/CiliumNetworkPolicy",
)
_CLUSTER_WIDE: Final = frozenset({"ClusterPodMonitoring"})
_SERVED: Final = {"v1": 3, "v1beta1": 2, "v1alpha1": 1}


def manifests(chosen: str, scratch: Path) -> tuple[str, ...]:
    """Paths that kubectl can apply for one set of kinds; what must be made is written into `scratch`.

    Raises: ClusterError for a set that nobody has.
    """
    if chosen in PUBLISHED:
        module, folder = PUBLISHED[chosen]
        files = sorted((module_folder("definitions", module) / folder).glob("*.yaml"))
        return tuple(str(path) for path in files if path.name != "kustomization.yaml")
    if chosen in MADE:
        schemas = json.loads(gzip.decompress((SCHEMAS / f"{MADE[chosen]}.json.gz").read_bytes()))
        if chosen == "gke":
            schemas |= {kind: {"type": "object", "x-kubernetes-preserve-unknown-fields": True} for kind in OPEN}
        target = scratch / f"kinds-{chosen}.json"
        content = {"apiVersion": "v1", "kind": "List", "items": definitions(schemas)}
        target.write_text(json.dumps(content), encoding="utf-8")
        return (str(target),)
    known = ", ".join(sorted({*PUBLISHED, *MADE}))
    raise ClusterError(f"no kinds are called {chosen!r}", f"known: {known}")


def definitions(schemas: Mapping[str, Any]) -> list[dict[str, Any]]:
    """CustomResourceDefinitions of `GROUP/VERSION/KIND` to schema; the most stable version is stored."""
    kinds: dict[tuple[str, str], dict[str, Any]] = {}
    for name, schema in schemas.items():
        group, version, kind = name.split("/")
        kinds.setdefault((group, kind), {})[version] = schema
    return [_definition(group, kind, versions) for (group, kind), versions in sorted(kinds.items())]


def _definition(group: str, kind: str, versions: Mapping[str, Any]) -> dict[str, Any]:
    singular = kind.lower()
    plural = f"{singular[:-1]}ies" if singular.endswith("y") else f"{singular}s"
    stored = max(versions, key=lambda version: _SERVED.get(version, 0))
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{plural}.{group}",
            # Kubernetes keeps *.k8s.io for itself and asks where such a kind was approved.
            "annotations": {"api-approved.kubernetes.io": "unapproved, a test's copy"} if ".k8s.io" in group else {},
        },
        "spec": {
            "group": group,
            "scope": "Cluster" if kind in _CLUSTER_WIDE else "Namespaced",
            "names": {"kind": kind, "listKind": f"{kind}List", "plural": plural, "singular": singular},
            "versions": [
                {
                    "name": version,
                    "served": True,
                    "storage": version == stored,
                    "subresources": {"status": {}},
                    "schema": {"openAPIV3Schema": _with_status(schema)},
                }
                for version, schema in sorted(versions.items())
            ],
        },
    }


def _with_status(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema as the API server wants it: structural, with a free status."""
    top: dict[str, Any] = _structural(schema)
    if "properties" in top:
        top["properties"]["status"] = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return top


def _structural(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_structural(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: _structural(value) for key, value in schema.items()}
    keys = found.get("x-kubernetes-list-map-keys")
    if isinstance(keys, list):
        items = found.get("items", {})
        # A key needs a default or must be required; the kept schemas have no defaults, so such a list is one value.
        if not set(keys) <= set(items.get("required", [])):
            del found["x-kubernetes-list-map-keys"]
            found.pop("x-kubernetes-list-type", None)
    return found
