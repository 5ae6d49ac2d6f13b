"""A platform as renderers would make it, written by hand: the ground of every fixture, to be changed field by field."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, cast

from rayfence.catalog.constraints import load_constraints
from rayfence.catalog.value_groups import load_value_groups
from rayfence.model.cloud import CloudDesired, CloudResource
from rayfence.model.cluster_platform import ClusterPlatform, Datapath, Images
from rayfence.model.cluster_resolution import ClusterResolution, KubernetesSettings
from rayfence.model.gke import GkeMode, GkeTarget, Network, NetworkKind, Observability, Protection
from rayfence.model.gke_settings import (
    BinaryAuthorization,
    ControlPlaneSettings,
    GkeSettings,
    KeySettings,
    NetworkSettings,
)
from rayfence.model.kubernetes import Manifest
from rayfence.model.orgpolicy import EffectivePolicy, ListValues, OrgFacts
from rayfence.model.outcome import ConstraintOutcome
from rayfence.model.tenancy import ClusterTenant, Roles
from rayfence.policy.constraints import outcomes

Json = dict[str, object]

PROJECT: Final = "acme-ml"
REGION: Final = "us-central1"
KEY: Final = "projects/acme-kms/locations/us-central1/keyRings/ray/cryptoKeys/ray"
NETWORK: Final = f"projects/{PROJECT}/global/networks/ray"
SUBNET: Final = f"projects/{PROJECT}/regions/{REGION}/subnetworks/ray"
NODE_ACCOUNT: Final = f"ray-nodes@{PROJECT}.iam.gserviceaccount.com"
POD_MEMBER: Final = (
    f"principal://iam.googleapis.com/projects/123456/locations/global/workloadIdentityPools/{PROJECT}.svc.id.goog"
    "/subject/ns/vision/sa/worker"
)
ANCESTRY: Final[Mapping[str, tuple[str, ...]]] = {
    f"projects/{PROJECT}": ("projects/123456", "folders/2", "organizations/1"),
    "projects/acme-kms": ("folders/3", "organizations/1"),
}

_BLOCKS: Final[Mapping[str, str]] = {
    "Cluster": "google_container_cluster",
    "NodePool": "google_container_node_pool",
    "Network": "google_compute_network",
    "Subnetwork": "google_compute_subnetwork",
    "KeyRing": "google_kms_key_ring",
    "CryptoKey": "google_kms_crypto_key",
    "ServiceAccount": "google_service_account",
    "Repository": "google_artifact_registry_repository",
    "Topic": "google_pubsub_topic",
    "Service": "google_project_service",
}
_SERVICES: Final = {"Network": "compute", "Subnetwork": "compute", "KeyRing": "cloudkms", "CryptoKey": "cloudkms"}


@dataclass
class Made:
    """A rendered platform whose parts a fixture may still change. `manifests` are whole Kubernetes objects."""

    resolution: ClusterResolution
    resources: list[CloudResource]
    manifests: list[Json]

    def find(self, kind: str, name: str | None = None) -> CloudResource:
        """The resource of this kind (`Cluster`), the first one if no name is given."""
        for resource in self.resources:
            if resource.kind.rpartition("/")[2] == kind and name in {None, resource.name}:
                return resource
        raise LookupError(f"{kind} {name}")

    def set(self, kind: str, path: str, value: object, name: str | None = None) -> "Made":
        """Put `value` at a dotted path of a resource's body; None takes the field away."""
        put(cast(Json, self.find(kind, name).body), path, value)
        return self

    def each(self, kind: str, path: str, value: object) -> "Made":
        """The same for every resource of the kind."""
        for resource in self.resources:
            if resource.kind.rpartition("/")[2] == kind:
                put(cast(Json, resource.body), path, value)
        return self

    def add(self, kind: str, name: str, body: Json, block: str = "", **attributes: object) -> "Made":
        """One more resource; `kind` as in `storage.googleapis.com/Bucket`."""
        block = block or _BLOCKS[kind.rpartition("/")[2]]
        # A copy: fixtures share bodies, and what is added here is changed afterwards.
        self.resources.append(CloudResource(kind, name, block, name, "more", copy.deepcopy(body), attributes))
        return self

    def drop(self, kind: str, name: str | None = None) -> "Made":
        """One resource less."""
        self.resources.remove(self.find(kind, name))
        return self

    def apply(self, manifest: Json) -> "Made":
        """One more Kubernetes object."""
        self.manifests.append(copy.deepcopy(manifest))
        return self

    def forget(self, field: str) -> bool:
        """Take away a field as outcomes name it (`NodePool head: config.imageType`); whether it was there."""
        address, _, path = field.partition(": ")
        for resource in self.resources:
            if f"{resource.kind.rpartition('/')[2]} {resource.name}" == address:
                *steps, leaf = path.replace("]", "").replace("[", ".").split(".")
                place: object = resource.body
                for step in steps:
                    place = place[int(step)] if isinstance(place, list) else cast(Json, place).get(step)
                if isinstance(place, dict) and leaf in place:
                    del place[leaf]
                    return True
        return False

    def settings(self, **changes: object) -> "Made":
        """Other Google Cloud settings."""
        gke = self.resolution.gke
        assert gke is not None
        self.resolution = replace(self.resolution, gke=replace(gke, **changes))  # type: ignore[arg-type]
        return self

    def judge(self, policies: Sequence[EffectivePolicy] = (), **facts: object) -> dict[str, ConstraintOutcome]:
        """All outcomes by constraint under these policies."""
        known = {"ancestry": ANCESTRY, "policies": {policy.constraint: policy for policy in policies}, **facts}
        found = outcomes(
            self.resolution,
            CloudDesired(tuple(self.resources)),
            tuple(Manifest(manifest, "more", 5) for manifest in self.manifests),
            OrgFacts(**known),  # type: ignore[arg-type]
            load_constraints(),
            load_value_groups(),
        )
        return {outcome.constraint: outcome for outcome in found}


def put(body: Json, path: str, value: object) -> None:
    """Set or, with None, remove what stands at a dotted path; missing steps are made."""
    *steps, leaf = path.split(".")
    place = body
    for step in steps:
        place = cast(Json, place.setdefault(step, {}))
    if value is None:
        place.pop(leaf, None)
    else:
        place[leaf] = value


def enforced(constraint: str, **parameters: object) -> EffectivePolicy:
    """A boolean or managed policy that is enforced."""
    return EffectivePolicy(constraint, "policies.json:1 (folders/2)", enforced=True, parameters=parameters)


def listed(constraint: str, *allowed: str, denied: tuple[str, ...] = (), deny_all: bool = False) -> EffectivePolicy:
    """A list policy."""
    values = ListValues(allowed=allowed, denied=denied, deny_all=deny_all)
    return EffectivePolicy(constraint, "policies.json:1 (folders/2)", values=values)


def made() -> Made:
    """A hardened Standard cluster with keys, private nodes and two pools; everything the article's rules want."""
    return Made(resolution(), [_resource(*row) for row in _rows()], [copy.deepcopy(row) for row in _MANIFESTS])


def autopilot() -> Made:
    """The same on Autopilot: no pools, Google's nodes."""
    platform = made().settings(mode=GkeMode.AUTOPILOT)
    platform.resources = [row for row in platform.resources if not row.kind.endswith("/NodePool")]
    for path in ("shieldedNodes", "initialNodeCount", "nodeConfig"):
        platform.set("Cluster", path, None)
    defaults = {
        "serviceAccount": NODE_ACCOUNT,
        "bootDiskKmsKey": KEY,
        "shieldedInstanceConfig": {"enableSecureBoot": True, "enableIntegrityMonitoring": True},
    }
    platform.set("Cluster", "autopilot.enabled", True)
    return platform.set("Cluster", "autoscaling.autoprovisioningNodePoolDefaults", defaults)


def resolution() -> ClusterResolution:
    """The settings behind `made`."""
    target = GkeTarget(PROJECT, "123456", REGION, Network(NetworkKind.OWN, nodes_cidr="10.0.0.0/20"))
    tenant = ClusterTenant("vision", Roles(submitter=("group:vision@acme.com",)))
    platform = ClusterPlatform("ml", target, (tenant,), Images(registries=("us-central1-docker.pkg.dev/acme-ml/ray/",)))
    return ClusterResolution(platform, _settings(), _KUBERNETES, decisions=(), conflicts=())


def _settings() -> GkeSettings:
    network = NetworkSettings(
        NetworkKind.OWN, PROJECT, "ray", "ray", REGION, True, "10.0.0.0/20", "10.4.0.0/14", "10.8.0.0/20", "pods",
        "services", None, None, False, False, True, True, "restricted",
    )  # fmt: skip
    return GkeSettings(
        project=PROJECT,
        project_number="123456",
        make_project=None,
        billing_account=None,
        location=REGION,
        regional=True,
        zones=("us-central1-a", "us-central1-b"),
        mode=GkeMode.STANDARD,
        cluster="ray",
        services=("container.googleapis.com", "compute.googleapis.com", "cloudkms.googleapis.com"),
        network=network,
        control_plane=ControlPlaneSettings(True, False, False, ()),
        key=KeySettings(
            KEY, False, "acme-kms", REGION, "ray", "ray", Protection.HSM, 90, None, None, ("compute-system",)
        ),
        encrypt_secrets=True,
        pools=(),
        account=NODE_ACCOUNT,
        account_made=True,
        workload_pool=f"{PROJECT}.svc.id.goog",
        shielded=True,
        confidential_cluster=None,
        dataplane_v2=True,
        channel="REGULAR",
        window=None,
        exclusions=(),
        security_group="gke-security-groups@acme.com",
        binary_authorization=BinaryAuthorization(True, (), True, None),
        registries=(),
        operator_addon=False,
        internal=None,
        iap=None,
        gateway_class=None,
        ssl_policy=False,
        cloud_logging=True,
        observability=Observability(),
        perimeter=None,
        workbench=None,
    )


_KUBERNETES: Final = KubernetesSettings(
    datapath=Datapath.CILIUM,
    registries=(),
    operator_version="1.7.0",
    operator_namespace="ray-system",
    gates=(),
    metadata_server=True,
    spill_class="ray-spill",
    spill_key=KEY,
    pip_index=None,
    api_server_cidrs=(),
    autopilot=False,
    on_gke=True,
)


def _resource(kind: str, name: str, body: Json) -> CloudResource:
    service = _SERVICES.get(
        kind, {"ServiceAccount": "iam", "Repository": "artifactregistry", "Topic": "pubsub"}.get(kind, "container")
    )
    service = "serviceusage" if kind == "Service" else service
    return CloudResource(f"{service}.googleapis.com/{kind}", name, _BLOCKS[kind], name, "base", body, {})


def node_config() -> Json:
    """The configuration of one pool's nodes."""
    return {
        "machineType": "n2d-standard-8",
        "imageType": "COS_CONTAINERD",
        "serviceAccount": NODE_ACCOUNT,
        "metadata": {"disable-legacy-endpoints": "true"},
        "bootDiskKmsKey": KEY,
        "shieldedInstanceConfig": {"enableSecureBoot": True, "enableIntegrityMonitoring": True},
        "kubeletConfig": {"insecureKubeletReadonlyPortEnabled": False},
        "confidentialNodes": {"enabled": True, "confidentialInstanceType": "SEV"},
        "workloadMetadataConfig": {"mode": "GKE_METADATA"},
    }


def _rows() -> list[tuple[str, str, Json]]:
    pools: list[tuple[str, str, Json]] = [
        ("NodePool", name, {"name": name, "config": node_config(), "networkConfig": {"enablePrivateNodes": True}})
        for name in ("head", "workers")
    ]
    return [
        ("Service", "container.googleapis.com", {"name": f"projects/{PROJECT}/services/container.googleapis.com"}),
        ("Network", "ray", {"name": "ray", "autoCreateSubnetworks": False}),
        (
            "Subnetwork",
            "ray",
            {
                "name": "ray",
                "network": NETWORK,
                "region": REGION,
                "purpose": "PRIVATE",
                "stackType": "IPV4_ONLY",
                "logConfig": {"enable": True, "flowSampling": 0.5},
            },
        ),
        ("KeyRing", "ray", {"name": "projects/acme-kms/locations/us-central1/keyRings/ray"}),
        ("CryptoKey", "ray", {"name": KEY}),
        ("ServiceAccount", "ray-nodes", {"accountId": "ray-nodes"}),
        ("Repository", "ray", {"name": f"projects/{PROJECT}/locations/{REGION}/repositories/ray", "kmsKeyName": KEY}),
        ("Topic", "bulletins", {"name": f"projects/{PROJECT}/topics/bulletins", "kmsKeyName": KEY}),
        ("Cluster", "ray", _cluster()),
        *pools,
    ]


def _cluster() -> Json:
    return {
        "name": "ray",
        "location": REGION,
        "locations": ["us-central1-a", "us-central1-b"],
        "network": NETWORK,
        "subnetwork": SUBNET,
        "initialNodeCount": 1,
        "nodeConfig": node_config(),
        "ipAllocationPolicy": {"useIpAliases": True, "stackType": "IPV4"},
        "workloadIdentityConfig": {"workloadPool": f"{PROJECT}.svc.id.goog"},
        "networkConfig": {"datapathProvider": "ADVANCED_DATAPATH", "defaultEnablePrivateNodes": True},
        "controlPlaneEndpointsConfig": {
            "dnsEndpointConfig": {"allowExternalTraffic": True},
            "ipEndpointsConfig": {"enabled": False},
        },
        "shieldedNodes": {"enabled": True},
        "databaseEncryption": {"state": "ENCRYPTED", "keyName": KEY},
        "binaryAuthorization": {"evaluationMode": "PROJECT_SINGLETON_POLICY_ENFORCE"},
        "authenticatorGroupsConfig": {"enabled": True, "securityGroup": "gke-security-groups@acme.com"},
        "notificationConfig": {"pubsub": {"enabled": True, "topic": f"projects/{PROJECT}/topics/bulletins"}},
        "loggingConfig": {"componentConfig": {"enableComponents": ["SYSTEM_COMPONENTS", "WORKLOADS"]}},
        "legacyAbac": {"enabled": False},
        "masterAuth": {"clientCertificateConfig": {"issueClientCertificate": False}},
        "rbacBindingConfig": {
            "enableInsecureBindingSystemAuthenticated": False,
            "enableInsecureBindingSystemUnauthenticated": False,
        },
        "nodePoolDefaults": {
            "nodeConfigDefaults": {"nodeKubeletConfig": {"insecureKubeletReadonlyPortEnabled": False}}
        },
        "nodePoolAutoConfig": {"nodeKubeletConfig": {"insecureKubeletReadonlyPortEnabled": False}},
    }


_MANIFESTS: Final[tuple[Json, ...]] = (
    {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "ray-spill"},
        "provisioner": "pd.csi.storage.gke.io",
        "parameters": {"type": "pd-balanced", "disk-encryption-kms-key": KEY},
    },
    {
        "apiVersion": "ray.io/v1",
        "kind": "RayCluster",
        "metadata": {"namespace": "vision", "name": "train"},
        "spec": {
            "headGroupSpec": {
                "serviceType": "ClusterIP",
                "template": {
                    "spec": {
                        "volumes": [
                            {
                                "name": "spill",
                                "ephemeral": {"volumeClaimTemplate": {"spec": {"storageClassName": "ray-spill"}}},
                            }
                        ]
                    }
                },
            }
        },
    },
)


def service(name: str = "gateway", *, internal: bool = True, subnet: str = "") -> Json:
    """A Service that asks for a load balancer."""
    annotations: Json = {"networking.gke.io/load-balancer-type": "Internal"} if internal else {}
    if subnet:
        annotations["networking.gke.io/internal-load-balancer-subnet"] = subnet
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"namespace": "vision-gateway", "name": name, "annotations": annotations},
        "spec": {"type": "LoadBalancer"},
    }


def gateway(class_name: str, *, secret: bool = False) -> Json:
    """A Gateway with one HTTPS listener."""
    tls: Json = {"mode": "Terminate", **({"certificateRefs": [{"name": "tls"}]} if secret else {})}
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {"namespace": "vision-gateway", "name": "dashboard"},
        "spec": {
            "gatewayClassName": class_name,
            "listeners": [{"name": "https", "protocol": "HTTPS", "port": 443, "tls": tls}],
        },
    }


def gateway_policy(ssl_policy: str) -> Json:
    """The GCPGatewayPolicy of `gateway`."""
    return {
        "apiVersion": "networking.gke.io/v1",
        "kind": "GCPGatewayPolicy",
        "metadata": {"namespace": "vision-gateway", "name": "dashboard"},
        "spec": {
            "default": {"sslPolicy": ssl_policy},
            "targetRef": {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "dashboard"},
        },
    }


def workbench(**setup: object) -> Json:
    """A hardened notebook; `setup` replaces parts of its machine."""
    machine: Json = {
        "machineType": "n2d-standard-4",
        "disablePublicIp": True,
        "shieldedInstanceConfig": {"enableSecureBoot": True},
        "bootDisk": {"diskEncryption": "CMEK", "kmsKey": KEY},
        "networkInterfaces": [{"network": NETWORK, "subnet": SUBNET}],
        "serviceAccounts": [{"email": NODE_ACCOUNT}],
        "metadata": {},
        **setup,
    }
    return {"name": f"projects/{PROJECT}/locations/us-central1-a/instances/notes", "gceSetup": machine}


def binding(role: str, *members: str) -> Json:
    """The body of a rendered IAM policy."""
    return {"bindings": [{"role": role, "members": list(members)}]}
