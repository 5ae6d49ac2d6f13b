"""Constraints on ways in and out of a network: Private Service Connect, IPv6, endpoint groups of the internet.

Sources: Google Cloud, "Organization policy constraints"; VPC, "Manage security for Private Service Connect consumers".
"""

from collections.abc import Iterator
from typing import Final

from rayfence.policy.constraints.admission import admit, member_mark
from rayfence.policy.constraints.compute.network import FORWARDING, SUBNET
from rayfence.policy.constraints.criterion import Case, Criterion, Finding, Mark, irrelevant, satisfied, weigh
from rayfence.policy.constraints.rendered import Item, Rendered, at, compute_path, project_of, text_at

#: Google's own organisation, which must be admitted as a producer for its services. Source: constraint catalogue.
GOOGLE_ORGANIZATION: Final = "organizations/433637338589"
_CONTROL_PLANE_UNVERIFIED: Final = (
    "whether the endpoint by which GKE connects nodes with the control plane counts: try a cluster under the policy in "
    "dry run"
)


def _endpoints(rendered: Rendered) -> Iterator[tuple[Item, str, str]]:
    """Private Service Connect endpoints: object, GOOGLE_APIS or SERVICE_PRODUCERS, and the target."""
    for item in rendered.of(*FORWARDING):
        target = text_at(item.body, "target")
        if target in {"all-apis", "vpc-sc"}:
            yield item, "GOOGLE_APIS", target
        elif "/serviceAttachments/" in target:
            yield item, "SERVICE_PRODUCERS", target


def _consumer_endpoints(case: Case) -> Finding:
    rendered = case.rendered
    marks = [
        member_mark(case, item.field("target"), kind, f"an endpoint for {kind} may not be made")
        for item, kind, _ in _endpoints(rendered)
    ]
    if rendered.cluster is not None and not admit(case, "SERVICE_PRODUCERS").allowed:
        marks.append(Mark(rendered.cluster.address, missing=_CONTROL_PLANE_UNVERIFIED))
    quiet = satisfied("Google's APIs are reached by their virtual addresses; the platform makes no endpoint")
    return weigh(marks, "every endpoint is admitted", quiet)


def _producers(case: Case) -> Finding:
    rendered = case.rendered
    marks = []
    for item, kind, target in _endpoints(rendered):
        if kind == "SERVICE_PRODUCERS":
            producer = project_of(compute_path(target, rendered.project, ""))
            marks.append(member_mark(case, item.field("target"), producer, f"{producer} is not admitted as a producer"))
    if rendered.cluster is not None and not admit(case, GOOGLE_ORGANIZATION).allowed:
        marks.append(Mark(rendered.cluster.address, missing=_CONTROL_PLANE_UNVERIFIED))
    return weigh(marks, "every producer is admitted", satisfied("no endpoint of another producer is made"))


def _publishers(_: Case) -> Finding:
    return irrelevant("the platform publishes no service attachment that others could connect to")


def _ipv6(case: Case) -> Finding:
    marks = [Mark(field, "IPv6 is switched on") for field in _ipv6_fields(case.rendered, external=False)]
    return weigh(marks, "", satisfied("everything is IPv4 only"))


def _external_ipv6(case: Case) -> Finding:
    marks = [Mark(field, "external IPv6 is switched on") for field in _ipv6_fields(case.rendered, external=True)]
    return weigh(marks, "", satisfied("nothing has an external IPv6 address"))


def _ipv6_fields(rendered: Rendered, *, external: bool) -> Iterator[str]:
    versions: tuple[str, ...] = () if external else ("IPV4_IPV6", "IPV6_ONLY", "IPV6")
    checks: list[tuple[Item, str, tuple[str, ...]]] = [(item, "stackType", versions) for item in rendered.of(SUBNET)]
    checks += [(item, "ipv6AccessType", ("EXTERNAL",)) for item in rendered.of(SUBNET)]
    checks += [(item, "ipVersion", ("IPV6",)) for item in rendered.of("google_compute_global_address", *FORWARDING)]
    if rendered.cluster is not None:
        checks.append((rendered.cluster, "ipAllocationPolicy.stackType", versions))
        checks.append((rendered.cluster, "ipAllocationPolicy.ipv6AccessType", ("EXTERNAL",)))
    for item, path, wrong in checks:
        if text_at(item.body, path) in wrong:
            yield item.field(path)
    if not external:
        for item in rendered.of("google_compute_network"):
            if at(item.body, "enableUlaInternalIpv6") is True:
                yield item.field("enableUlaInternalIpv6")


def _internet_groups(case: Case) -> Finding:
    marks = []
    for item in case.rendered.of(
        "google_compute_global_network_endpoint_group", "google_compute_region_network_endpoint_group"
    ):
        if text_at(item.body, "networkEndpointType").startswith("INTERNET_"):
            marks.append(Mark(item.field("networkEndpointType"), f"{item.address} points to the internet"))
    return weigh(marks, "", satisfied("the platform makes no endpoint group for the internet"))


_OTHERS_NETWORK: Final = "no spec can violate it: the platform makes nothing of this kind"

CRITERIA: Final = (
    Criterion(
        "compute.disablePrivateServiceConnectCreationForConsumers",
        "No Private Service Connect endpoint of the listed kinds is made.",
        "admit SERVICE_PRODUCERS for the project, or verify that GKE's control plane is not concerned",
        ("target",),
        _consumer_endpoints,
        never="no spec can violate it: Google's APIs are reached by virtual addresses, and no endpoint is made",
    ),
    Criterion(
        "compute.restrictPrivateServiceConnectProducer",
        "Endpoints connect to producers of listed organisations only.",
        f"admit under:{GOOGLE_ORGANIZATION} (Google) for the project",
        ("target",),
        _producers,
        never="no spec can violate it: the platform makes no endpoint of its own",
    ),
    Criterion(
        "compute.restrictPrivateServiceConnectConsumer",
        "Only listed consumers connect to our service attachments.",
        "nothing to do: the platform publishes none",
        (),
        _publishers,
        never=_OTHERS_NETWORK,
    ),
    Criterion(
        "compute.disableAllIpv6",
        "Nothing uses IPv6.",
        "IPv4 only, which is what rayfence makes",
        ("ipAllocationPolicy.stackType", "stackType"),
        _ipv6,
    ),
    Criterion(
        "compute.disableVpcExternalIpv6",
        "No subnet has external IPv6 ranges.",
        "IPv4 only, which is what rayfence makes",
        ("ipv6AccessType",),
        _external_ipv6,
    ),
    Criterion(
        "compute.disableInternetNetworkEndpointGroup",
        "No endpoint group points to the internet.",
        "nothing to do: the platform makes none",
        (),
        _internet_groups,
        never=_OTHERS_NETWORK,
    ),
)
