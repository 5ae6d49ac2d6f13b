"""The parts of a cluster that Standard and Autopilot share: one pair of forms per concern.

Source: Kubernetes Engine API v1, `Cluster`; provider google 6.50, `google_container_cluster`.
"""

from collections.abc import Mapping
from typing import Final

from rayfence.model.gke import GkeMode
from rayfence.model.gke_settings import GkeSettings
from rayfence.render.gcp.cluster.notifications import topic
from rayfence.render.gcp.site import key_name

Pair = tuple[Mapping[str, object], Mapping[str, object]]  # fields for the API, attributes for Terraform

#: The control plane's own logs too: who was let in is told by them only.
LOG_COMPONENTS: Final = ("SYSTEM_COMPONENTS", "WORKLOADS", "APISERVER", "SCHEDULER", "CONTROLLER_MANAGER")
METRIC_COMPONENTS: Final = ("SYSTEM_COMPONENTS", "APISERVER", "SCHEDULER", "CONTROLLER_MANAGER")
EVENTS: Final = ("SECURITY_BULLETIN_EVENT", "UPGRADE_EVENT", "UPGRADE_AVAILABLE_EVENT")


def endpoints(settings: GkeSettings) -> Pair:
    """How the API server is reached, and private nodes.

    The API is given the current fields only: what the server makes of the legacy ones beside them is not documented.
    The provider makes `enablePublicEndpoint` of its `enable_private_endpoint`: without any address it says nothing.
    """
    plane = settings.control_plane
    networks = {
        "enabled": True,
        "gcpPublicCidrsAccessEnabled": False,
        "privateEndpointEnforcementEnabled": True,
        "cidrBlocks": [{"cidrBlock": cidr} for cidr in plane.authorized],
    }
    return (
        {
            "controlPlaneEndpointsConfig": {
                "dnsEndpointConfig": {"allowExternalTraffic": plane.dns_endpoint},
                "ipEndpointsConfig": {
                    "enabled": plane.ip_endpoint,
                    "enablePublicEndpoint": plane.public_ip_endpoint if plane.ip_endpoint else None,
                    "globalAccess": False if plane.ip_endpoint else None,
                    "authorizedNetworksConfig": networks if plane.ip_endpoint else None,
                },
            },
        },
        {
            "private_cluster_config": {
                "enable_private_nodes": True,
                "enable_private_endpoint": not plane.public_ip_endpoint if plane.ip_endpoint else None,
            },
            "control_plane_endpoints_config": {
                "dns_endpoint_config": {"allow_external_traffic": plane.dns_endpoint},
                "ip_endpoints_config": {"enabled": plane.ip_endpoint},
            },
            "master_authorized_networks_config": (
                {
                    "gcp_public_cidrs_access_enabled": False,
                    "private_endpoint_enforcement_enabled": True,
                    "cidr_blocks": [{"cidr_block": cidr} for cidr in plane.authorized],
                }
                if plane.ip_endpoint
                else None
            ),
        },
    )


def authentication(settings: GkeSettings) -> Pair:
    """Who the API server believes: no client certificates, no legacy rules, nothing for strangers; groups by name."""
    group = settings.security_group
    return (
        {
            "masterAuth": {"clientCertificateConfig": {"issueClientCertificate": False}},
            "legacyAbac": {"enabled": False},
            "anonymousAuthenticationConfig": {"mode": "LIMITED"},
            "rbacBindingConfig": {
                "enableInsecureBindingSystemAuthenticated": False,
                "enableInsecureBindingSystemUnauthenticated": False,
            },
            "authenticatorGroupsConfig": {"enabled": True, "securityGroup": group} if group else None,
        },
        {
            "master_auth": {"client_certificate_config": {"issue_client_certificate": False}},
            "enable_legacy_abac": False if settings.mode is GkeMode.STANDARD else None,
            "anonymous_authentication_config": {"mode": "LIMITED"},
            "rbac_binding_config": {
                "enable_insecure_binding_system_authenticated": False,
                "enable_insecure_binding_system_unauthenticated": False,
            },
            "authenticator_groups_config": {"security_group": group} if group else None,
        },
    )


def secrets(settings: GkeSettings) -> Pair:
    """Secrets in etcd under our key, the Secret Manager add-on, and images by Binary Authorization."""
    key = key_name(settings) if settings.encrypt_secrets else None
    mode = "PROJECT_SINGLETON_POLICY_ENFORCE"
    return (
        {
            "databaseEncryption": {"state": "ENCRYPTED", "keyName": key} if key else None,
            "secretManagerConfig": {"enabled": True},
            "binaryAuthorization": {"evaluationMode": mode},
        },
        {
            "database_encryption": {"state": "ENCRYPTED", "key_name": key} if key else None,
            "secret_manager_config": {"enabled": True},
            "binary_authorization": {"evaluation_mode": mode},
        },
    )


def telemetry(settings: GkeSettings) -> Pair:
    """Logs, metrics, notifications. `WORKLOADS` is no metric component any more: v1 refuses it."""
    logs = LOG_COMPONENTS if settings.cloud_logging else ()
    # The provider's names of the log components are the API's.
    pubsub = {"enabled": True, "topic": topic(settings)}
    return (
        {
            "loggingConfig": {"componentConfig": {"enableComponents": logs}},
            "monitoringConfig": {
                "componentConfig": {"enableComponents": METRIC_COMPONENTS},
                "managedPrometheusConfig": {"enabled": True},
            },
            "notificationConfig": {"pubsub": {**pubsub, "filter": {"eventType": EVENTS}}},
            "securityPostureConfig": {"mode": "BASIC", "vulnerabilityMode": "VULNERABILITY_DISABLED"},
        },
        {
            "logging_config": {"enable_components": logs},
            "monitoring_config": {"enable_components": METRIC_COMPONENTS, "managed_prometheus": {"enabled": True}},
            "notification_config": {"pubsub": {**pubsub, "filter": {"event_type": EVENTS}}},
            "security_posture_config": {"mode": "BASIC", "vulnerability_mode": "VULNERABILITY_DISABLED"},
        },
    )


def addons(settings: GkeSettings) -> Pair:
    """Add-ons, all written out.

    The trap: an add-on list with the Ray operator alone turns load balancing and pod autoscaling off, and with them
    Gateway and IAP.
    """
    ray = settings.operator_addon
    on = {"enabled": True}
    standard = settings.mode is GkeMode.STANDARD
    drivers = on if standard else None  # always on in Autopilot
    calico = standard and not settings.dataplane_v2
    return (
        {
            "addonsConfig": {
                "httpLoadBalancing": {"disabled": False},
                "horizontalPodAutoscaling": {"disabled": False},
                "gcePersistentDiskCsiDriverConfig": drivers,
                "dnsCacheConfig": drivers,
                "gcsFuseCsiDriverConfig": drivers,
                "networkPolicyConfig": {"disabled": False} if calico else None,
                "rayOperatorConfig": (
                    {"enabled": True, "rayClusterLoggingConfig": on, "rayClusterMonitoringConfig": on} if ray else None
                ),
            },
        },
        {
            "addons_config": {
                "http_load_balancing": {"disabled": False},
                "horizontal_pod_autoscaling": {"disabled": False},
                "gce_persistent_disk_csi_driver_config": drivers,
                "dns_cache_config": drivers,
                "gcs_fuse_csi_driver_config": drivers,
                "network_policy_config": {"disabled": False} if calico else None,
                "ray_operator_config": (
                    [{"enabled": True, "ray_cluster_logging_config": on, "ray_cluster_monitoring_config": on}]
                    if ray
                    else None
                ),
            },
        },
    )


def maintenance(settings: GkeSettings) -> Pair:
    """Release channel, maintenance window and exclusions."""
    window, exclusions = settings.window, settings.exclusions
    api_policy: dict[str, object] = {}
    policy: dict[str, object] = {}
    if window is not None:
        api_policy["recurringWindow"] = {
            "window": {"startTime": window.start, "endTime": window.end},
            "recurrence": window.recurrence,
        }
        policy["recurring_window"] = {
            "start_time": window.start,
            "end_time": window.end,
            "recurrence": window.recurrence,
        }
    if exclusions:
        api_policy["maintenanceExclusions"] = {
            item.name: {
                "startTime": item.start,
                "endTime": item.end,
                "maintenanceExclusionOptions": {"scope": item.scope},
            }
            for item in exclusions
        }
        policy["maintenance_exclusion"] = [
            {
                "exclusion_name": item.name,
                "start_time": item.start,
                "end_time": item.end,
                "exclusion_options": {"scope": item.scope},
            }
            for item in exclusions
        ]
    return (
        {
            "releaseChannel": {"channel": settings.channel},
            "maintenancePolicy": {"window": api_policy} if api_policy else None,
        },
        {"release_channel": {"channel": settings.channel}, "maintenance_policy": policy or None},
    )
