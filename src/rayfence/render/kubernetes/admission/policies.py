"""Validating admission policies as objects, with the binding that makes each of them hold.

A policy without binding does nothing; failure means refusal. Bindings select namespaces by our labels, which only who
may edit namespaces can take away. Source: admissionregistration.k8s.io/v1.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from rayfence.model.frozen import dataclass
from rayfence.render.kubernetes.names import PLATFORM, ROLE
from rayfence.render.kubernetes.shape import Json, resource

_API: Final = "admissionregistration.k8s.io/v1"


@dataclass(frozen=True, slots=True)
class Rule:
    """A CEL condition that objects must meet, and what is said when they do not."""

    condition: str
    message: str


@dataclass(frozen=True, slots=True)
class Subject:
    """What a policy looks at: an API group with its versions, resources (`pods/ephemeralcontainers`), operations."""

    group: str
    resources: tuple[str, ...]
    operations: tuple[str, ...] = ("CREATE", "UPDATE")
    versions: tuple[str, ...] = ("*",)


@dataclass(frozen=True, slots=True)
class Guard:
    """One policy. `variables` in order, each may use those before it; `roles` of the namespaces where it holds.

    `only_when`: (name, condition) pairs that must hold for the policy to look at a request at all.
    """

    name: str
    subjects: tuple[Subject, ...]
    rules: tuple[Rule, ...]
    variables: tuple[tuple[str, str], ...] = ()
    only_when: tuple[tuple[str, str], ...] = ()
    roles: tuple[str, ...] = ("tenant",)


def admission_objects(platform: str, guards: Iterable[Guard]) -> tuple[Json, ...]:
    """Policies with their bindings, each policy directly before its binding."""
    return tuple(value for guard in guards for value in (_policy(platform, guard), _binding(platform, guard)))


def _name(platform: str, guard: Guard) -> str:
    return f"rayfence-{platform}-{guard.name}"


def _policy(platform: str, guard: Guard) -> Json:
    spec: Json = {
        "failurePolicy": "Fail",
        "matchConstraints": {"resourceRules": [_subject(subject) for subject in guard.subjects]},
    }
    if guard.only_when:
        spec["matchConditions"] = _named(guard.only_when)
    if guard.variables:
        spec["variables"] = _named(guard.variables)
    spec["validations"] = [
        {"expression": rule.condition, "message": rule.message, "reason": "Forbidden"} for rule in guard.rules
    ]
    return resource(_API, "ValidatingAdmissionPolicy", _name(platform, guard), labels={PLATFORM: platform}, spec=spec)


def _binding(platform: str, guard: Guard) -> Json:
    selector: Json = {
        "matchLabels": {PLATFORM: platform},
        "matchExpressions": [{"key": ROLE, "operator": "In", "values": list(guard.roles)}],
    }
    spec: Json = {
        "policyName": _name(platform, guard),
        "validationActions": ["Deny", "Audit"],
        "matchResources": {"namespaceSelector": selector},
    }
    return resource(
        _API, "ValidatingAdmissionPolicyBinding", _name(platform, guard), labels={PLATFORM: platform}, spec=spec
    )


def _subject(subject: Subject) -> Json:
    return {
        "apiGroups": [subject.group],
        "apiVersions": list(subject.versions),
        "operations": list(subject.operations),
        "resources": list(subject.resources),
    }


def _named(pairs: Sequence[tuple[str, str]]) -> list[Json]:
    return [{"name": name, "expression": expression} for name, expression in pairs]
