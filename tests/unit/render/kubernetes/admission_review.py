"""What an API server does with our admission policies, as far as CEL and label selectors go, for tests."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import celpy
from celpy.adapter import json_to_cel
from celpy.evaluation import CELEvalError

from rayfence.model.kubernetes import Manifest

_KINDS = {
    "pods": ("", "v1"),
    "services": ("", "v1"),
    "rayclusters": ("ray.io", "v1"),
    "rayjobs": ("ray.io", "v1"),
    "rayservices": ("ray.io", "v1"),
    "raycronjobs": ("ray.io", "v1"),
    "httproutes": ("gateway.networking.k8s.io", "v1"),
}


@dataclass(frozen=True)
class Request:
    """One admission request in a namespace with these labels."""

    resource: str
    value: Mapping[str, object]
    namespace: str
    labels: Mapping[str, str]
    user: str = "alice@acme.com"
    operation: str = "CREATE"
    old: Mapping[str, object] | None = field(default=None)


@cache
def _program(expression: str) -> Any:
    environment = celpy.Environment()
    return environment.program(environment.compile(expression))


def _value(expression: str, activation: Mapping[str, object]) -> Any:
    return _program(expression).evaluate(dict(activation))


def _selected(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    if any(labels.get(key) != value for key, value in selector.get("matchLabels", {}).items()):
        return False
    return all(
        expression["operator"] == "In" and labels.get(expression["key"]) in expression["values"]
        for expression in selector.get("matchExpressions", [])
    )


def _looks_at(policy: Mapping[str, Any], request: Request) -> bool:
    group, version = _KINDS[request.resource.partition("/")[0]]
    return any(
        group in rule["apiGroups"]
        and (version in rule["apiVersions"] or "*" in rule["apiVersions"])
        and request.resource in rule["resources"]
        and request.operation in rule["operations"]
        for rule in policy["matchConstraints"]["resourceRules"]
    )


def _activation(request: Request) -> dict[str, object]:
    facts = {
        "operation": request.operation,
        "namespace": request.namespace,
        "userInfo": {"username": request.user},
    }
    namespace = {"metadata": {"name": request.namespace, "labels": dict(request.labels)}}
    old = None if request.old is None else json_to_cel(json.loads(json.dumps(request.old)))
    return {
        "object": json_to_cel(json.loads(json.dumps(request.value))),
        "oldObject": old,
        "request": json_to_cel(facts),
        "namespaceObject": json_to_cel(namespace),
        "variables": celpy.celtypes.MapType(),
    }


def refusals(manifests: Sequence[Manifest], request: Request) -> list[str]:
    """Messages of every rule that refuses the request. An expression that fails to evaluate refuses, as in a server."""
    policies = {
        str(manifest.object["metadata"]["name"]): manifest.object["spec"]  # type: ignore[index]
        for manifest in manifests
        if manifest.object["kind"] == "ValidatingAdmissionPolicy"
    }
    found: list[str] = []
    for manifest in manifests:
        if manifest.object["kind"] != "ValidatingAdmissionPolicyBinding":
            continue
        binding: Any = manifest.object["spec"]
        policy: Any = policies[binding["policyName"]]
        assert policy["failurePolicy"] == "Fail"
        assert "Deny" in binding["validationActions"]
        if _selected(binding["matchResources"]["namespaceSelector"], request.labels) and _looks_at(policy, request):
            found += _refused(policy, request)
    return found


def _refused(policy: Mapping[str, Any], request: Request) -> list[str]:
    activation = _activation(request)
    if not all(bool(_value(item["expression"], activation)) for item in policy.get("matchConditions", [])):
        return []
    variables: Any = activation["variables"]
    for item in policy.get("variables", []):
        variables[celpy.celtypes.StringType(item["name"])] = _value(item["expression"], activation)
    found = []
    for rule in policy["validations"]:
        try:
            holds = bool(_value(rule["expression"], activation))
        except CELEvalError as error:
            found.append(f"{rule['message']} (could not be evaluated: {error})")
            continue
        if not holds:
            found.append(rule["message"])
    return found
