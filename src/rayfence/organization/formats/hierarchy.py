"""Where a project lies and which tags it has, as gcloud tells it.

`gcloud projects get-ancestors P --format=json`, `gcloud projects describe P --format=json`, and
`gcloud resource-manager tags bindings list --effective --format=json`. Bindings without `--effective` leave out what is
inherited and so tell too little: they are refused.
"""

import re
from collections.abc import Mapping
from typing import Final

from rayfence.organization.formats.policies import NODE, NotAPolicy, mapping

_KINDS: Final = {"project": "projects", "folder": "folders", "organization": "organizations"}
_TAG_VALUE: Final = re.compile(r"^([^/\s=]+/[^/\s=]+)/([^/\s=]+)\Z")
_TAG_IDS: Final = re.compile(r"^tag(Keys|Values)/[0-9]{1,20}\Z")


def is_ancestors(data: object) -> bool:
    """Whether this is a list of ancestors."""
    return (
        isinstance(data, list)
        and bool(data)
        and all(isinstance(item, dict) and set(item) == {"id", "type"} and item["type"] in _KINDS for item in data)
    )


def ancestors(data: list[object]) -> tuple[str, ...]:
    """Nodes, the project first. Raises NotAPolicy."""
    nodes = tuple(f"{_KINDS[str(mapping(item, 'x')['type'])]}/{mapping(item, 'x')['id']}" for item in data)
    if not all(NODE.match(node) for node in nodes):
        raise NotAPolicy("an ancestor that is no project, folder or organisation")
    return nodes


def is_project(data: object) -> bool:
    """Whether this describes a project."""
    return isinstance(data, dict) and "projectId" in data and "projectNumber" in data


def project(data: Mapping[str, object]) -> tuple[str, str, str]:
    """Node, its parent's node (empty: none) and its number. Raises NotAPolicy."""
    node, number = f"projects/{data['projectId']}", str(data["projectNumber"])
    if not NODE.match(node) or not (number.isascii() and number.isdigit()):
        raise NotAPolicy("a project without proper id and number")
    parent = ""
    if data.get("parent"):
        said = mapping(data["parent"], "parent")
        parent = f"{_KINDS.get(str(said.get('type')), '')}/{said.get('id')}"
        if not NODE.match(parent):
            raise NotAPolicy("a parent that is neither folder nor organisation")
    return node, parent, number


def is_tags(data: object) -> bool:
    """Whether this is a list of tag bindings."""
    return (
        isinstance(data, list)
        and bool(data)
        and all(isinstance(item, dict) and ("tagValue" in item and "spec" not in item) for item in data)
    )


def tags(data: list[object]) -> tuple[str, ...]:
    """Bindings as `123/env=prod` and `tagKeys/1=tagValues/2`. Raises NotAPolicy: not the effective list."""
    result = []
    for item in data:
        binding = mapping(item, "a tag binding")
        named, key, value = (str(binding.get(name, "")) for name in ("namespacedTagValue", "tagKey", "tagValue"))
        found = _TAG_VALUE.match(named)
        if found is None or not _TAG_IDS.match(key) or not _TAG_IDS.match(value):
            raise NotAPolicy("tag bindings without inherited ones: list them with --effective")
        result += [f"{found.group(1)}={found.group(2)}", f"{key}={value}"]
    return tuple(result)
