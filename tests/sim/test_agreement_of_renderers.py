"""What one renderer writes and another one uses: addresses, certificates, subnets, ports, accounts, by name."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from rayfence.model.gke_settings import GkeSettings
from tests.sim.artefacts import NAMES, VARIATIONS, artefacts

GOOGLE = tuple(name for name in (*NAMES, *VARIATIONS) if artefacts(name).resolution.gke is not None)


def objects(name: str, kind: str) -> list[Any]:
    """Kubernetes objects of a kind."""
    return [item.object for item in artefacts(name).manifests if item.object["kind"] == kind]


def blocks(name: str, *kinds: str) -> list[Any]:
    """Attributes of Terraform's resources of these types."""
    return [made.attributes for made in artefacts(name).cloud.resources if made.block in kinds]


def named(name: str, *kinds: str) -> set[str]:
    """Names of Terraform's resources of these types."""
    return {str(item["name"]) for item in blocks(name, *kinds)}


def settings(name: str) -> GkeSettings:
    """The settings of a platform on GKE."""
    found = artefacts(name).resolution.gke
    assert found is not None
    return found


@pytest.mark.parametrize("name", GOOGLE)
def test_gateways_name_addresses_and_certificates_that_are_made(name: str) -> None:
    addresses = named(name, "google_compute_global_address", "google_compute_address")
    for entrance in objects(name, "Gateway"):
        notes = entrance["metadata"].get("annotations", {})
        if "networking.gke.io/certmap" in notes:
            assert notes["networking.gke.io/certmap"] in named(name, "google_certificate_manager_certificate_map")
        assert {item["value"] for item in entrance["spec"]["addresses"]} <= addresses
        for listener in entrance["spec"]["listeners"]:
            assert (listener["protocol"], listener["port"]) == ("HTTPS", 443)
            options = listener.get("tls", {}).get("options", {})
            assert ("networking.gke.io/certmap" in notes) != bool(options)
            assert set(options.values()) <= named(name, "google_certificate_manager_certificate")
    for policy in objects(name, "GCPGatewayPolicy"):
        tls = named(name, "google_compute_ssl_policy", "google_compute_region_ssl_policy")
        assert policy["spec"]["default"]["sslPolicy"] in tls


@pytest.mark.parametrize("name", GOOGLE)
def test_an_ingress_is_https_only_and_names_what_is_made(name: str) -> None:
    for ingress in objects(name, "Ingress"):
        notes = ingress["metadata"]["annotations"]
        assert notes["kubernetes.io/ingress.global-static-ip-name"] in named(name, "google_compute_global_address")
        assert notes["kubernetes.io/ingress.allow-http"] == "false"
        issued = {item["metadata"]["name"] for item in objects(name, "ManagedCertificate")}
        assert set(notes["networking.gke.io/managed-certificates"].split(",")) <= issued


@pytest.mark.parametrize("name", GOOGLE)
def test_every_dashboard_has_a_certificate_and_a_record(name: str) -> None:
    hosts = {host for route in objects(name, "HTTPRoute") for host in route["spec"]["hostnames"]}
    hosts |= {rule["host"] for ingress in objects(name, "Ingress") for rule in ingress["spec"]["rules"]}
    managed = [item["managed"] for item in blocks(name, "google_certificate_manager_certificate")]
    domains = {domain for item in managed for domain in item["domains"]}
    domains |= {domain for item in objects(name, "ManagedCertificate") for domain in item["spec"]["domains"]}
    records = {str(item["name"]).rstrip(".") for item in blocks(name, "google_dns_record_set") if item["type"] == "A"}
    iap = settings(name).iap
    assert (iap is not None) == bool(hosts)
    for host in hosts:
        assert domains & {host, f"*.{host.partition('.')[2]}"}, host
        if iap is not None and (iap.zone or iap.zone_domain):
            assert records & {host, f"*.{host.partition('.')[2]}"}, host


@pytest.mark.parametrize("name", GOOGLE)
def test_services_stay_inside_and_show_the_gateways_ports_alone(name: str) -> None:
    gke = settings(name)
    for service in objects(name, "Service"):
        assert service["spec"].get("type", "ClusterIP") in {"ClusterIP", "LoadBalancer"}
        if service["spec"].get("type") == "LoadBalancer":
            assert gke.internal is not None
            notes = service["metadata"]["annotations"]
            assert notes["networking.gke.io/load-balancer-type"] == "Internal"
            shared = notes.get("networking.gke.io/internal-load-balancer-allow-global-access") == "true"
            assert shared == gke.internal.global_access
            subnet = notes["networking.gke.io/internal-load-balancer-subnet"]
            assert subnet == (gke.internal.subnetwork or gke.network.subnetwork)
            assert {port["port"] for port in service["spec"]["ports"]} == {443, 8449}
            assert tuple(service["spec"]["loadBalancerSourceRanges"]) == gke.internal.source_ranges


@pytest.mark.parametrize("name", GOOGLE)
def test_the_firewall_opens_the_ports_that_gateways_listen_on(name: str) -> None:
    listening = {
        str(port["containerPort"])
        for item in objects(name, "Deployment")
        if item["metadata"]["name"] == "gateway"
        for container in item["spec"]["template"]["spec"]["containers"]
        for port in container.get("ports", ())
    }
    for rule in blocks(name, "google_compute_firewall"):
        if str(rule["name"]).endswith(("-in-probers", "-in-proxies")):
            assert "8443" in rule["allow"][0]["ports"]
            assert not listening or set(rule["allow"][0]["ports"]) <= listening


@pytest.mark.parametrize("name", GOOGLE)
def test_identities_that_are_bound_are_accounts_that_exist(name: str) -> None:
    case = artefacts(name)
    there = {item.reference for item in case.manifests}
    bound = json.dumps([made.attributes for made in case.cloud.resources])
    pairs = re.findall(r"/subject/ns/([^/\"]+)/sa/([^/\"]+)", bound)
    pairs += re.findall(r"svc\.id\.goog\[([^/\]]+)/([^/\]]+)\]", bound)
    for namespace, account in pairs:
        assert f"ServiceAccount {namespace}/{account}" in there
    made = {str(item["account_id"]) for item in blocks(name, "google_service_account")}
    for account in objects(name, "ServiceAccount"):
        email = account["metadata"].get("annotations", {}).get("iam.gke.io/gcp-service-account")
        assert email is None or email.partition("@")[0] in made


@pytest.mark.parametrize("name", GOOGLE)
def test_pods_land_on_pools_that_exist_and_tolerate_them(name: str) -> None:
    pools = {str(item["name"]): item for item in blocks(name, "google_container_node_pool")}
    for cluster in objects(name, "RayCluster"):
        spec = cluster["spec"]
        for group in (spec["headGroupSpec"], *spec["workerGroupSpecs"]):
            pod = group["template"]["spec"]
            chosen = pod.get("nodeSelector", {}).get("cloud.google.com/gke-nodepool")
            if chosen is None:
                continue
            node: Mapping[str, Any] = pools[chosen]["node_config"]
            tolerated = {(item["key"], item.get("value")) for item in pod.get("tolerations", ())}
            assert {(taint["key"], taint["value"]) for taint in node.get("taint", ())} <= tolerated, chosen
            assert ("sandbox_config" in node) == (pod.get("runtimeClassName") == "gvisor"), chosen
