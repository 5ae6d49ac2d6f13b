"""Fields of Google Cloud that only hold together."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from rayfence.errors import cut
from rayfence.spec.view import Problem, View

_SERVICES: Final = {
    "bigquery": "bigquery",
    "storage": "storage",
    "secretManager": "secretmanager",
    "pubsub": "pubsub",
    "artifactRegistry": "artifactregistry",
    "kms": "cloudkms",
}
_BASIC_ROLES: Final = frozenset({"owner", "editor", "viewer", "browser"})


def _gke(document: View) -> View:
    return document.at("target", "gke")


def no_addon(document: View) -> Iterator[Problem]:
    """The add-on is GKE's."""
    source = document.at("operator", "source")
    if source.text == "addon":
        yield source.problem("the add-on is GKE's; allowed on target kubernetes: manifests, existing")


def placement(document: View) -> Iterator[Problem]:
    """Zones lie in the location; Autopilot is regional and has neither pools nor a choice of operator gates."""
    gke = _gke(document)
    location = gke.at("location").text
    region = "-".join(location.split("-")[:2]) if location else None
    autopilot = gke.at("mode").text == "autopilot"
    zones = gke.at("nodeLocations")
    seen: set[str] = set()
    for zone in zones.items():
        if zone.text and region and not zone.text.startswith(region + "-"):
            yield zone.problem(f"{cut(zone.text, 60)!r} is not in {cut(region, 60)}")
        if zone.text in seen:
            yield zone.problem(f"{cut(zone.text or '', 60)!r} stands twice")
        seen.add(zone.text or "")
    if autopilot and location and location.count("-") > 1:
        yield gke.at("location").problem(f"Autopilot clusters are regional; did you mean {region!r}?")
    if autopilot and gke.at("pools").value:
        yield gke.at("pools").problem("Autopilot has no node pools: Google makes nodes to fit the pods; leave it out")
    operator = document.at("operator")
    if operator.at("source").text == "addon" and operator.at("gates").value:
        yield operator.at("gates").problem("GKE's add-on takes no feature gates; use source: manifests")
    if operator.at("source").text == "addon" and operator.at("version").given:
        told = "GKE chooses the version of its add-on; leave it out, or use source: manifests"
        yield operator.at("version").problem(told)
    workbench = document.at("workbench", "zone")
    if workbench.text and region and not workbench.text.startswith(region + "-"):
        yield workbench.problem(f"{cut(workbench.text, 60)!r} is not in {cut(region, 60)}, where the network is")


def node_pools(document: View) -> Iterator[Problem]:
    """Counts are in order, tenants exist, and acting as a node is bound to a tenant's pool."""
    tenants = {tenant.at("name").text for tenant in document.at("tenants").items()}
    for pool in _gke(document).at("pools").items():
        least, most = pool.at("minNodes"), pool.at("maxNodes")
        highest = most.number if most.given else 4
        if least.number is not None and highest is not None and least.number > highest:
            yield least.problem(f"{least.number} is above maxNodes ({highest}{'' if most.given else ', the default'})")
        tenant = pool.at("tenant")
        if tenant.text is not None and tenant.text not in tenants:
            known = ", ".join(sorted(name for name in tenants if name)) or "none"
            yield tenant.problem(f"there is no tenant {cut(tenant.text, 60)!r}; there are: {cut(known, 200)}")
        if pool.at("nodeIdentity").true and not tenant.given:
            yield pool.at("nodeIdentity").problem(
                "only on a tenant's own pool: every pod of the node gets its identity"
            )
        if pool.at("gpu").given and pool.at("sandbox").true:
            yield pool.at("sandbox").problem("gVisor and GPUs do not go together on GKE pools; leave one out")


def control_plane(document: View) -> Iterator[Problem]:
    """Authorised ranges stand where an address exists."""
    plane = _gke(document).at("controlPlane")
    access, ranges = plane.at("access").text or "dns", plane.at("authorized")
    if access == "dns" and ranges.value:
        yield ranges.problem("unused with access: dns, which has no address to authorise ranges for")
    if access == "authorizedNetworks" and not ranges.value:
        yield (ranges if ranges.given else plane).problem("access: authorizedNetworks needs the ranges in `authorized`")


def keys(document: View) -> Iterator[Problem]:
    """Kinds of keys have their own fields."""
    make = document.at("encryption", "make")
    protection = make.at("protection").text or "HSM"
    external, connection = make.at("externalKey"), make.at("ekmConnection")
    if not protection.startswith("EXTERNAL"):
        for view in (external, connection):
            if view.given:
                yield view.problem("only with protection: EXTERNAL or EXTERNAL_VPC")
        return
    if not external.given:
        yield make.problem(f"protection: {cut(protection, 20)} needs externalKey")
    elif external.text and external.text.startswith("https://") != (protection == "EXTERNAL"):
        form = "an https:// address" if protection == "EXTERNAL" else "the key's path behind the connection"
        yield external.problem(f"with protection: {cut(protection, 20)} this is {form}")
    if protection == "EXTERNAL_VPC" and not connection.given:
        yield make.problem("protection: EXTERNAL_VPC needs ekmConnection")
    if protection == "EXTERNAL" and connection.given:
        yield connection.problem("only with protection: EXTERNAL_VPC")
    if make.at("rotationDays").given:
        yield make.at("rotationDays").problem("external keys are rotated at their home; leave it out")


def exposure(document: View) -> Iterator[Problem]:
    """Names lie in their zone, zones are seen by those who need them."""
    iap = document.at("exposure", "iap")
    dns, scope = iap.at("dns"), iap.at("scope").text or "global"
    zone, made = dns.at("zone"), dns.at("makeZone")
    if dns.given and zone.given == made.given:
        yield dns.problem("exactly one is needed: zone (an existing one), makeZone (its domain)")
    host, domain = iap.at("host"), made.text
    if host.text and domain and host.text != domain and not host.text.endswith("." + domain):
        yield host.problem(f"{cut(host.text, 80)!r} is not below makeZone {cut(domain, 80)!r}")
    if dns.at("private").true and scope != "internal":
        yield dns.at("private").problem(
            f"with scope: {cut(scope, 20)} nobody outside could find it; only with scope: internal"
        )
    if iap.at("legacyIngress").true and scope != "global":
        yield iap.at("legacyIngress").problem("the legacy Ingress is global; use the Gateway API for other scopes")


def supply_chain(document: View) -> Iterator[Problem]:
    """A key is for the attestor that is made."""
    chain = document.at("supplyChain")
    if chain.at("attestors").value and chain.at("attestorKey").given:
        yield chain.at("attestorKey").problem("is for an attestor that is made, but attestors names existing ones")


def _moment(view: View) -> datetime | None:
    try:
        return datetime.fromisoformat(view.text or "")
    except ValueError:
        return None


def patching(document: View) -> Iterator[Problem]:
    """Windows are long enough to upgrade in, and nothing keeps patches away for ever."""
    window = document.at("patching", "window")
    for view in (window, *document.at("patching", "exclusions").items()):
        start, end = _moment(view.at("start")), _moment(view.at("end"))
        if start is None or end is None or (start.tzinfo is None) != (end.tzinfo is None):
            continue
        if end <= start:
            yield view.at("end").problem("is not after start")
        elif view is window and end - start < timedelta(hours=4):
            yield view.at("end").problem("the window is shorter than four hours: GKE could not finish an upgrade")
        elif view is not window and end - start > timedelta(days=180):
            yield view.at("end").problem("the exclusion is longer than 180 days: patches would not arrive")


def organization(document: View) -> Iterator[Problem]:
    """Policies come from one place."""
    view = document.at("organization")
    if view.at("live").true and view.at("policies").given:
        yield view.at("policies").problem("either files or live: true, not both")
    parents = [item for item in view.at("ancestors").items() if item.text]
    for item in parents[:-1]:
        if (item.text or "").startswith("organizations/"):
            yield item.problem("the organisation is the last ancestor: nearest first")


def access(document: View) -> Iterator[Problem]:
    """One resource per grant, and a role of its service."""
    for tenant in document.at("tenants").items():
        for grant in tenant.at("access").items():
            given = [key for key in grant.names() if key in _SERVICES and grant.at(key).given]
            if len(given) != 1:
                yield grant.problem(f"exactly one resource is needed beside role: {', '.join(_SERVICES)}")
                continue
            role = grant.at("role")
            short = (role.text or "").removeprefix("roles/")
            if short.lower() in _BASIC_ROLES:
                yield role.problem(f"{cut(short, 40)!r} is a basic role: it reaches far beyond one resource")
            elif "." in short and short.split(".")[0] != _SERVICES[given[0]]:
                yield role.problem(f"is no role of {_SERVICES[given[0]]}; allowed: roles/{_SERVICES[given[0]]}.…")


def identity(document: View) -> Iterator[Problem]:
    """A key file has an age; who acts as a node has a pool for it; and such a pool has its tenant's consent."""
    pools = [pool for pool in _gke(document).at("pools").items() if pool.at("nodeIdentity").true]
    for tenant in document.at("tenants").items():
        view, name = tenant.at("identity"), tenant.at("name").text
        mode = view.at("mode").text or "principal"
        if mode == "keyFile" and not view.at("maxAgeDays").given:
            yield view.problem("mode: keyFile needs maxAgeDays, after which the key must be replaced")
        if mode != "keyFile" and view.at("maxAgeDays").given:
            yield view.at("maxAgeDays").problem("only with mode: keyFile")
        own = [pool for pool in pools if name is not None and pool.at("tenant").text == name]
        if mode == "node" and not own:
            yield view.problem(f"mode: node needs a pool with tenant: {cut(name or '?', 40)} and nodeIdentity: true")
        for pool in own if mode != "node" else ():
            yield pool.at("nodeIdentity").problem(f"tenant {cut(name or '', 40)!r} does not have identity mode: node")
