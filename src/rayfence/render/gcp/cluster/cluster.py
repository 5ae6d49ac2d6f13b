"""The cluster, Standard or Autopilot.

Covers: every hardening that belongs to the cluster; the pool that exists while a Standard cluster is made. Leaves out:
node pools (`nodepool`), objects inside the cluster (`render/kubernetes`).
Source: Kubernetes Engine API v1, `Cluster`; provider google 6.50, `google_container_cluster`.
"""

from collections.abc import Mapping
from typing import Final

from rayfence.model.cloud import CloudResource
from rayfence.model.gke import GkeMode
from rayfence.model.gke_settings import GkeSettings
from rayfence.render.gcp.cluster import hardening
from rayfence.render.gcp.cluster.hardening import Pair
from rayfence.render.gcp.cluster.nodeconfig import SCOPES, api_node_config, terraform_node_config
from rayfence.render.gcp.network import firewall_resources, vpc_resources, zone_resources
from rayfence.render.gcp.resource import address_of, resource
from rayfence.render.gcp.site import (
    enabled,
    grants,
    key_name,
    labels,
    location,
    network,
    node_account,
    node_tag,
    project,
    shared,
    subnetwork,
)
from rayfence.render.gcp.values import label

CLUSTER: Final = "google_container_cluster.platform"
WAYS: Final = frozenset(
    {"google_compute_firewall", "google_compute_route", "google_compute_router_nat", "google_dns_record_set"}
)


def cluster_resource(settings: GkeSettings) -> CloudResource:
    """The cluster as one object, after the key's grants, everything a Shared VPC needs, and the nodes' ways out."""
    standard = settings.mode is GkeMode.STANDARD
    parts = (
        _place(settings),
        hardening.endpoints(settings),
        hardening.authentication(settings),
        hardening.secrets(settings),
        hardening.telemetry(settings),
        hardening.addons(settings),
        hardening.maintenance(settings),
        _nodes(settings),
        _standard(settings) if standard else _autopilot(settings),
    )
    return resource(
        "container.googleapis.com/Cluster",
        settings.cluster,
        CLUSTER,
        "cluster",
        body={name: value for api, _ in parts for name, value in api.items()},
        attributes={name: value for _, terraform in parts for name, value in terraform.items()},
        after=(
            *enabled(settings, "container", "compute"),
            *grants(settings.key),
            *_accounts(settings),
            *_host(settings),
            *_ways(settings),
        ),
        # The pool of the making is gone at once: edits to what it was like must not replace the cluster.
        ignored=("initial_node_count", "node_config") if standard else (),
        irreversible="mode, location, network and ranges, datapath, cluster-wide confidentiality",
        costs="cluster management fee by the hour",
    )


def _accounts(settings: GkeSettings) -> tuple[str, ...]:
    """Roles of the accounts that the cluster's first nodes run as."""
    if settings.mode is GkeMode.STANDARD and settings.pools:
        first = settings.pools[0]
        return ("google_project_iam_member." + label("node", first.account_id),) if first.account_made else ()
    account = settings.account.partition("@")[0]
    return ("google_project_iam_member." + label("node", account),) if settings.account_made else ()


def _host(settings: GkeSettings) -> tuple[str, ...]:
    if not shared(settings):
        return ()
    return (
        "google_compute_subnetwork_iam_member.apis",
        "google_compute_subnetwork_iam_member.gke",
        "google_project_iam_member.host_agent",
    )


def _ways(settings: GkeSettings) -> tuple[str, ...]:
    """Routes, names and rules: a node that reaches no API never joins, and GKE gives the cluster up as broken."""
    made = (*vpc_resources(settings), *zone_resources(settings), *firewall_resources(settings))
    return tuple(address_of(item) for item in made if item.block in WAYS)


def _place(settings: GkeSettings) -> Pair:
    net = settings.network
    pool = settings.workload_pool
    standard = settings.mode is GkeMode.STANDARD
    return (
        {
            "name": settings.cluster,
            "location": settings.location,
            "locations": settings.zones or None,
            "network": network(settings),
            "subnetwork": subnetwork(settings),
            "ipAllocationPolicy": {
                "useIpAliases": True,
                "clusterSecondaryRangeName": net.pods_range,
                "servicesSecondaryRangeName": net.services_range,
                "stackType": "IPV4",
            },
            "resourceLabels": labels(settings),
            "workloadIdentityConfig": {"workloadPool": pool} if pool else None,
            "confidentialNodes": _api_confidential(settings),
            "costManagementConfig": {"enabled": True},
        },
        {
            "project": project(settings),
            "name": settings.cluster,
            "location": location(settings),
            "node_locations": settings.zones or None,
            "network": network(settings),
            "subnetwork": subnetwork(settings),
            "networking_mode": "VPC_NATIVE",
            "ip_allocation_policy": {
                "cluster_secondary_range_name": net.pods_range,
                "services_secondary_range_name": net.services_range,
                "stack_type": "IPV4",
            },
            "resource_labels": labels(settings),
            "deletion_protection": True,
            # Autopilot has Workload Identity built in; the provider refuses to be told.
            "workload_identity_config": {"workload_pool": pool} if pool and standard else None,
            "confidential_nodes": _confidential(settings),
            "cost_management_config": {"enabled": True},
            # In a host project GKE has no right to write rules: ours stand there instead.
            "disable_l4_lb_firewall_reconciliation": True if shared(settings) and standard else None,
        },
    )


def _api_confidential(settings: GkeSettings) -> Mapping[str, object] | None:
    kind = settings.confidential_cluster
    return {"enabled": True, "confidentialInstanceType": kind.value} if kind else None


def _confidential(settings: GkeSettings) -> Mapping[str, object] | None:
    kind = settings.confidential_cluster
    return {"enabled": True, "confidential_instance_type": kind.value} if kind else None


def _nodes(settings: GkeSettings) -> Pair:
    """Defaults for nodes of whatever pool, also of those that GKE makes."""
    kubelet = {"insecureKubeletReadonlyPortEnabled": False}
    tags = [node_tag(settings)]
    standard = settings.mode is GkeMode.STANDARD
    return (
        {
            "networkConfig": {
                "network": network(settings),
                "subnetwork": subnetwork(settings),
                "datapathProvider": "ADVANCED_DATAPATH" if settings.dataplane_v2 else None,
                "enableIntraNodeVisibility": True,
                "defaultEnablePrivateNodes": True,
                "gatewayApiConfig": {"channel": "CHANNEL_STANDARD"},
                "disableL4LbFirewallReconciliation": True if shared(settings) and standard else None,
            },
            "nodePoolDefaults": {"nodeConfigDefaults": {"nodeKubeletConfig": kubelet}},
            "nodePoolAutoConfig": {"nodeKubeletConfig": kubelet, "networkTags": {"tags": tags}},
        },
        {
            "gateway_api_config": {"channel": "CHANNEL_STANDARD"},
            "node_pool_defaults": (
                {"node_config_defaults": {"insecure_kubelet_readonly_port_enabled": "FALSE"}} if standard else None
            ),
            "node_pool_auto_config": {
                "node_kubelet_config": {"insecure_kubelet_readonly_port_enabled": "FALSE"},
                "network_tags": {"tags": tags},
            },
        },
    )


def _standard(settings: GkeSettings) -> Pair:
    """What only a Standard cluster is told.

    GKE makes a first pool with every cluster, which Terraform removes. While it exists, the organisation's rules hold
    for its nodes too: it is made like the first pool of the platform.
    """
    policy = None if settings.dataplane_v2 else {"enabled": True, "provider": "CALICO"}
    first = settings.pools[0] if settings.pools else None
    return (
        {
            "initialNodeCount": 1,
            "nodeConfig": api_node_config(settings, first) if first else None,
            "shieldedNodes": {"enabled": settings.shielded},
            "networkPolicy": policy,
            "autoscaling": {"enableNodeAutoprovisioning": False},
        },
        {
            "remove_default_node_pool": True,
            "initial_node_count": 1,
            "node_config": terraform_node_config(settings, first) if first else None,
            "enable_shielded_nodes": settings.shielded,
            "datapath_provider": "ADVANCED_DATAPATH" if settings.dataplane_v2 else None,
            # Dataplane V2 enforces policies itself: asking for Calico beside it is refused by the server.
            "network_policy": policy,
            "enable_intranode_visibility": True,
        },
    )


def _autopilot(settings: GkeSettings) -> Pair:
    """What only an Autopilot cluster is told: the account and the key of the nodes that GKE makes.

    Shielded nodes, Dataplane V2 and visibility inside nodes are built in. The API's form says so, because constraints
    are held against it; the provider refuses to be told.
    """
    account, key = node_account(settings), key_name(settings)
    return (
        {
            "autopilot": {"enabled": True},
            "autoscaling": {
                "autoprovisioningNodePoolDefaults": {
                    "serviceAccount": account,
                    "oauthScopes": SCOPES,
                    "bootDiskKmsKey": key,
                    "shieldedInstanceConfig": {"enableSecureBoot": True, "enableIntegrityMonitoring": True},
                }
            },
            "shieldedNodes": {"enabled": True},
            "verticalPodAutoscaling": {"enabled": True},
        },
        {
            "enable_autopilot": True,
            "cluster_autoscaling": {
                "auto_provisioning_defaults": {
                    "service_account": account,
                    "oauth_scopes": SCOPES,
                    "boot_disk_kms_key": key,
                }
            },
            "vertical_pod_autoscaling": {"enabled": True},
        },
    )
