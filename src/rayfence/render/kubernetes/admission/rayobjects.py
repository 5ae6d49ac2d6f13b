"""Guards over RayCluster, RayJob, RayService and RayCronJob.

Who may write one runs pods as any account of the namespace, so each is held to what rayfence itself would write: the
token asked for by name (an empty `authOptions` means none), a version that knows it, images by digest, our accounts.
Source: KubeRay RayCluster v1.
"""

from collections.abc import Iterator
from typing import Final

from rayfence.model.cluster_resolution import ClusterResolution
from rayfence.render.kubernetes.admission.cel import absent_or, all_of, at_least, every, text, texts, unset_or_false
from rayfence.render.kubernetes.admission.podrules import (
    by_digest,
    every_container,
    harmless_container,
    harmless_pod,
    no_own_token,
)
from rayfence.render.kubernetes.admission.policies import Guard, Rule, Subject
from rayfence.render.kubernetes.names import AUTOSCALER_ACCOUNT, HEAD_ACCOUNT, RAY_CLUSTER_LABEL, WORKER_ACCOUNT
from rayfence.render.kubernetes.operator.features import release

#: Resource, then where its cluster lies, then its template of a submitter pod.
_KINDS: Final = (
    ("rayclusters", "object.spec", None),
    ("rayjobs", "object.spec.rayClusterSpec", "object.spec.submitterPodTemplate"),
    ("rayservices", "object.spec.rayClusterConfig", None),
    ("raycronjobs", "object.spec.jobTemplate.rayClusterSpec", "object.spec.jobTemplate.submitterPodTemplate"),
)


def ray_guards(resolution: ClusterResolution) -> Iterator[Guard]:
    """One guard per kind of Ray object."""
    for plural, cluster, submitter in _KINDS:
        optional = submitter is not None  # a job may name an existing cluster instead
        present = f"has({cluster})" if optional else "true"
        yield Guard(
            plural,
            (Subject("ray.io", (plural,)),),
            tuple(_rules(resolution)),
            variables=(
                ("clusters", f"{present} ? [{cluster}] : []"),
                ("heads", f"{present} ? [{cluster}.headGroupSpec.template] : []"),
                (
                    "workers",
                    (
                        f"{present} && has({cluster}.workerGroupSpecs)"
                        f" ? {cluster}.workerGroupSpecs.map(g, g.template) : []"
                    ),
                ),
                ("submitters", f"has({submitter}) ? [{submitter}] : []" if submitter else "[]"),
                ("templates", "variables.heads + variables.workers + variables.submitters"),
            ),
        )


def _rules(resolution: ClusterResolution) -> Iterator[Rule]:
    registries = resolution.kubernetes.registries
    yield from _cluster_rules(resolution)
    options = "k.autoscalerOptions"
    yield _templates(
        every_container("t.spec", by_digest("c", registries)), "images must come from an allowed registry, by digest"
    )
    image = absent_or(options, absent_or(f"{options}.image", by_digest(options, registries)))
    yield _clusters(image, "the autoscaler's image must come from an allowed registry, by digest")
    yield _templates(
        every_container("t.spec", no_own_token("c")), "RAY_AUTH_*, RAY_TLS_*, RAY_USE_TLS and envFrom are refused"
    )
    yield _clusters(
        absent_or(options, no_own_token(options)), "RAY_AUTH_*, RAY_TLS_*, RAY_USE_TLS and envFrom are refused"
    )
    yield _templates(harmless_pod("t.spec"), "host namespaces and host paths are refused")
    yield _templates(
        every_container("t.spec", harmless_container("c")),
        "privileged containers, host ports and added capabilities are refused",
    )
    yield _clusters(absent_or(options, harmless_container(options)), "the autoscaler may not be privileged")
    foreign = f"!has(t.metadata) || !has(t.metadata.labels) || !({text(RAY_CLUSTER_LABEL)} in t.metadata.labels)"
    yield _templates(foreign, "ray.io/cluster is the operator's to give")
    yield from _account_rules()


def _cluster_rules(resolution: ClusterResolution) -> Iterator[Rule]:
    options = "k.authOptions"
    token = all_of(
        (
            f"has({options}) && has({options}.mode) && {options}.mode == {text('token')}",
            absent_or(options, unset_or_false(f"{options}.enableK8sTokenAuth")),
        )
    )
    yield _clusters(token, "authOptions.mode must be written out as token")
    floor = resolution.kubernetes.ray_floor
    version = f"has(k.rayVersion) && k.rayVersion.matches({text(at_least(release(floor)))})"
    yield _clusters(version, f"rayVersion must be a release from {floor} on")
    inside = all_of(
        (
            unset_or_false("k.headGroupSpec.enableIngress"),
            absent_or("k.headGroupSpec.serviceType", f"k.headGroupSpec.serviceType == {text('ClusterIP')}"),
        )
    )
    yield _clusters(inside, "a head may not be exposed: the gateway is the only way in")


def _account_rules() -> Iterator[Rule]:
    message = "only the service accounts made for this namespace may be used, each for its own kind of pod"
    for templates, accounts in (
        ("heads", (HEAD_ACCOUNT, AUTOSCALER_ACCOUNT)),
        ("workers", (WORKER_ACCOUNT,)),
        ("submitters", (WORKER_ACCOUNT,)),
    ):
        named = f"has(t.spec.serviceAccountName) && t.spec.serviceAccountName in {texts(accounts)}"
        yield Rule(f"variables.{templates}.all(t, {named})", message)
    hidden = "has(t.spec.automountServiceAccountToken) && t.spec.automountServiceAccountToken == false"
    yield _templates(hidden, "automountServiceAccountToken must be false: job code would hold the token")
    tokens = every("v.projected.sources", "s", "!has(s.serviceAccountToken)")
    projected = every("t.spec.volumes", "v", absent_or("v.projected", tokens))
    yield Rule(
        f"(variables.workers + variables.submitters).all(t, {projected})",
        "only a head may hold a service account token, for its autoscaler",
    )


def _templates(condition: str, message: str) -> Rule:
    return Rule(f"variables.templates.all(t, {condition})", message)


def _clusters(condition: str, message: str) -> Rule:
    return Rule(f"variables.clusters.all(k, {condition})", message)
