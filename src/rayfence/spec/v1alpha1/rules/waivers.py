"""Waivers: which weakenings need one, and that none is without use."""

from collections.abc import Callable, Iterator
from difflib import get_close_matches
from ipaddress import IPv4Network
from typing import Final

from rayfence.errors import cut
from rayfence.model.frozen import dataclass
from rayfence.spec.view import Problem, View


def _pools(document: View) -> Iterator[View]:
    return document.at("target", "gke", "pools").items()


def _zonal(document: View) -> Iterator[View]:
    location = document.at("target", "gke", "location")
    if location.text and location.text.count("-") > 1:
        yield location


def _images(document: View) -> Iterator[View]:
    for pool in _pools(document):
        image = pool.at("imageType")
        if image.text and image.text != "COS_CONTAINERD":
            yield image


def _node_identities(document: View) -> Iterator[View]:
    yield from (pool.at("nodeIdentity") for pool in _pools(document) if pool.at("nodeIdentity").true)
    yield from _modes(document, "node")


def _modes(document: View, mode: str) -> Iterator[View]:
    for tenant in document.at("tenants").items():
        found = tenant.at("identity", "mode")
        if found.text == mode:
            yield found


def _members(document: View) -> Iterator[View]:
    for member in document.at("exposure", "iap", "allow").items():
        if member.text and not member.text.startswith("group:"):
            yield member


def _admins(document: View) -> Iterator[View]:
    for tenant in document.at("tenants").items():
        for grant in tenant.at("access").items():
            role = grant.at("role")
            if role.text and role.text.rsplit(".", 1)[-1].lower() in ("admin", "dataowner"):
                yield role


def _switched(*path: str, off: bool) -> Callable[[View], Iterator[View]]:
    def found(document: View) -> Iterator[View]:
        value = document.at(*path)
        if value.value is (not off):
            yield value

    return found


def _flow_logs(document: View) -> Iterator[View]:
    network = document.at("target", "gke", "network")
    for kind in network.names():
        value = network.at(kind, "flowLogs")
        if value.value is False:
            yield value


def _public(document: View) -> Iterator[View]:
    plane = document.at("target", "gke", "controlPlane")
    for item in plane.at("authorized").items() if plane.at("access").text != "dns" else ():
        try:
            network = IPv4Network(item.text or "")
        except ValueError:
            continue
        if not network.is_private:
            yield item


def _unenforced(document: View) -> Iterator[View]:
    datapath = document.at("target", "kubernetes", "datapath")
    if datapath.text == "none":
        yield datapath


def _google(document: View) -> Iterator[View]:
    if document.at("target", "gke").given:
        yield document.at("target", "gke")


@dataclass(frozen=True, slots=True)
class Control:
    """Something that can be waived: what that permits, and the fields that need it.

    `planned`: only a plan knows whether it is needed, as it depends on the organisation; `fields` are then what could.
    """

    permits: str
    fields: Callable[[View], Iterator[View]]
    planned: bool = False


CONTROLS: Final[dict[str, Control]] = {
    "zonal-cluster": Control("a control plane in a single zone", _zonal),
    "node-image": Control("nodes of another image than COS_CONTAINERD", _images),
    "node-identity": Control("pods that act as their node", _node_identities),
    "service-account-key": Control("a downloaded service account key", lambda document: _modes(document, "keyFile")),
    "workload-identity": Control("pods without an identity of their own", _google, planned=True),
    "binary-authorization": Control("images that nobody signed", _switched("supplyChain", "dryRun", off=False)),
    "iap-members": Control("others than groups at the dashboards", _members),
    "admin-grant": Control("pods that administer a Google resource", _admins),
    "public-control-plane": Control("an API server with an address on the internet", _public),
    "flow-logs": Control("a network without flow logs", _flow_logs),
    "alerts": Control("a platform without alerts", _switched("observability", "alerts", off=True)),
    "network-policy": Control("tenants that nothing keeps apart", _unenforced),
}


def needed(document: View) -> Iterator[Problem]:
    """What is weaker than the default has a waiver."""
    given = {waiver.at("control").text for waiver in document.at("waivers").items()}
    for name, control in CONTROLS.items():
        if name not in given and not control.planned:
            for field in control.fields(document):
                yield field.problem(f"means {control.permits}; that needs a waiver of control `{name}`")


def known(document: View) -> Iterator[Problem]:
    """Every waiver is of a control we know, and something needs it: a stale one would wait for its misuse."""
    for waiver in document.at("waivers").items():
        view = waiver.at("control")
        if view.text is None:
            continue
        control = CONTROLS.get(view.text)
        if control is None:
            near = get_close_matches(cut(view.text, 60), CONTROLS, n=1)
            meant = f", did you mean {near[0]!r}?" if near else ""
            yield view.problem(f"unknown control{meant}; allowed: {', '.join(CONTROLS)}")
        elif next(control.fields(document), None) is None:
            yield view.problem("nothing in this spec needs this waiver; remove it")
