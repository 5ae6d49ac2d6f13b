"""What the root module hands on: values later steps need, and what people have to do that Terraform can't.

Source: every entry is `Text`; expressions refer to declared objects only.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from rayfence.model.cluster_resolution import ClusterResolution
from rayfence.model.gke import Protection
from rayfence.model.gke_settings import GkeSettings
from rayfence.render.gcp.exposure.address import address_value
from rayfence.render.gcp.exposure.certificates import AUTHORIZATION
from rayfence.render.gcp.exposure.names import balancers
from rayfence.render.gcp.exposure.zone import proof_in_zone
from rayfence.render.gcp.network import network_requests
from rayfence.render.gcp.site import key_name, location, network, project, subnetwork
from rayfence.render.gcp.values import Text, reference, text

#: Agents that exist only once something asked for them; the others come with their API.
LAZY_AGENTS: Final = {
    "gcp-sa-artifactregistry": "artifactregistry.googleapis.com",
    "gcp-sa-notebooks": "notebooks.googleapis.com",
    "gcp-sa-pubsub": "pubsub.googleapis.com",
    "gcp-sa-secretmanager": "secretmanager.googleapis.com",
    "gs-project-accounts": "storage.googleapis.com",
}


def outputs(resolution: ClusterResolution, settings: GkeSettings) -> Mapping[str, str]:
    """Output to its Terraform template."""
    made = {**dict(_values(settings)), **dict(_steps(resolution, settings))}
    return {name: value.template for name, value in made.items()}


def _values(settings: GkeSettings) -> Iterator[tuple[str, Text]]:
    cluster = reference("google_container_cluster.platform.name", settings.cluster)
    yield "cluster", cluster
    yield "location", location(settings)
    yield "project", project(settings)
    yield "network", network(settings)
    yield "subnetwork", subnetwork(settings)
    plane = settings.control_plane
    # With an address on the Internet it is the one that the authorised networks reach.
    flag = " --dns-endpoint" if plane.dns_endpoint else "" if plane.public_ip_endpoint else " --internal-ip"
    yield (
        "get_credentials",
        text(
            "gcloud container clusters get-credentials ",
            cluster,
            " --location=",
            location(settings),
            " --project=",
            project(settings),
            flag,
        ),
    )
    key = key_name(settings)
    if key is not None:
        yield "key", key


def _steps(resolution: ClusterResolution, settings: GkeSettings) -> Iterator[tuple[str, Text]]:
    requests = network_requests(settings)
    if requests:
        yield "network_requests", text(requests)
    agents = sorted(
        LAZY_AGENTS[agent] for agent in (settings.key.agents if settings.key else ()) if agent in LAZY_AGENTS
    )
    if agents:
        lines = [
            text("gcloud beta services identity create --service=", name, " --project=", project(settings), "\n")
            for name in agents
        ]
        yield "before_first_apply", text("Service agents that the key is granted to must exist:\n", *lines)
    if settings.key is not None and settings.key.made and settings.key.protection in _EXTERNAL:
        yield (
            "external_key",
            text("Make version 1 primary once: gcloud kms keys set-primary-version, before anything uses the key."),
        )
    if settings.iap is not None:
        yield from _iap_steps(resolution, settings)
    if settings.perimeter is not None:
        yield "perimeter_next_step", text(ENFORCED if settings.perimeter.enforced else DRY_RUN)
    if any(grant.service == "bigquery" for tenant in resolution.platform.tenants for grant in tenant.access):
        yield "bigquery_jobs", text(JOBS)


DRY_RUN: Final = (
    "The perimeter only logs. Read the violations (metric vpcsc-violation), give whoever manages the project from"
    " outside an access level or an ingress rule, then set enforced."
)
ENFORCED: Final = (
    "The perimeter is enforced: who manages the project from outside of it needs an access level or an ingress rule."
)
JOBS: Final = (
    "Reading a table takes the dataset's role alone. A query or a read session also needs roles/bigquery.jobUser or"
    " roles/bigquery.readSessionUser on the project that pays: project-wide, so it is left to that project's owner."
)
_EXTERNAL: Final = (Protection.EXTERNAL, Protection.EXTERNAL_VPC)


def _iap_steps(resolution: ClusterResolution, settings: GkeSettings) -> Iterator[tuple[str, Text]]:
    iap = settings.iap
    if iap is None:
        return
    names = tuple(tenant.name for tenant in resolution.platform.tenants)
    tenants = ", ".join(names)
    found = [(host, address_value(iap, item)) for item in balancers(settings, iap, names) for host in item.hosts]
    yield "dashboard_addresses", text(*(text(host, " A ", value, "\n") for host, value in found))
    yield (
        "iap_second_stage",
        text(
            "Backend services exist only once the Gateway runs. Then set iap_backend_services, tenant to the name of"
            f" its backend service ({tenants}), and apply again: until then nobody passes the Identity-Aware Proxy."
        ),
    )
    if not iap.legacy_ingress and not proof_in_zone(iap):
        proof = f"{AUTHORIZATION}.dns_resource_record[0]"
        yield (
            "dns_proof",
            text(
                "In the public zone, for the certificate: ",
                reference(f"{proof}.name", ""),
                " CNAME ",
                reference(f"{proof}.data", ""),
            ),
        )
