"""Strict reading of the catalogue's YAML: an unknown or doubled key is an error, never an ignored control."""

from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Final, cast

import yaml

from rayfence.errors import CatalogError

#: libyaml reads the catalogue in a tenth of the time; every wheel of PyYAML has it, a build from source may not.
_FASTEST: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


_TEXT: Final = yaml.resolver.BaseResolver.DEFAULT_SCALAR_TAG
_LIST: Final = yaml.resolver.BaseResolver.DEFAULT_SEQUENCE_TAG
_MAPPING: Final = yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG


class _StrictLoader(_FASTEST):  # type: ignore[misc,valid-type]
    """SafeLoader that refuses a mapping key given twice (YAML would keep the last, silently).

    It walks the nodes itself: PyYAML allows for objects that hold themselves, and takes three times as long.
    """

    document = ""  # its name, for errors

    def value(self, node: yaml.Node) -> object:
        """The plain value of a node. Raises CatalogError and ConstructorError."""
        if node.tag == _TEXT:
            return node.value
        if node.tag == _LIST:
            return [self.value(item) for item in node.value]
        if node.tag == _MAPPING:
            made: dict[object, object] = {}
            for key_node, value_node in node.value:
                key = self.value(key_node)
                if key in made:
                    raise CatalogError(f"key {key!r} is given twice", where=_place(key_node, self.document))
                made[key] = self.value(value_node)
            return made
        return self.construct_object(node)  # numbers, dates, and every tag that is refused


def _place(node: yaml.Node, document: str) -> str:
    mark = node.start_mark
    return f"{document}:{mark.line + 1}:{mark.column + 1}"


def parse_document(text: str, name: str) -> Mapping[str, object]:
    """Parse one YAML document whose top is a mapping. Raises CatalogError."""
    loader = _StrictLoader(text)
    loader.document = name
    try:
        node = loader.get_single_node()
        document = None if node is None else loader.value(node)
    except yaml.YAMLError as error:
        raise CatalogError(f"not YAML: {error}", where=name) from error
    finally:
        loader.dispose()
    if not isinstance(document, dict):
        raise CatalogError("not a mapping", where=name)
    return cast(Mapping[str, object], document)


def read_data(path: str) -> str:
    """Text of a file below `catalog/data/`. Raises CatalogError when there is none."""
    resource = files("rayfence.catalog").joinpath("data", *path.split("/"))
    if not resource.is_file():
        raise CatalogError(f"the catalogue has no {path}")
    return resource.read_text(encoding="utf-8")


def check_keys(value: Mapping[str, object], required: Iterable[str], optional: Iterable[str], where: str) -> None:
    """Refuse unknown and missing keys. Raises CatalogError naming them."""
    required, known = set(required), set(required) | set(optional)
    unknown, missing = sorted(map(str, set(value) - known)), sorted(required - set(value))
    if unknown:
        raise CatalogError(f"unknown keys {unknown}", where=where)
    if missing:
        raise CatalogError(f"missing keys {missing}", where=where)


def as_mapping(value: object, where: str) -> Mapping[str, object]:
    """`value` as a mapping with string keys. Raises CatalogError."""
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise CatalogError("a mapping with string keys is wanted", where=where)
    return cast(Mapping[str, object], value)


def as_items(value: object, where: str) -> list[object]:
    """`value` as a list. Raises CatalogError."""
    if not isinstance(value, list):
        raise CatalogError("a list is wanted", where=where)
    return value


def as_text(value: object, where: str) -> str:
    """`value` as a string. Raises CatalogError: YAML turns an unquoted `2.60` into a number."""
    if not isinstance(value, str):
        raise CatalogError(f"a string is wanted, not {type(value).__name__} {value!r}", where=where)
    return value
