"""Policies and custom constraints in Terraform: state files, `terraform show -json`, and JSON configuration.

Booleans are texts there (`"TRUE"`), parameters JSON in a text, blocks lists of one. A reference (`${...}`) is known
only to Terraform: what it stands in can't be decided. Sources: provider google, resources `google_org_policy_policy`,
`google_org_policy_custom_constraint`, `google_{organization,folder,project}_…policy`, `google_folder`,
`google_project`; Terraform's state format 4 and JSON output format 1.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from rayfence.model.frozen import dataclass
from rayfence.model.orgpolicy import CustomConstraint
from rayfence.organization.formats.documents import shown
from rayfence.organization.formats.factory import parameters_of
from rayfence.organization.formats.policies import (
    CONSTRAINT,
    NODE,
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

POLICY: Final = "google_org_policy_policy"
CUSTOM: Final = "google_org_policy_custom_constraint"
LEGACY: Final[Mapping[str, tuple[str, str]]] = {
    "google_organization_policy": ("org_id", "organizations"),
    "google_folder_organization_policy": ("folder", "folders"),
    "google_project_organization_policy": ("project", "projects"),
}
PLACES: Final = frozenset({"google_project", "google_folder"})
_TYPES: Final = frozenset({POLICY, CUSTOM, *LEGACY, *PLACES})

_REPEATED: Final = frozenset({"count", "for_each", "dynamic"})
_POLICY_KEYS: Final = frozenset(
    {"id", "name", "parent", "etag", "spec", "dry_run_spec", "timeouts", "depends_on", "lifecycle", "provider", "//"}
)
_SPEC_KEYS: Final = frozenset({"etag", "inherit_from_parent", "reset", "rules", "update_time"})
_RULE_KEYS: Final = frozenset({"allow_all", "condition", "deny_all", "enforce", "parameters", "values"})
_CUSTOM_KEYS: Final[Mapping[str, str]] = {
    "resource_types": "resourceTypes",
    "method_types": "methodTypes",
    "condition": "condition",
    "action_type": "actionType",
    "display_name": "displayName",
    "description": "description",
}


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of a state or configuration that concerns us, with its address and attributes."""

    type: str
    address: str
    name: str  # what the file's lines are known by
    attributes: Mapping[str, object]


def is_terraform(data: object) -> bool:
    """Whether this is a state, the JSON output of one, a plan, or a configuration."""
    if not isinstance(data, dict):
        return False
    state = "resources" in data and "version" in data
    return state or "planned_values" in data or ("values" in data and "format_version" in data) or "resource" in data


def resources(data: Mapping[str, object]) -> Iterator[Resource]:
    """Resources that set policies or tell where projects and folders lie. What is malformed is passed over only where
    it can't be one of those: Raises NotAPolicy else."""
    if "resource" in data:
        yield from _configured(mapping(data["resource"], "resource"))
    elif "resources" in data:
        yield from _state(items(data["resources"], "resources"))
    else:
        values = mapping(data.get("planned_values", data.get("values")), "values")
        yield from _shown(mapping(values.get("root_module", {}), "root_module"))


def terraform_policies(resource: Resource, place: str) -> tuple[RawPolicy, ...]:
    """The policy and the dry run of a resource; a part that can't be read has a `problem`."""
    if resource.type in LEGACY:
        return (_legacy(resource, place),)
    constraint, node = _named(resource)
    policies = []
    for key, dry_run in (("spec", False), ("dry_run_spec", True)):
        if not resource.attributes.get(key):
            continue
        try:
            only(resource.attributes, _POLICY_KEYS, resource.address)
            spec = _block(resource.attributes.get(key), key)
            only(spec, _SPEC_KEYS, key)
            policies.append(
                checked(
                    RawPolicy(
                        constraint,
                        node,
                        place,
                        tuple(_rule(mapping(rule, "a rule")) for rule in _blocks(spec.get("rules"), "rules")),
                        inherit=_truth(spec.get("inherit_from_parent"), "inherit_from_parent") or False,
                        reset=_truth(spec.get("reset"), "reset") or False,
                        dry_run=dry_run,
                    )
                )
            )
        except NotAPolicy as error:
            policies.append(RawPolicy(constraint, node, place, dry_run=dry_run, problem=str(error)))
    return tuple(policies) or (RawPolicy(constraint, node, place, problem="neither spec nor dry_run_spec"),)


def terraform_custom(resource: Resource, place: str) -> CustomConstraint:
    """The custom constraint of a resource. Raises NotAPolicy."""
    attributes = resource.attributes
    name, parent = str(attributes.get("name", "")), str(attributes.get("parent", ""))
    node = parent if NODE.match(parent) else "organizations/0"  # a reference; which organisation does not matter here
    renamed = {_CUSTOM_KEYS[key]: value for key, value in attributes.items() if key in _CUSTOM_KEYS}
    return custom_constraint({"name": f"{node}/customConstraints/{name.rpartition('/')[2]}", **renamed}, place)


def parent_of(resource: Resource) -> tuple[str, str, str]:
    """Node, its parent (empty: not told), and a project's number (empty: none) of a `google_project` or folder."""
    attributes = resource.attributes
    if resource.type == "google_folder":
        node, parent, number = str(attributes.get("name", "")), str(attributes.get("parent", "")), ""
    else:
        node = f"projects/{attributes.get('project_id', '')}"
        number = str(attributes.get("number") or "")
        folder, organization = attributes.get("folder_id"), attributes.get("org_id")
        parent = f"folders/{str(folder).removeprefix('folders/')}" if folder else f"organizations/{organization or ''}"
    return (
        node if NODE.match(node) else "",
        parent if NODE.match(parent) else "",
        number if number.isascii() and number.isdigit() else "",
    )


def _state(found: list[object]) -> Iterator[Resource]:
    for item in found:
        resource = mapping(item, "a resource")
        kind = str(resource.get("type", ""))
        if kind not in _TYPES or resource.get("mode", "managed") != "managed":
            continue
        address = ".".join(str(resource[key]) for key in ("module", "type", "name") if key in resource)
        for instance in items(resource.get("instances"), "instances"):
            attributes = mapping(mapping(instance, "an instance").get("attributes"), "attributes")
            yield Resource(kind, shown(address), str(attributes.get("name", "")), attributes)


def _shown(module: Mapping[str, object]) -> Iterator[Resource]:
    modules = [module]
    while modules:
        current = modules.pop(0)
        for item in items(current.get("resources"), "resources"):
            resource = mapping(item, "a resource")
            kind = str(resource.get("type", ""))
            if kind in _TYPES and resource.get("mode", "managed") == "managed":
                attributes = mapping(resource.get("values"), "values")
                address = shown(str(resource.get("address", kind)))
                yield Resource(kind, address, str(attributes.get("name", "")), attributes)
        modules += [mapping(child, "a module") for child in items(current.get("child_modules"), "child_modules")]


def _configured(found: Mapping[str, object]) -> Iterator[Resource]:
    for kind in sorted(set(found) & _TYPES):
        for label, value in mapping(found[kind], kind).items():
            for attributes in value if isinstance(value, list) else [value]:
                address = shown(f"{kind}.{label}")
                body = mapping(attributes, address)
                yield Resource(kind, address, str(body.get("name", "")), body)


def _named(resource: Resource) -> tuple[str, str]:
    """Constraint and node of a policy; each empty where only Terraform knows it."""
    name, parent = str(resource.attributes.get("name", "")), str(resource.attributes.get("parent", ""))
    before, _, constraint = name.rpartition("/policies/")
    node = before if NODE.match(before) else parent
    return (constraint if CONSTRAINT.match(constraint) else "", node if NODE.match(node) else "")


def _rule(rule: Mapping[str, object]) -> RawRule:
    only(rule, _RULE_KEYS, "a rule")
    values = _optional_block(rule.get("values"), "values")
    only(values, {"allowed_values", "denied_values"}, "values")
    condition = _optional_block(rule.get("condition"), "condition")
    only(condition, {"description", "expression", "location", "title"}, "a condition")
    expression = condition.get("expression", "")
    if condition and (not isinstance(expression, str) or not expression.strip()):
        raise NotAPolicy("a condition without expression")
    parameters = rule.get("parameters")
    if parameters is not None and not isinstance(parameters, str):
        raise NotAPolicy("parameters are no text")
    allowed, denied = texts(values.get("allowed_values"), "allowed"), texts(values.get("denied_values"), "denied")
    for text in (*allowed, *denied, str(expression), parameters or ""):
        if "${" in text:
            raise NotAPolicy(f"{shown(text)!r} is a reference, known to Terraform only")
    enforce = _truth(rule.get("enforce"), "enforce")
    allow_all, deny_all = _truth(rule.get("allow_all"), "allow_all"), _truth(rule.get("deny_all"), "deny_all")
    others = allow_all or deny_all or allowed or denied
    return checked_rule(
        RawRule(
            enforce=None if others and not enforce else enforce,  # states write "FALSE" for what was left out
            allow_all=bool(allow_all),
            deny_all=bool(deny_all),
            allowed=allowed,
            denied=denied,
            condition=str(expression).strip(),
            parameters=parameters_of(parameters or ""),
        )
    )


def _legacy(resource: Resource, place: str) -> RawPolicy:
    key, kind = LEGACY[resource.type]
    attributes = resource.attributes
    constraint = str(attributes.get("constraint", "")).removeprefix("constraints/")
    constraint = constraint if CONSTRAINT.match(constraint) else ""
    node = f"{kind}/{str(attributes.get(key, '')).removeprefix(f'{kind}/')}"
    node = node if NODE.match(node) else ""
    try:
        return checked(_legacy_policy(attributes, constraint, node, place))
    except NotAPolicy as error:
        return RawPolicy(constraint, node, place, problem=str(error))


def _legacy_policy(attributes: Mapping[str, object], constraint: str, node: str, place: str) -> RawPolicy:
    boolean = _optional_block(attributes.get("boolean_policy"), "boolean_policy")
    listed = _optional_block(attributes.get("list_policy"), "list_policy")
    restore = _optional_block(attributes.get("restore_policy"), "restore_policy")
    if sum(map(bool, (boolean, listed, restore))) != 1:
        raise NotAPolicy("not one of boolean_policy, list_policy, restore_policy")
    rules: tuple[RawRule, ...] = ()
    if boolean:
        rules = (checked_rule(RawRule(enforce=_truth(boolean.get("enforced"), "enforced"))),)
    elif listed:
        rules = _legacy_list(listed)
    inherit = flag(listed.get("inherit_from_parent"), "inherit_from_parent")
    return RawPolicy(constraint, node, place, rules, inherit=inherit, reset=bool(restore))


def _legacy_list(policy: Mapping[str, object]) -> tuple[RawRule, ...]:
    only(policy, {"allow", "deny", "inherit_from_parent", "suggested_value"}, "list_policy")
    allow, deny = _optional_block(policy.get("allow"), "allow"), _optional_block(policy.get("deny"), "deny")
    for side in (allow, deny):
        only(side, {"all", "values"}, "list_policy")
    rule = RawRule(
        allow_all=bool(_truth(allow.get("all"), "all")),
        deny_all=bool(_truth(deny.get("all"), "all")),
        allowed=texts(allow.get("values"), "values"),
        denied=texts(deny.get("values"), "values"),
    )
    if any("${" in text for text in (*rule.allowed, *rule.denied)):
        raise NotAPolicy("a reference, known to Terraform only")
    return () if rule == RawRule() else (checked_rule(rule),)


def _truth(value: object, what: str) -> bool | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.upper() in {"TRUE", "FALSE"}:
        return value.upper() == "TRUE"
    raise NotAPolicy(f"{what} is neither TRUE nor FALSE")


def _blocks(value: object, what: str) -> list[object]:
    return [value] if isinstance(value, dict) else items(value, what)


def _block(value: object, what: str) -> Mapping[str, object]:
    found = _blocks(value, what)
    if len(found) != 1:
        raise NotAPolicy(f"{what} is not one block")
    return mapping(found[0], what)


def _optional_block(value: object, what: str) -> Mapping[str, object]:
    return _block(value, what) if value else {}
