"""Guards over pods of tenants and gateways, whoever makes them."""

from typing import Final

from rayfence.model.cluster_platform import OperatorSource
from rayfence.model.cluster_resolution import ClusterResolution
from rayfence.render.kubernetes.admission.cel import all_of, text, texts
from rayfence.render.kubernetes.admission.podrules import by_digest, every_container, harmless_container, harmless_pod
from rayfence.render.kubernetes.admission.policies import Guard, Rule, Subject
from rayfence.render.kubernetes.names import (
    API_CLIENT,
    GATEWAY_ACCOUNT,
    RAY_ACCOUNTS,
    RAY_CLUSTER_LABEL,
    RAY_NODE_TYPE_LABEL,
    ROLE,
    WORKLOAD,
)

#: Labels that network policies trust.
MEMBERSHIP: Final = (RAY_CLUSTER_LABEL, RAY_NODE_TYPE_LABEL, "ray.io/is-ray-node", WORKLOAD, API_CLIENT)


def pods_guard(resolution: ClusterResolution) -> Guard:
    """Images, accounts and privileges of every pod, ephemeral containers included."""
    accounts = (
        f"namespaceObject.metadata.labels[{text(ROLE)}] == {text('gateway')}"
        f" ? {texts([GATEWAY_ACCOUNT])} : {texts(RAY_ACCOUNTS)}"
    )
    registries = resolution.kubernetes.registries
    return Guard(
        "pods",
        (Subject("", ("pods", "pods/ephemeralcontainers")),),
        (
            Rule(
                every_container("object.spec", by_digest("c", registries)),
                "images must come from an allowed registry, by digest",
            ),
            Rule(
                "has(object.spec.serviceAccountName) && object.spec.serviceAccountName in variables.accounts",
                "only the service accounts made for this namespace may be used",
            ),
            Rule(harmless_pod("object.spec"), "host namespaces and host paths are refused"),
            Rule(
                every_container("object.spec", harmless_container("c")),
                "privileged containers, host ports and added capabilities are refused",
            ),
        ),
        variables=(("accounts", accounts),),
        roles=("tenant", "gateway"),
    )


def ray_pods_guard() -> Guard:
    """Ray's own pods ask for the token: KubeRay makes them without it when `authOptions` names no mode."""
    labels = "has(object.metadata.labels)"
    mode = f"e.name == {text('RAY_AUTH_MODE')} && has(e.value) && e.value == {text('token')}"
    ray = "object.spec.containers[0]"
    return Guard(
        "ray-pods",
        (Subject("", ("pods",), ("CREATE",)),),
        (Rule(f"has({ray}.env) && {ray}.env.exists(e, {mode})", "a Ray pod without Ray's token is refused"),),
        only_when=(("ray", f"{labels} && {text(RAY_NODE_TYPE_LABEL)} in object.metadata.labels"),),
    )


def membership_guard(resolution: ClusterResolution) -> Guard:
    """Only the operator gives a pod the labels that network policies go by: with one, a pod joins a Ray cluster.

    An update by others may change nothing about them.
    """
    return Guard(
        "membership",
        (Subject("", ("pods",)),),
        (
            Rule(
                f"request.operation != {text('CREATE')} || variables.labels.all(l, !(l in variables.now))",
                "labels of Ray pods are the operator's to give",
            ),
            Rule(
                f"request.operation != {text('UPDATE')} || variables.labels.all(l, {_unchanged('l')})",
                "labels of Ray pods can't be changed",
            ),
        ),
        variables=(
            ("labels", texts(MEMBERSHIP)),
            ("now", "has(object.metadata.labels) ? object.metadata.labels : {}"),
            (
                "before",
                (
                    f"request.operation == {text('UPDATE')} && has(oldObject.metadata.labels)"
                    " ? oldObject.metadata.labels : {}"
                ),
            ),
        ),
        only_when=(("not-the-operator", f"!({_is_operator(resolution)})"),),
    )


def _is_operator(resolution: ClusterResolution) -> str:
    """Who the operator is: an account of its namespace, which is closed to everybody else.

    Which account GKE's add-on uses is GKE's to say: one of its managed namespaces, or a part of the control plane,
    whose names begin with `system:`. Neither is to be had by a person or a pod of a tenant. A controller of Kubernetes'
    own, which makes pods from users' templates, is none of these.
    """
    user = "request.userInfo.username"
    ours = f"{user}.startsWith({text(f'system:serviceaccount:{resolution.kubernetes.operator_namespace}:')})"
    if resolution.platform.operator.source is not OperatorSource.ADDON:
        return ours
    account = text("system:serviceaccount:")
    managed = f"{user}.startsWith({text('system:serviceaccount:gke-managed-')})"
    control_plane = f"{user}.startsWith({text('system:')}) && !{user}.startsWith({account})"
    return f"{ours} || {managed} || ({control_plane})"


def services_guard() -> Guard:
    """No Service of a tenant goes around the gateway: no load balancer, node port or borrowed address."""
    kind = f"!has(object.spec.type) || object.spec.type == {text('ClusterIP')}"
    borrowed = "!has(object.spec.externalIPs) || size(object.spec.externalIPs) == 0"
    return Guard(
        "services",
        (Subject("", ("services",)),),
        (Rule(all_of((kind, borrowed)), "Services of a tenant stay inside: the gateway is the only way in"),),
    )


def _unchanged(label: str) -> str:
    now, before = "variables.now", "variables.before"
    same = f"!({label} in {now}) || {now}[{label}] == {before}[{label}]"
    return f"({label} in {now}) == ({label} in {before}) && ({same})"
