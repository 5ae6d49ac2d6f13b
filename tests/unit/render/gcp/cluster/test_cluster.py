"""The cluster in its two modes."""

from rayfence.render.gcp.cluster.cluster import cluster_resource
from tests.unit.render.gcp.settings import AUTOPILOT, BARE, EXTERNAL_VPC, SHARED, STANDARD


def test_a_standard_cluster() -> None:
    made = cluster_resource(STANDARD)
    assert made.attributes["deletion_protection"] is True
    assert made.attributes["datapath_provider"] == "ADVANCED_DATAPATH" and "network_policy" not in made.attributes
    assert made.attributes["workload_identity_config"] == {"workload_pool": "acme-ml.svc.id.goog"}
    assert made.attributes["enable_shielded_nodes"] is True
    assert made.attributes["node_pool_defaults"] == {
        "node_config_defaults": {"insecure_kubelet_readonly_port_enabled": "FALSE"}
    }
    assert made.body["networkConfig"] == {
        "network": "projects/acme-ml/global/networks/ray",
        "subnetwork": "projects/acme-ml/regions/us-central1/subnetworks/ray-nodes",
        "datapathProvider": "ADVANCED_DATAPATH",
        "enableIntraNodeVisibility": True,
        "defaultEnablePrivateNodes": True,
        "gatewayApiConfig": {"channel": "CHANNEL_STANDARD"},
    }


def test_the_pool_of_the_making_obeys_the_same_rules() -> None:
    made = cluster_resource(STANDARD)
    assert made.attributes["remove_default_node_pool"] is True
    first = made.attributes["node_config"]
    assert isinstance(first, dict)
    assert first["boot_disk_kms_key"] and first["confidential_nodes"] and first["service_account"]
    assert made.attributes["lifecycle"] == {"ignore_changes": ["initial_node_count", "node_config"]}


def test_an_autopilot_cluster_is_told_nothing_that_it_refuses() -> None:
    made = cluster_resource(AUTOPILOT)
    assert made.attributes["enable_autopilot"] is True
    assert not set(made.attributes) & {
        "remove_default_node_pool",
        "node_config",
        "initial_node_count",
        "enable_shielded_nodes",
        "datapath_provider",
        "enable_intranode_visibility",
        "workload_identity_config",
        "network_policy",
    }
    assert made.attributes["cluster_autoscaling"] == {
        "auto_provisioning_defaults": {
            "service_account": "${google_service_account.ray-nodes.email}",
            "oauth_scopes": ["https://www.googleapis.com/auth/cloud-platform"],
            "boot_disk_kms_key": "${google_kms_crypto_key.platform.id}",
        }
    }
    assert "google_project_iam_member.node__ray-nodes" in str(made.attributes["depends_on"])


def test_calico_where_there_is_no_dataplane_v2() -> None:
    made = cluster_resource(EXTERNAL_VPC)
    assert made.attributes["network_policy"] == made.body["networkPolicy"] == {"enabled": True, "provider": "CALICO"}
    assert "datapath_provider" not in made.attributes


def test_a_shared_vpc_is_ready_first_and_its_firewall_is_ours() -> None:
    made = cluster_resource(SHARED)
    assert made.attributes["disable_l4_lb_firewall_reconciliation"] is True
    assert "google_compute_subnetwork_iam_member.gke" in str(made.attributes["depends_on"])


def test_confidentiality_of_the_whole_cluster() -> None:
    made = cluster_resource(BARE)
    assert made.attributes["confidential_nodes"] == {"enabled": True, "confidential_instance_type": "SEV"}
    assert "workload_identity_config" not in made.attributes
