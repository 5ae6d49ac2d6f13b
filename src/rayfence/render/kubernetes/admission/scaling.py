"""What an autoscaler may change: how many workers there are, and nothing else.

KubeRay's Role lets the head's account patch whole Ray clusters; job code that gets at its token could start pods of any
shape. With this guard the token can scale within the bounds that were written. Source: KubeRay 1.6, `BuildRole`.
"""

from typing import Final

from rayfence.render.kubernetes.admission.cel import all_of, text
from rayfence.render.kubernetes.admission.policies import Guard, Rule, Subject
from rayfence.render.kubernetes.names import RAY_ACCOUNTS

#: Fields of a RayCluster besides its worker groups, in all supported releases.
_FIELDS: Final = (
    "authOptions",
    "autoscalerOptions",
    "enableInTreeAutoscaling",
    "gcsFaultToleranceOptions",
    "headGroupSpec",
    "headServiceAnnotations",
    "historyServerOptions",
    "managedBy",
    "networkPolicy",
    "rayVersion",
    "suspend",
    "tlsOptions",
    "upgradeStrategy",
)
_GROUP_FIELDS: Final = ("groupName", "template", "rayStartParams", "minReplicas", "maxReplicas", "numOfHosts")


def scaling_guard() -> Guard:
    """Over updates of RayClusters by accounts of Ray pods."""
    own = " || ".join(
        f"request.userInfo.username == {text('system:serviceaccount:')} + request.namespace + {text(':' + name)}"
        for name in RAY_ACCOUNTS
    )
    same_group = all_of(
        f"has(o.{field}) == has(g.{field}) && (!has(g.{field}) || o.{field} == g.{field})" for field in _GROUP_FIELDS
    )
    bounds = all_of(
        (
            "!has(g.replicas) || !has(g.maxReplicas) || g.replicas <= g.maxReplicas",
            "!has(g.replicas) || !has(g.minReplicas) || g.replicas >= g.minReplicas",
        )
    )
    return Guard(
        "scaling",
        (Subject("ray.io", ("rayclusters",), ("UPDATE",)),),
        (
            Rule(all_of(map(_same, _FIELDS)), "an autoscaler may change numbers of workers only"),
            Rule(
                "size(variables.after) == size(variables.before)"
                f" && variables.after.all(g, variables.before.exists(o, {same_group}))",
                "an autoscaler may not change worker groups",
            ),
            Rule(f"variables.after.all(g, {bounds})", "an autoscaler must stay within the bounds of a worker group"),
            Rule(
                all_of(_same(field, "metadata") for field in ("labels", "annotations", "ownerReferences")),
                "an autoscaler may not change metadata",
            ),
        ),
        variables=(
            ("after", "has(object.spec.workerGroupSpecs) ? object.spec.workerGroupSpecs : []"),
            ("before", "has(oldObject.spec.workerGroupSpecs) ? oldObject.spec.workerGroupSpecs : []"),
        ),
        only_when=(("by-a-ray-pod", own),),
    )


def _same(field: str, part: str = "spec") -> str:
    now, before = f"object.{part}.{field}", f"oldObject.{part}.{field}"
    return f"has({now}) == has({before}) && (!has({now}) || {now} == {before})"
