"""Hardening of clusters, concern by concern."""

from dataclasses import replace

from rayfence.model.gke_settings import ControlPlaneSettings
from rayfence.render.gcp.cluster import hardening
from rayfence.render.gcp.values import literal, template
from tests.unit.render.gcp.settings import AUTOPILOT, BARE, EXTERNAL_VPC, SPOKE, STANDARD


def forms(pair: hardening.Pair) -> tuple[dict[str, object], dict[str, object]]:
    api, terraform = literal(pair[0]), template(pair[1])
    assert isinstance(api, dict) and isinstance(terraform, dict)
    return api, terraform


def test_by_default_the_api_server_has_a_name_and_no_address() -> None:
    api, terraform = forms(hardening.endpoints(STANDARD))
    assert api == {
        "controlPlaneEndpointsConfig": {
            "dnsEndpointConfig": {"allowExternalTraffic": True},
            "ipEndpointsConfig": {"enabled": False},
        }
    }
    assert terraform == {
        "private_cluster_config": {"enable_private_nodes": True},
        "control_plane_endpoints_config": {
            "dns_endpoint_config": {"allow_external_traffic": True},
            "ip_endpoints_config": {"enabled": False},
        },
    }


def test_an_address_comes_with_its_networks() -> None:
    api, terraform = forms(hardening.endpoints(SPOKE))
    assert terraform["master_authorized_networks_config"] == {
        "gcp_public_cidrs_access_enabled": False,
        "private_endpoint_enforcement_enabled": True,
        "cidr_blocks": [{"cidr_block": "10.0.0.0/8"}],
    }
    assert "'enablePublicEndpoint': False" in str(api)
    assert "'enable_private_endpoint': True" in str(terraform)
    _, public = forms(hardening.endpoints(replace(SPOKE, control_plane=ControlPlaneSettings(False, True, True, ()))))
    assert "'enable_private_endpoint': False" in str(public)


def test_nobody_is_believed_without_a_reason() -> None:
    api, terraform = forms(hardening.authentication(STANDARD))
    assert api["legacyAbac"] == {"enabled": False} and terraform["enable_legacy_abac"] is False
    assert api["masterAuth"] == {"clientCertificateConfig": {"issueClientCertificate": False}}
    assert set(str(api["rbacBindingConfig"]).split()) & {"True", "True}"} == set()
    assert api["authenticatorGroupsConfig"] == {"enabled": True, "securityGroup": "gke-security-groups@acme.com"}
    assert "enable_legacy_abac" not in forms(hardening.authentication(AUTOPILOT))[1]


def test_secrets_and_images() -> None:
    _, terraform = forms(hardening.secrets(STANDARD))
    assert terraform["database_encryption"] == {
        "state": "ENCRYPTED",
        "key_name": "${google_kms_crypto_key.platform.id}",
    }
    assert terraform["binary_authorization"] == {"evaluation_mode": "PROJECT_SINGLETON_POLICY_ENFORCE"}
    assert "database_encryption" not in forms(hardening.secrets(BARE))[1]


def test_logs_of_the_control_plane_and_no_dead_component() -> None:
    api, terraform = forms(hardening.telemetry(STANDARD))
    assert "APISERVER" in str(api["loggingConfig"]) and "WORKLOADS" in str(terraform["logging_config"])
    assert "WORKLOADS" not in str(api["monitoringConfig"])
    assert "SECURITY_BULLETIN_EVENT" in str(terraform["notification_config"])
    assert forms(hardening.telemetry(replace(STANDARD, cloud_logging=False)))[1]["logging_config"] == {
        "enable_components": []
    }


def test_the_ray_add_on_turns_nothing_else_off() -> None:
    api, terraform = forms(hardening.addons(replace(STANDARD, operator_addon=True)))
    for form in (api["addonsConfig"], terraform["addons_config"]):
        text = str(form).lower().replace("_", "")
        assert "'httploadbalancing': {'disabled': false}" in text
        assert "'horizontalpodautoscaling': {'disabled': false}" in text
        assert "rayoperatorconfig" in text
    assert "dns_cache_config" not in str(forms(hardening.addons(AUTOPILOT))[1])
    assert "network_policy_config" in str(forms(hardening.addons(EXTERNAL_VPC))[1])
    assert "network_policy_config" not in str(terraform)


def test_windows_and_exclusions() -> None:
    api, terraform = forms(hardening.maintenance(STANDARD))
    assert api["releaseChannel"] == terraform["release_channel"] == {"channel": "REGULAR"}
    assert "'freeze'" in str(api["maintenancePolicy"]) and "'freeze'" in str(terraform["maintenance_policy"])
    assert set(forms(hardening.maintenance(BARE))[1]) == {"release_channel"}
