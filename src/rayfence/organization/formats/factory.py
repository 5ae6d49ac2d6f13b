"""Policies in the YAML of Google's landing-zone factories, and custom constraints in the same hand.

A file maps constraints to policies; a key with the prefix `dry_run:` is a dry run. Source: the schemas of Cloud
Foundation Fabric (GoogleCloudPlatform/cloud-foundation-fabric), `org-policies` and `org-policy-custom-constraints`.
A value with a placeholder (`${organization.id}`) is known only after the factory has run: it can't be decided.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from rayfence.model.orgpolicy import CustomConstraint
from rayfence.organization.formats.documents import embedded_json, shown
from rayfence.organization.formats.policies import (
    CONSTRAINT,
    NotAPolicy,
    checked,
    checked_rule,
    custom_constraint,
    flag,
    items,
    mapping,
    only,
    texts,
)
from rayfence.organization.raw import RawPolicy, RawRule

DRY_RUN: Final = "dry_run:"

_POLICY_KEYS: Final = frozenset({"inherit_from_parent", "reset", "rules"})
_RULE_KEYS: Final = frozenset({"allow", "deny", "enforce", "condition", "parameters"})
_CUSTOM_KEYS: Final[Mapping[str, str]] = {
    "resource_types": "resourceTypes",
    "method_types": "methodTypes",
    "condition": "condition",
    "action_type": "actionType",
    "display_name": "displayName",
    "description": "description",
}


def is_factory(data: object) -> bool:
    """Whether every key names a constraint: what no other format looks like."""
    return (
        isinstance(data, dict)
        and bool(data)
        and all(CONSTRAINT.match(str(key).removeprefix(DRY_RUN).removeprefix("constraints/")) for key in data)
    )


def is_custom(key: str, value: object) -> bool:
    """Whether an entry defines a custom constraint; a policy that enforces one has `rules`."""
    return key.startswith("custom.") and isinstance(value, dict) and "rules" not in value and "condition" in value


def factory_policy(key: str, value: object, node: str, place: str) -> RawPolicy:
    """The policy under `key`. A missing or empty `rules` is allowed, as in the factory."""
    constraint = key.removeprefix(DRY_RUN).removeprefix("constraints/")
    dry_run = key.startswith(DRY_RUN)
    try:
        item = mapping(value if value is not None else {}, "a policy")
        only(item, _POLICY_KEYS, "a policy")
        _refuse_placeholders(item)
        policy = checked(
            RawPolicy(
                constraint,
                node,
                place,
                tuple(_rule(mapping(rule, "a rule")) for rule in items(item.get("rules"), "rules")),
                inherit=flag(item.get("inherit_from_parent"), "inherit_from_parent"),
                reset=flag(item.get("reset"), "reset"),
                dry_run=dry_run,
            )
        )
    except NotAPolicy as error:
        return RawPolicy(constraint, node, place, dry_run=dry_run, problem=str(error))
    return policy


def factory_custom(key: str, value: object, place: str) -> CustomConstraint:
    """The custom constraint under `key`. Raises NotAPolicy."""
    item = mapping(value, key)
    only(item, _CUSTOM_KEYS, "a custom constraint")
    # The factory names the organisation elsewhere; only the constraint's own name is kept of the name.
    renamed = {_CUSTOM_KEYS[name]: part for name, part in item.items()}
    return custom_constraint({"name": f"organizations/0/customConstraints/{key}", **renamed}, place)


def _rule(rule: Mapping[str, object]) -> RawRule:
    only(rule, _RULE_KEYS, "a rule")
    allow, deny = _side(rule.get("allow"), "allow"), _side(rule.get("deny"), "deny")
    enforce = flag(rule["enforce"], "enforce") if rule.get("enforce") is not None else None
    return checked_rule(
        RawRule(
            enforce=enforce,
            allow_all=allow[0],
            deny_all=deny[0],
            allowed=allow[1],
            denied=deny[1],
            condition=_condition(rule.get("condition")),
            parameters=_parameters(rule.get("parameters")),
        )
    )


def _side(value: object, what: str) -> tuple[bool, tuple[str, ...]]:
    if value is None:
        return False, ()
    side = mapping(value, what)
    only(side, {"all", "values"}, what)
    return flag(side.get("all"), f"{what}.all"), texts(side.get("values"), f"{what}.values")


def _condition(value: object) -> str:
    if value is None:
        return ""
    condition = mapping(value, "condition")
    only(condition, {"description", "expression", "location", "title"}, "a condition")
    expression = condition.get("expression")
    if not isinstance(expression, str) or not expression.strip():
        raise NotAPolicy("a condition without expression")
    return expression.strip()


def _parameters(value: object) -> Mapping[str, object]:
    if value is None:
        return {}
    if isinstance(value, str):
        return parameters_of(value)
    return mapping(value, "parameters")


def parameters_of(text: str) -> Mapping[str, object]:
    """Parameters written as JSON in a string, as Terraform wants them. Raises NotAPolicy."""
    if not text.strip():
        return {}
    try:
        value = embedded_json(text)
    except ValueError as error:
        raise NotAPolicy("parameters are not JSON") from error
    return mapping(value, "parameters")


def _refuse_placeholders(value: object) -> None:
    for text in _texts(value):
        if "${" in text:
            raise NotAPolicy(f"{shown(text)!r} is a placeholder, known only once the factory has run")


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
