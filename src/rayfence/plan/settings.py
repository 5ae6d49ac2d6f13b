"""Which fields of the spec would change a setting: the way back from what plans print to what people write. Pure.

A setting without a field is never weaker by a word in the spec: only a rule of the organisation makes it another.
"""

import re
from typing import Final

from rayfence.model.cluster_platform import ClusterPlatform
from rayfence.model.gke import GkeTarget

_NETWORK: Final = "target.gke.network.{network}"
_POOL: Final = "target.gke.pools[{pool}]"
#: Setting -> fields; `*` is a name. Of two that fit the longer counts. Empty: no field changes it.
_FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "gke.project": ("target.gke.project",),
    "gke.mode": ("target.gke.mode",),
    "gke.cluster": ("metadata.name",),
    "gke.operator_addon": ("operator.source",),
    "gke.location": ("target.gke.location",),
    "gke.regional": ("target.gke.location",),
    "gke.zones": ("target.gke.nodeLocations",),
    "gke.network.kind": ("target.gke.network",),
    "gke.network.project": ("target.gke.network.sharedVpc.hostProject",),
    "gke.network.network": (f"{_NETWORK}.network",),
    "gke.network.subnetwork": (f"{_NETWORK}.subnetwork",),
    "gke.network.nodes_cidr": (f"{_NETWORK}.nodesCidr",),
    "gke.network.pods_cidr": (f"{_NETWORK}.podsCidr",),
    "gke.network.services_cidr": (f"{_NETWORK}.servicesCidr",),
    "gke.network.proxy_only_cidr": (f"{_NETWORK}.proxyOnlyCidr",),
    "gke.network.hub": ("target.gke.network.spoke.hub",),
    "gke.network.nat": (f"{_NETWORK}.nat",),
    "gke.network.vip": ("perimeter",),
    "gke.network.flow_logs": (f"{_NETWORK}.flowLogs",),
    "gke.network.iap_ssh": (f"{_NETWORK}.iapSsh",),
    "gke.network.manage_firewall": (f"{_NETWORK}.manageFirewall",),
    "gke.control_plane": ("target.gke.controlPlane.access",),
    "gke.control_plane.public_ip_endpoint": ("target.gke.controlPlane.authorized",),
    "gke.control_plane.authorized": ("target.gke.controlPlane.authorized",),
    "gke.key": ("encryption",),
    "gke.key.protection": ("encryption.make.protection",),
    "gke.key.rotation_days": ("encryption.make.rotationDays",),
    "gke.key.agents": (),
    "gke.encrypt_secrets": ("encryption",),
    "gke.actors.platform_admin": ("actors.platformAdmin",),
    "gke.actors.operator_installer": ("actors.operatorInstaller",),
    "gke.actors.auditor": ("actors.auditor",),
    "gke.actors.ci": ("actors.ci",),
    "gke.actors.scanner": ("actors.scanner",),
    "gke.account": ("target.gke.serviceAccount",),
    "gke.pools": ("target.gke.pools",),
    "gke.pools.*.machine_type": (f"{_POOL}.machineType",),
    "gke.pools.*.confidential": (f"{_POOL}.confidential",),
    "gke.pools.*.image_type": (f"{_POOL}.imageType",),
    "gke.pools.*.account": (f"{_POOL}.serviceAccount",),
    "gke.pools.*.nodes": (f"{_POOL}.minNodes", f"{_POOL}.maxNodes"),
    "gke.pools.*.tenant": (f"{_POOL}.tenant",),
    "gke.pools.*.node_identity": (f"{_POOL}.nodeIdentity",),
    "gke.pools.*.metadata": (),
    "gke.confidential_cluster": ("target.gke.pools",),
    "gke.internal": ("exposure.internal",),
    "gke.internal.source_ranges": ("exposure.internal.sourceRanges",),
    "gke.internal.global_access": ("exposure.internal.globalAccess",),
    "gke.iap": ("exposure.iap",),
    "gke.iap.allow": ("exposure.iap.allow",),
    "gke.gateway_class": ("exposure.iap.scope", "exposure.iap.legacyIngress"),
    "gke.registries": ("supplyChain.repositories",),
    "gke.image_sources": ("images.registries",),
    "gke.packages": ("images.pipIndex",),
    "gke.binary_authorization": ("supplyChain.dryRun",),
    "gke.binary_authorization.attestors": ("supplyChain.attestors",),
    "gke.channel": ("patching.channel",),
    "gke.window": ("patching.window",),
    "gke.exclusions": ("patching.exclusions",),
    "gke.security_group": ("target.gke.securityGroup",),
    "gke.alerts": ("observability.alerts", "observability.channels"),
    "gke.perimeter": ("perimeter.enforced",),
    "gke.workbench": ("workbench",),
    "gke.workbench.confidential": (),
    "gke.destinations": ("images.pipIndex", "tenants[*].clusters[*].faultTolerance.redis"),
    "kubernetes.operator_version": ("operator.version",),
    "kubernetes.gates": ("operator.gates",),
    "kubernetes.registries": ("images.registries",),
    "kubernetes.gateway": ("images.gateway",),
    "kubernetes.pip_index": ("images.pipIndex",),
    "kubernetes.spill_class": ("tenants[*].clusters[*].spillGib",),
    "ray.tls": ("operator.gates",),
    "tenants.*.identity": ("tenants[{tenant}].identity.mode",),
    "tenants.*.access": ("tenants[{tenant}].access",),
}
#: What an existing cluster is asked for; GKE decides it.
_KUBERNETES: Final = {
    "kubernetes.datapath": ("target.kubernetes.datapath",),
    "kubernetes.network_policy": ("target.kubernetes.datapath",),
    "kubernetes.spill_class": ("target.kubernetes.storageClass",),
}


def fields_of(setting: str, platform: ClusterPlatform) -> tuple[str, ...]:
    """Fields of this spec that decide the setting at this path; none: no field does."""
    google = isinstance(platform.target, GkeTarget)
    known = _FIELDS if google else {**_FIELDS, **_KUBERNETES}
    path = re.sub(r"\[\d+\]", "", setting)
    names = path.split(".")
    for length in range(len(names), 1, -1):
        for pattern in (names[:length], [*names[:2], "*", *names[3:length]], [names[0], "*", *names[2:length]]):
            found = known.get(".".join(pattern))
            if found is not None:
                return tuple(field for text in found if (field := _named(text, names, platform)))
    return ()


def _named(text: str, names: list[str], platform: ClusterPlatform) -> str:
    """A field with the indices of this spec; empty: the spec has not got what it would stand in."""
    target = platform.target
    if "{network}" in text and isinstance(target, GkeTarget):
        text = text.replace("{network}", target.network.kind.value)
    if "{pool}" in text and isinstance(target, GkeTarget):
        listed = [pool.name for pool in target.pools]
        if names[2] not in listed:
            return "target.gke.pools"  # the pool that is chosen where the spec has none
        text = text.replace("{pool}", str(listed.index(names[2])))
    if "{tenant}" in text:
        tenants = [tenant.name for tenant in platform.tenants]
        text = text.replace("{tenant}", str(tenants.index(names[1]))) if names[1] in tenants else ""
    return text
