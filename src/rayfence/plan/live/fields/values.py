"""When two JSON values of the Kubernetes API say the same. Pure.

Covers: quantities (`1000m` is `1`, `1Gi` is `1073741824`, numbers and strings alike), what the server leaves out when
it is empty or false, what it fills in by itself, and the keys of associative lists where `managedFields` tell none.
Source: apimachinery `resource.Quantity`; the `omitempty` and default rules of the built-in types of Kubernetes 1.36;
the defaults in KubeRay's CustomResourceDefinitions 1.5 to 1.7 and in Gateway API v1.
"""

import re
from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Final

_QUANTITY: Final = re.compile(
    r"([+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40}))(?:([KMGTPE]i)|([numkMGTPE])|[eE]([+-]?[0-9]{1,2}))?\Z"
)
_BINARY: Final[Mapping[str, int]] = {
    name: 1024**power for power, name in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), 1)
}
_DECIMAL: Final = {
    "n": Fraction(1, 10**9),
    "u": Fraction(1, 10**6),
    "m": Fraction(1, 1000),
    **{name: Fraction(1000**power) for power, name in enumerate("kMGTPE", 1)},
}
#: Maps of which every value is a quantity, and single fields that are one.
_QUANTITY_MAPS: Final = frozenset({"limits", "requests", "hard", "capacity", "overhead"})
_LIMIT_RANGE_MAPS: Final = frozenset({"default", "defaultRequest", "max", "min", "maxLimitRequestRatio"})
_QUANTITY_FIELDS: Final = frozenset({"sizeLimit", "divisor"})

#: Plain booleans of built-in types that are left out when false (pointers such as `privileged` are kept).
_FALSE_LEFT_OUT: Final = frozenset(
    {"hostNetwork", "hostPID", "hostIPC", "readOnly", "stdin", "stdinOnce", "tty", "publishNotReadyAddresses", "paused"}
)
#: Maps of strings that are left out when empty. Selectors (`podSelector: {}`) are not: empty means everything there.
_EMPTY_LEFT_OUT: Final = frozenset(
    {"labels", "annotations", "data", "binaryData", "nodeSelector", "matchLabels", "parameters", "limits", "requests"}
)

#: Keys of the items of well-known lists.
LIST_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "containers": ("name",),
    "initContainers": ("name",),
    "ephemeralContainers": ("name",),
    "volumes": ("name",),
    "env": ("name",),
    "imagePullSecrets": ("name",),
    "volumeMounts": ("mountPath",),
    "volumeDevices": ("devicePath",),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
    "hostAliases": ("ip",),
    "matchConditions": ("name",),
    "variables": ("name",),
    "workerGroupSpecs": ("groupName",),
    "workerGroups": ("groupName",),
    "listeners": ("name",),
    "webhooks": ("name",),
    "secrets": ("name",),
}
#: The same for `ports`, by what encloses them: items of a container, or fields of a Service.
PORT_KEYS: Final = (("containerPort", "protocol"), ("port", "protocol"))

#: (enclosing field, field) to what the server fills in; `*`: whatever encloses it.
_DEFAULTS: Final[Mapping[tuple[str, str], tuple[object, ...]]] = {
    ("ports", "protocol"): ("TCP",),
    ("spec", "externalTrafficPolicy"): ("Cluster",),
    ("spec", "internalTrafficPolicy"): ("Cluster",),
    ("spec", "sessionAffinity"): ("None",),
    ("spec", "ipFamilyPolicy"): ("SingleStack",),
    ("fieldRef", "apiVersion"): ("v1",),
    ("matchConstraints", "matchPolicy"): ("Equivalent",),
    ("matchConstraints", "namespaceSelector"): ({},),
    ("matchConstraints", "objectSelector"): ({},),
    ("matchResources", "matchPolicy"): ("Equivalent",),
    ("matchResources", "objectSelector"): ({},),
    ("matchResources", "namespaceSelector"): ({},),
    ("resourceRules", "scope"): ("*",),
    ("excludeResourceRules", "scope"): ("*",),
    ("subjects", "apiGroup"): ("rbac.authorization.k8s.io",),
    ("roleRef", "apiGroup"): ("rbac.authorization.k8s.io",),
    ("serviceAccountToken", "expirationSeconds"): (3600,),
    ("configMap", "defaultMode"): (420,),
    ("secret", "defaultMode"): (420,),
    ("projected", "defaultMode"): (420,),
    ("downwardAPI", "defaultMode"): (420,),
    ("hostPath", "type"): ("",),
    ("volumeClaimTemplates", "apiVersion"): ("v1",),
    ("volumeClaimTemplates", "kind"): ("PersistentVolumeClaim",),
    ("volumeClaimTemplates", "status"): ({"phase": "Pending"},),
    ("workerGroupSpecs", "numOfHosts"): (1,),
    ("workerGroupSpecs", "priority"): (0,),
    ("workerGroupSpecs", "replicas"): (0,),
    ("workerGroupSpecs", "minReplicas"): (0,),
    ("workerGroupSpecs", "maxReplicas"): (2147483647,),
    ("workerGroupSpecs", "scaleStrategy"): ({},),
    ("networkPolicy", "mode"): ("DenyAll",),
    ("configMapKeyRef", "name"): ("",),
    ("secretKeyRef", "name"): ("",),
    ("fileKeyRef", "optional"): (False,),
    ("grpc", "service"): ("",),
    ("httpGet", "scheme"): ("HTTP",),
    ("backendRefs", "weight"): (1,),
    ("backendRefs", "group"): ("",),
    ("backendRefs", "kind"): ("Service",),
    ("parentRefs", "group"): ("gateway.networking.k8s.io",),
    ("parentRefs", "kind"): ("Gateway",),
    ("kinds", "group"): ("gateway.networking.k8s.io",),
    ("certificateRefs", "group"): ("",),
    ("certificateRefs", "kind"): ("Secret",),
    ("allowedRoutes", "namespaces"): ({"from": "Same"},),
    ("listeners", "allowedRoutes"): ({"namespaces": {"from": "Same"}},),
    ("tls", "mode"): ("Terminate",),
    ("rules", "matches"): ([{"path": {"type": "PathPrefix", "value": "/"}}],),
    ("matches", "path"): ({"type": "PathPrefix", "value": "/"},),
    ("path", "type"): ("PathPrefix",),
    ("path", "value"): ("/",),
    ("*", "successThreshold"): (1,),
    ("*", "failureThreshold"): (3,),
    ("*", "periodSeconds"): (10,),
    ("*", "timeoutSeconds"): (1,),
    ("*", "terminationMessagePath"): ("/dev/termination-log",),
    ("*", "terminationMessagePolicy"): ("File",),
    ("*", "volumeMode"): ("Filesystem",),
    ("*", "restartPolicy"): ("Always",),
    ("*", "dnsPolicy"): ("ClusterFirst",),
    ("*", "schedulerName"): ("default-scheduler",),
    ("*", "terminationGracePeriodSeconds"): (30,),
    ("*", "creationTimestamp"): (None,),
    ("*", "securityContext"): ({},),
    ("*", "resources"): ({},),
    ("*", "recursiveReadOnly"): ("Disabled",),
}


_ABSENT: Final = object()


@lru_cache(maxsize=4096)
def quantity(text: str) -> Fraction | None:
    """The number that a quantity means; None for what is none."""
    found = _QUANTITY.match(text)
    if found is None:
        return None
    number, binary, decimal, exponent = found.groups()
    value = Fraction(number)
    if binary:
        return value * _BINARY[binary]
    if decimal:
        return value * _DECIMAL[decimal]
    return value * Fraction(f"1e{exponent}") if exponent else value


def is_quantity(kind: str, parent: str, name: str) -> bool:
    """Whether the field `name`, in the field `parent`, of an object of this kind holds a quantity."""
    if parent in _QUANTITY_MAPS or name in _QUANTITY_FIELDS:
        return True
    return kind == "LimitRange" and parent in _LIMIT_RANGE_MAPS


def identical(want: object, have: object) -> bool:
    """Whether two JSON values are the same down to the last field, in the same order of lists; `True` is not `1`.

    A quick yes: what only means the same is not looked for, and no is no proof of a difference.
    """
    kind = type(want)
    if kind is dict:
        return type(have) is dict and len(want) == len(have) and _identical_fields(want, have)  # type: ignore[arg-type]
    if kind is list or kind is tuple:
        return type(have) is list and len(want) == len(have) and all(map(identical, want, have))  # type: ignore[arg-type,call-overload]
    return type(have) is kind and want == have


def _identical_fields(want: dict[str, object], have: dict[str, object]) -> bool:
    for name, value in want.items():
        there = have.get(name, _ABSENT)
        if there is not value and not identical(value, there):
            return False
    return True


def same(want: object, have: object, *, amount: bool = False) -> bool:
    """Whether two scalars say the same; `amount`: they are quantities. `True` is not `1`."""
    if want == have and isinstance(want, bool) == isinstance(have, bool):
        return True
    if not amount or isinstance(want, bool) or isinstance(have, bool):
        return False
    if not isinstance(want, str | int | float) or not isinstance(have, str | int | float):
        return False
    left, right = quantity(str(want)), quantity(str(have))
    return left is not None and left == right


def left_out(name: str, want: object) -> bool:
    """Whether the server is known not to store such a value, so that its absence means the same."""
    if want is None or want == []:
        return True
    if want is False:
        return name in _FALSE_LEFT_OUT
    return want == {} and name in _EMPTY_LEFT_OUT


def is_default(parent: str, name: str, have: object) -> bool:
    """Whether the server, or the schema of a custom resource, fills in just this value when nothing is said."""
    for place in ((parent, name), ("*", name)):
        for value in _DEFAULTS.get(place, ()):
            if value == have and isinstance(value, bool) == isinstance(have, bool):
                return True
    return False
