"""Pods of a tenant: their counts, labels, and the node pools they are bound to."""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Final

from rayfence.errors import cut
from rayfence.spec.view import Problem, View

#: Prefixes with a meaning to Kubernetes, Ray or us. `pod-security.kubernetes.io/enforce` would open a namespace.
_RESERVED: Final = ("kubernetes.io", "k8s.io", "ray.io", "rayfence.dev", "gke.io", "istio.io", "google.com")


def owners(document: View) -> Iterator[tuple[View, View]]:
    """Every (tenant, cluster or job or service)."""
    for tenant in document.at("tenants").items():
        for kind in ("clusters", "jobs", "services"):
            for owner in tenant.at(kind).items():
                yield tenant, owner


def shapes(document: View) -> Iterator[tuple[View, View]]:
    """Every (tenant, head or worker group)."""
    for tenant, owner in owners(document):
        yield tenant, owner.at("head")
        for group in owner.at("workers").items():
            yield tenant, group


def groups(document: View) -> Iterator[Problem]:
    """Counts of worker groups are in order, and mean what they say without an autoscaler."""
    for _, owner in owners(document):
        fixed = owner.at("autoscaling").value is False
        for group in owner.at("workers").items():
            least, most = group.at("minimum"), group.at("maximum")
            lowest = least.number if least.given else 0
            highest = most.number if most.given else 4
            if lowest is None or highest is None:
                continue
            if lowest > highest:
                yield least.problem(f"{lowest} is above maximum ({highest}{'' if most.given else ', the default'})")
            elif fixed and least.given and lowest != highest:
                yield least.problem("without autoscaling a group has one size: leave minimum out, or make it maximum")


def labels(document: View) -> Iterator[Problem]:
    """Labels of a tenant carry no meaning to the machinery: one could switch Pod Security off."""
    for tenant in document.at("tenants").items():
        for key in tenant.at("labels").names():
            domain = key.partition("/")[0] if "/" in key else ""
            if domain and any(domain == one or domain.endswith("." + one) for one in _RESERVED):
                yield tenant.at("labels", key).problem(f"labels of {cut(domain, 80)} mean something to the cluster")


def no_pools(document: View) -> Iterator[Problem]:
    """Node pools are Google's."""
    for _, shape in shapes(document):
        if shape.at("pool").given:
            yield shape.at("pool").problem("target kubernetes has no node pools; leave it out")


def pools(document: View) -> Iterator[Problem]:
    """The pools that pods name exist, are theirs to use, and have what they need."""
    gke = document.at("target", "gke")
    listed = {pool.at("name").text: pool for pool in gke.at("pools").items() if pool.at("name").text}
    autopilot = gke.at("mode").text == "autopilot"
    for tenant, shape in shapes(document):
        pool = shape.at("pool")
        if pool.text is None:
            continue
        found = listed.get(pool.text)
        if autopilot:
            yield pool.problem("Autopilot has no node pools; leave it out")
        elif found is None:
            near = get_close_matches(cut(pool.text, 60), [name for name in listed if name], n=1)
            meant = f", did you mean {near[0]!r}?" if near else ""
            names = ", ".join(name for name in listed if name) or "none"
            yield pool.problem(f"target.gke.pools has no pool {cut(pool.text, 60)!r}{meant}; there are: {names}")
        else:
            yield from _usable(tenant, shape, pool, found)


def _usable(tenant: View, shape: View, pool: View, found: View) -> Iterator[Problem]:
    owner, name = found.at("tenant").text, tenant.at("name").text
    if owner is not None and name is not None and owner != name:
        yield pool.problem(f"pool {pool.text!r} belongs to tenant {cut(owner, 40)!r}")
    wanted, there = shape.at("gpus").number or 0, found.at("gpu")
    count = there.at("count").number if there.at("count").given else 1
    if wanted and not there.given:
        yield pool.problem(f"pool {pool.text!r} has no GPU, but gpus is {wanted}")
    elif wanted and count is not None and wanted > count:
        yield pool.problem(f"a node of pool {pool.text!r} has {count} GPU, but gpus is {wanted}")
