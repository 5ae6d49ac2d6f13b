"""Names: unique where they must be, and never such that two things share a namespace."""

from collections.abc import Iterable, Iterator
from typing import Final

from rayfence.spec.view import Problem, View

#: Namespaces that belong to somebody else: a tenant's Ray there would sit beside what runs the cluster.
_RESERVED: Final = frozenset({"default", "local"})
_RESERVED_PREFIXES: Final = ("kube-", "gke-", "gmp-", "config-management-", "rayfence-")


def repeated(items: Iterable[View], what: str, default: str | None = None) -> Iterator[Problem]:
    """Items whose name an earlier one has. `default`: the name of one that gives none."""
    seen: set[str] = set()
    for item in items:
        name = item.at("name")
        text = name.text if name.given else default
        if text is None:
            continue
        if text in seen:
            yield (name if name.given else item).problem(f"{text!r} is the name of another {what}")
        seen.add(text)


def unique(document: View) -> Iterator[Problem]:
    """No two siblings of one name. Clusters, jobs and services of a tenant share the names of their Services."""
    yield from repeated(document.at("tenants").items(), "tenant")
    gke = document.at("target", "gke")
    yield from repeated(gke.at("pools").items(), "pool")
    yield from repeated(document.at("observability", "sinks").items(), "sink")
    yield from repeated(document.at("patching", "exclusions").items(), "exclusion")
    for tenant in document.at("tenants").items():
        named = [*_defaulted(tenant.at("clusters")), *tenant.at("jobs").items(), *tenant.at("services").items()]
        yield from repeated(named, "cluster, job or service of this tenant")
        for kind in ("clusters", "jobs", "services"):
            for owner in tenant.at(kind).items():
                yield from repeated(owner.at("workers").items(), "worker group", default="workers")
    waived: set[str] = set()
    for control in (waiver.at("control") for waiver in document.at("waivers").items()):
        if control.text in waived:
            yield control.problem(f"{control.text!r} is waived above already")
        waived.add(control.text or "")


def _defaulted(clusters: View) -> Iterator[View]:
    """Clusters, the name of one that has none written out."""
    for cluster in clusters.items():
        value = cluster.value
        if isinstance(value, dict) and "name" not in value:
            value = {**value, "name": "ray"}
        yield View(value, cluster.path)


def tenants(document: View) -> Iterator[Problem]:
    """A tenant's name is its namespace, `NAME-gateway` its gateway's: neither may be anybody else's."""
    named = [tenant.at("name") for tenant in document.at("tenants").items()]
    known = {name.text for name in named if name.text}
    operator = document.at("operator", "namespace")
    taken = operator.text or "ray-system"
    platform = document.at("metadata", "name").text
    own = {f"{platform}-{part}" for part in ("rayfence", "probe", "probe-friend")} if platform else set()
    for name in named:
        text = name.text
        if text is None:
            continue
        if text in _RESERVED or text.startswith(_RESERVED_PREFIXES):
            yield name.problem(f"{text!r} is a namespace of the cluster's own; choose another name")
        if own & {text, f"{text}-gateway"}:
            yield name.problem(f"{text!r} is a namespace of rayfence's own on this platform; choose another name")
        if taken in (text, f"{text}-gateway"):
            yield name.problem(f"{taken!r} is the operator's namespace; choose another name")
        if text.endswith("-gateway") and text.removesuffix("-gateway") in known:
            yield name.problem(f"{text!r} is the namespace of tenant {text.removesuffix('-gateway')}'s gateway")
