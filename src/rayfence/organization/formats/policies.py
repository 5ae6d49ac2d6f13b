"""Policies in Google's own JSON: v2 (`spec`, `dryRunSpec`), v1 (`listPolicy`, `booleanPolicy`), custom constraints.

What does not have its documented shape gives a policy with a `problem`, so that its constraint can't be decided; a key
that is not known is a problem too, for it may restrict or loosen. Sources: REST reference of the Organization Policy
API, `Policy`, `CustomConstraint` (v2), and of the Resource Manager API v1, `Policy`.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final, cast

from rayfence.model.orgpolicy import CustomConstraint
from rayfence.organization.formats.documents import shown
from rayfence.organization.raw import RawPolicy, RawRule

#: `organizations/1/policies/NAME`; projects by id or number, and `google.com:p` of old.
POLICY_NAME: Final = re.compile(
    r"^(organizations/[0-9]{1,20}|folders/[0-9]{1,20}|projects/[a-z0-9.:-]{1,80})/policies/([A-Za-z0-9.-]{1,200})\Z"
)
NODE: Final = re.compile(r"^(organizations/[0-9]{1,20}|folders/[0-9]{1,20}|projects/[a-z0-9.:-]{1,80})\Z")
CONSTRAINT: Final = re.compile(r"^[A-Za-z0-9-]{1,60}(\.[A-Za-z0-9-]{1,120}){1,4}\Z")
_CUSTOM_NAME: Final = re.compile(r"^organizations/[0-9]{1,20}/customConstraints/(custom\.[A-Za-z0-9]{1,80})\Z")

#: A value has no blanks; the longest real ones are names of resources.
_VALUE: Final = re.compile(r"^[^\s]{1,1000}\Z")

#: Values that one rule may list. Google takes hundreds; a plan looks through them for everything it makes.
MOST_VALUES: Final = 10_000
_POLICY_KEYS: Final = frozenset({"name", "spec", "dryRunSpec", "etag"})
_SPEC_KEYS: Final = frozenset({"etag", "updateTime", "rules", "inheritFromParent", "reset"})
_RULE_KEYS: Final = frozenset({"values", "allowAll", "denyAll", "enforce", "condition", "parameters"})
_CONDITION_KEYS: Final = frozenset({"expression", "title", "description", "location"})
_V1_KEYS: Final = frozenset(
    {"constraint", "etag", "updateTime", "version", "listPolicy", "booleanPolicy", "restoreDefault"}
)
_V1_LIST_KEYS: Final = frozenset({"allowedValues", "deniedValues", "allValues", "inheritFromParent", "suggestedValue"})
_CUSTOM_KEYS: Final = frozenset(
    {"name", "resourceTypes", "methodTypes", "condition", "actionType", "displayName", "description", "updateTime"}
)
_METHODS: Final = frozenset({"CREATE", "UPDATE", "DELETE", "REMOVE_GRANT", "GOVERN_TAGS"})


class NotAPolicy(ValueError):
    """A part of a policy has not its documented shape."""


def v2_policies(item: Mapping[str, object], place: str, *, effective: bool) -> tuple[RawPolicy, ...]:
    """The live policy and the dry run of a v2 policy, either or both.

    `effective`: the file says that Google merged it. A policy of a project without etag, time and inheritance can only
    be merged or freshly written, which comes to the same.
    """
    name = item.get("name")
    found = POLICY_NAME.match(name) if isinstance(name, str) else None
    if found is None:
        return (RawPolicy("", "", place, problem=f"{shown(str(name))!r} is not NODE/policies/CONSTRAINT"),)
    node, constraint = found.groups()
    policies = []
    for key, dry_run in (("spec", False), ("dryRunSpec", True)):
        if key not in item and not (key == "spec" and "dryRunSpec" not in item):
            continue
        try:
            only(item, _POLICY_KEYS, "a policy")
            policy = _v2_spec(item.get(key), constraint, node, place)
        except NotAPolicy as error:
            policy = RawPolicy(constraint, node, place, problem=str(error))
        policies.append(
            RawPolicy(
                constraint=constraint,
                node=node,
                place=place,
                rules=policy.rules,
                inherit=policy.inherit,
                reset=policy.reset,
                effective=effective and not dry_run,
                dry_run=dry_run,
                problem=policy.problem,
            )
        )
    return tuple(policies)


def v1_policy(item: Mapping[str, object], node: str, place: str, *, effective: bool) -> RawPolicy | None:
    """A v1 policy. The format does not name its node; `node` comes from the path of the file.

    None: no policy is set there, which v1 says by an object with neither of its three kinds.
    """
    constraint = str(item.get("constraint", "")).removeprefix("constraints/")
    if not CONSTRAINT.match(constraint):
        return RawPolicy("", node, place, problem=f"{shown(constraint)!r} is not SERVICE.NAME")
    # Google's answer for a merged policy has neither etag nor time, and nobody writes v1 by hand without a node.
    merged = effective or (not node and "etag" not in item and "updateTime" not in item)
    try:
        kind = _v1_kind(item, merged)
        if not kind:
            return None
        rules, inherit = _v1_rules(item, kind)
    except NotAPolicy as error:
        return RawPolicy(constraint, node, place, effective=merged, problem=str(error))
    return RawPolicy(constraint, node, place, rules, inherit=inherit, reset=kind == "restoreDefault", effective=merged)


def custom_constraint(item: Mapping[str, object], place: str) -> CustomConstraint:
    """A custom constraint. Raises NotAPolicy: it can't be evaluated."""
    only(item, _CUSTOM_KEYS, "a custom constraint")
    name = item.get("name")
    found = _CUSTOM_NAME.match(name) if isinstance(name, str) else None
    if found is None:
        raise NotAPolicy(f"{shown(str(name))!r} is not organizations/N/customConstraints/custom.NAME")
    kinds, methods = texts(item.get("resourceTypes"), "resourceTypes"), texts(item.get("methodTypes"), "methodTypes")
    condition, action = item.get("condition"), item.get("actionType")
    if not kinds or not methods or not isinstance(condition, str) or not condition.strip():
        raise NotAPolicy(f"{found.group(1)}: resourceTypes, methodTypes and condition are needed")
    if set(methods) - _METHODS:
        raise NotAPolicy(f"{found.group(1)}: unknown methods {sorted(set(methods) - _METHODS)}")
    if action not in {"ALLOW", "DENY"}:
        raise NotAPolicy(f"{found.group(1)}: actionType is neither ALLOW nor DENY")
    return CustomConstraint(
        name=found.group(1),
        kinds=kinds,
        methods=methods,
        condition=condition,
        denies=action == "DENY",
        title=shown(str(item.get("displayName") or "")),
        source=place,
    )


def only(item: Mapping[str, object], known: Iterable[str], what: str) -> None:
    """Refuse unknown keys. Raises NotAPolicy naming them."""
    unknown = sorted(set(item) - set(known))
    if unknown:
        raise NotAPolicy(f"{what} with unknown fields {[shown(key) for key in unknown[:5]]}")


def mapping(value: object, what: str) -> Mapping[str, object]:
    """`value` as an object. Raises NotAPolicy."""
    if not isinstance(value, dict):
        raise NotAPolicy(f"{what} is no object")
    return cast(Mapping[str, object], value)


def items(value: object, what: str) -> list[object]:
    """`value` as a list, absent as an empty one. Raises NotAPolicy."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise NotAPolicy(f"{what} is no list")
    return value


def flag(value: object, what: str) -> bool:
    """`value` as a boolean, absent as False. Raises NotAPolicy: the text "false" would be true to a careless reader."""
    if value is None:
        return False
    if not isinstance(value, bool):
        raise NotAPolicy(f"{what} is neither true nor false")
    return value


def texts(value: object, what: str) -> tuple[str, ...]:
    """`value` as texts without blanks, whole numbers written out. Raises NotAPolicy."""
    result = []
    for item in items(value, what):
        text = str(item) if isinstance(item, int) and not isinstance(item, bool) else item
        if not isinstance(text, str) or not _VALUE.match(text):
            raise NotAPolicy(f"{what} has {shown(repr(item))}, which is no value")
        result.append(text)
    return tuple(result)


def _v2_spec(value: object, constraint: str, node: str, place: str) -> RawPolicy:
    if value is None:
        raise NotAPolicy("neither spec nor dryRunSpec")
    spec = mapping(value, "spec")
    only(spec, _SPEC_KEYS, "a spec")
    inherit, reset = flag(spec.get("inheritFromParent"), "inheritFromParent"), flag(spec.get("reset"), "reset")
    rules = tuple(_v2_rule(mapping(rule, "a rule")) for rule in items(spec.get("rules"), "rules"))
    return checked(RawPolicy(constraint, node, place, rules, inherit=inherit, reset=reset))


def checked(policy: RawPolicy) -> RawPolicy:
    """The policy itself, when its parts fit together. Raises NotAPolicy."""
    if policy.reset and (policy.rules or policy.inherit):
        raise NotAPolicy("reset allows no other field beside it")
    if policy.inherit and any(rule.enforce is not None for rule in policy.rules):
        raise NotAPolicy("inheritFromParent is for list constraints only")
    if len({rule.enforce is None for rule in policy.rules}) > 1:
        raise NotAPolicy("rules of a boolean and of a list in one policy")
    return policy


def _v2_rule(rule: Mapping[str, object]) -> RawRule:
    only(rule, _RULE_KEYS, "a rule")
    condition = ""
    if rule.get("condition") is not None:
        expression = mapping(rule["condition"], "condition")
        only(expression, _CONDITION_KEYS, "a condition")
        text = expression.get("expression")
        if not isinstance(text, str) or not text.strip():
            raise NotAPolicy("a condition without expression")
        condition = text.strip()
    values = mapping(rule["values"], "values") if rule.get("values") is not None else {}
    only(values, {"allowedValues", "deniedValues"}, "values")
    enforce = flag(rule["enforce"], "enforce") if rule.get("enforce") is not None else None
    parameters = mapping(rule["parameters"], "parameters") if rule.get("parameters") is not None else {}
    return checked_rule(
        RawRule(
            enforce=enforce,
            allow_all=flag(rule.get("allowAll"), "allowAll"),
            deny_all=flag(rule.get("denyAll"), "denyAll"),
            allowed=texts(values.get("allowedValues"), "allowedValues"),
            denied=texts(values.get("deniedValues"), "deniedValues"),
            condition=condition,
            parameters=parameters,
        )
    )


def checked_rule(rule: RawRule) -> RawRule:
    """The rule itself, when it says exactly one thing. Raises NotAPolicy."""
    said = [rule.enforce is not None, rule.allow_all, rule.deny_all, bool(rule.allowed or rule.denied)]
    if sum(said) != 1:
        raise NotAPolicy("a rule must have one of enforce, allowAll, denyAll, values")
    if rule.parameters and rule.enforce is None:
        raise NotAPolicy("parameters without enforce")
    if len(rule.allowed) + len(rule.denied) > MOST_VALUES:
        raise NotAPolicy(f"a rule of more than {MOST_VALUES} values")
    return rule


def _v1_kind(item: Mapping[str, object], merged: bool) -> str:
    only(item, _V1_KEYS, "a v1 policy")
    kinds = [key for key in ("listPolicy", "booleanPolicy", "restoreDefault") if key in item]
    if len(kinds) > 1:
        raise NotAPolicy(f"{' and '.join(kinds)} exclude one another")
    if not kinds and merged:
        raise NotAPolicy("a merged policy without content")
    return kinds[0] if kinds else ""


def _v1_rules(item: Mapping[str, object], kind: str) -> tuple[tuple[RawRule, ...], bool]:
    if kind == "booleanPolicy":
        policy = mapping(item[kind], kind)
        only(policy, {"enforced"}, kind)
        return (RawRule(enforce=flag(policy.get("enforced"), "enforced")),), False
    if kind == "restoreDefault":
        only(mapping(item[kind], kind), (), kind)
        return (), False
    policy = mapping(item[kind], kind)
    only(policy, _V1_LIST_KEYS, kind)
    every = policy.get("allValues", "ALL_VALUES_UNSPECIFIED")
    if every not in {"ALLOW", "DENY", "ALL_VALUES_UNSPECIFIED"}:
        raise NotAPolicy("allValues is neither ALLOW nor DENY")
    rule = RawRule(
        allow_all=every == "ALLOW",
        deny_all=every == "DENY",
        allowed=texts(policy.get("allowedValues"), "allowedValues"),
        denied=texts(policy.get("deniedValues"), "deniedValues"),
    )
    inherit = flag(policy.get("inheritFromParent"), "inheritFromParent")
    says_nothing = rule == RawRule()
    return (() if says_nothing else (checked_rule(rule),)), inherit
