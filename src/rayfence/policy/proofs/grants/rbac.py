"""Kubernetes grants as rendered: each binding with the exact rules of its role, put down to an actor.

A binding whose subject belongs to no actor is put down to `unexplained`, which `broad` refuses.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from rayfence.catalog.actors import Actors
from rayfence.model.cluster_resolution import ClusterResolution
from rayfence.model.frozen import dataclass
from rayfence.model.kubernetes import Manifest
from rayfence.model.proofs import ActorGrant, Plane, RbacRule
from rayfence.policy.proofs.grants.machines import RAY_ACCOUNTS

#: Actor of what nobody explains.
UNEXPLAINED: Final = "unexplained"
EVERYWHERE: Final = "*"
WHY_PEOPLE: Final = "reads Ray's objects and pods of the own tenant, and restarts what hangs; starts nothing"
#: What KubeRay itself gives the autoscaler of jobs' and services' clusters, whose names nobody knows before.
KUBERAY_AUTOSCALER: Final = (
    RbacRule(("",), ("pods",), ("get", "list", "patch", "watch")),
    RbacRule(("",), ("pods/resize",), ("patch",)),
    RbacRule(("ray.io",), ("rayclusters",), ("get", "patch")),
)


@dataclass(frozen=True, slots=True)
class _Subject:
    kind: str
    name: str
    namespace: str

    @property
    def member(self) -> str:
        if self.kind == "ServiceAccount":
            return f"serviceAccount:{self.namespace}/{self.name}"
        if self.kind == "Group":
            return self.name if "://" in self.name else f"group:{self.name}"
        return f"user:{self.name}"


def rbac_grants(resolution: ClusterResolution, manifests: Sequence[Manifest], actors: Actors) -> Iterator[ActorGrant]:
    """Every binding of the manifests, in their order, and what KubeRay binds by itself."""
    roles = {
        (str(item.object.get("kind")), _namespace(item.object), _name(item.object)): tuple(_rules(item.object))
        for item in manifests
        if item.object.get("kind") in ("Role", "ClusterRole")
    }
    for item in manifests:
        if item.object.get("kind") in ("RoleBinding", "ClusterRoleBinding"):
            yield from _binding(item.object, roles, resolution, actors)
    for tenant in resolution.platform.tenants:
        runs = [made.pods.autoscaling for kind in (tenant.jobs, tenant.services) for made in kind]
        if any(runs) and tenant.queue is None:
            subject = _Subject("ServiceAccount", "ray-autoscaler", tenant.name)
            yield _grant(
                "autoscaler", "Role made by KubeRay", tenant.name, subject, KUBERAY_AUTOSCALER, actors, bound=False
            )


def _binding(
    binding: Mapping[str, object],
    roles: Mapping[tuple[str, str, str], tuple[RbacRule, ...]],
    resolution: ClusterResolution,
    actors: Actors,
) -> Iterator[ActorGrant]:
    reference = binding.get("roleRef")
    kind, name = "", ""
    if isinstance(reference, Mapping):
        kind, name = str(reference.get("kind", "")), str(reference.get("name", ""))
    namespace = _namespace(binding)
    rules = roles.get((kind, namespace if kind == "Role" else "", name), ())
    on = namespace if binding.get("kind") == "RoleBinding" else EVERYWHERE
    subjects = binding.get("subjects")
    for entry in subjects if isinstance(subjects, list | tuple) else ():
        if isinstance(entry, Mapping):
            subject = _Subject(str(entry.get("kind")), str(entry.get("name")), str(entry.get("namespace", namespace)))
            actor = actor_of(subject.kind, subject.name, subject.namespace, on, resolution)
            yield _grant(actor, f"{kind} {name}", on, subject, rules, actors)


def actor_of(kind: str, name: str, namespace: str, on: str, resolution: ClusterResolution) -> str:
    """Which actor a subject of a binding on namespace `on` is."""
    tenants = {tenant.name for tenant in resolution.platform.tenants}
    if kind == "ServiceAccount":
        if namespace in tenants and name in RAY_ACCOUNTS:
            return RAY_ACCOUNTS[name]
        if namespace.removesuffix("-gateway") in tenants and namespace.endswith("-gateway"):
            return "gateway"
        operator = resolution.kubernetes.operator_namespace
        return "operator" if namespace == operator and on != EVERYWHERE else UNEXPLAINED
    members = {
        member
        for tenant in resolution.platform.tenants
        if on in (tenant.name, f"{tenant.name}-gateway")
        for member in (
            *tenant.roles.viewer,
            *tenant.roles.submitter,
            *tenant.roles.operator,
            *tenant.roles.ray_client,
            *tenant.roles.serve_call,
        )
    }
    return "developer" if {name, f"{kind.lower()}:{name}", f"serviceAccount:{name}"} & members else UNEXPLAINED


def _grant(
    actor: str,
    role: str,
    on: str,
    subject: _Subject,
    rules: tuple[RbacRule, ...],
    actors: Actors,
    *,
    bound: bool = True,
) -> ActorGrant:
    known = actors.actors.get(actor)
    why = WHY_PEOPLE if actor == "developer" else known.why if known else ""
    return ActorGrant(
        actor=actor,
        plane=Plane.RBAC,
        role=role,
        on=on,
        members=(subject.member,),
        bound=bound,
        why=why,
        worst=known.worst if known else "",
        meaning="; ".join(f"{', '.join(rule.verbs)} of {', '.join(rule.resources)}" for rule in rules)
        or "not rendered",
        rules=rules,
    )


def _rules(role: Mapping[str, object]) -> Iterator[RbacRule]:
    listed = role.get("rules")
    for rule in listed if isinstance(listed, list | tuple) else ():
        if isinstance(rule, Mapping):
            yield RbacRule(
                groups=_texts(rule.get("apiGroups")),
                resources=(*_texts(rule.get("resources")), *_texts(rule.get("nonResourceURLs"))),
                verbs=_texts(rule.get("verbs")),
                names=_texts(rule.get("resourceNames")),
            )


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list | tuple) else ()


def _name(item: Mapping[str, object]) -> str:
    metadata = item.get("metadata")
    return str(metadata.get("name", "")) if isinstance(metadata, Mapping) else ""


def _namespace(item: Mapping[str, object]) -> str:
    metadata = item.get("metadata")
    return str(metadata.get("namespace", "")) if isinstance(metadata, Mapping) else ""
