"""YAML text to plain data, strictly, keeping where each value stood.

Refuses what lets a spec mean something else than it shows: duplicate keys, anchors and aliases (also the "billion
laughs" bomb), tags, several documents, keys that are no strings, text over `MAX_BYTES`, nesting over `MAX_DEPTH`.
Leaves out what the values mean: `spec.v1alpha1`.
"""

from collections.abc import Callable
from typing import Final

import yaml

from rayfence.errors import SpecError
from rayfence.model.frozen import dataclass

MAX_BYTES: Final = 1024 * 1024
MAX_DEPTH: Final = 40

Path = tuple[str | int, ...]

#: libyaml where PyYAML was built with it (as its wheels are): a sixth of the time for large specs. Same events, same
#: marks, same resolver; only the words of syntax errors differ.
_LOADER: Final[type[yaml.SafeLoader] | type[yaml.CSafeLoader]] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Document:
    """Plain data (dict, list, str, int, float, bool, None) and the place of every value and key, by path from the
    root.
    """

    source: str
    data: object
    places: dict[Path, tuple[int, int]]  # 1-based line and column

    def place(self, path: Path) -> tuple[int, int]:
        """Line and column of the value at `path`, or of its nearest parent that exists."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, (1, 1))

    def where(self, path: Path) -> str:
        """`file:line:column` of `place`."""
        line, column = self.place(path)
        return f"{self.source}:{line}:{column}"


def parse(text: str, source: str) -> Document:
    """Read one YAML document. Raises SpecError naming the place."""
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise SpecError((f"{source}:1:1: the spec is larger than {MAX_BYTES // 1024} KiB",))
    try:
        _refuse_aliases(text, source)
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"
        raise SpecError((f"{source}:{place}: not YAML: {error.problem or error.context}",)) from error
    except UnicodeEncodeError as error:
        raise SpecError((f"{source}:1:1: not Unicode text (half of a surrogate pair)",)) from error
    except yaml.reader.ReaderError as error:
        # The first of its kind, or an earlier one would have been refused. Its offset counts bytes, or characters.
        before = text[: text.find(chr(error.character))]
        place = f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"
        words = f"the character U+{error.character:04X} is not allowed"
        raise SpecError((f"{source}:{place}: not YAML: {words}",)) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise SpecError((f"{source}:1:1: not YAML: {str(error).splitlines()[0]}",)) from error
    places: dict[Path, tuple[int, int]] = {}
    data = _plain(node, (), places, source) if node is not None else None
    return Document(source, data, places)


def _refuse_aliases(text: str, source: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        line, column = _place(event)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise SpecError((f"{source}:{line}:{column}: anchors and aliases are not allowed: write the value out",))
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise SpecError((f"{source}:{line}:{column}: nested deeper than {MAX_DEPTH} levels",))
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _plain(node: yaml.Node, path: Path, places: dict[Path, tuple[int, int]], source: str) -> object:
    places[path] = _place(node)
    if not isinstance(node, yaml.ScalarNode) and node.tag not in _COLLECTIONS:
        raise _tag_refused(node, places[path], source)
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, places, source)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*path, index), places, source) for index, item in enumerate(node.value)]
    if node.tag not in _SCALARS:
        raise _tag_refused(node, places[path], source)
    return _SCALARS[node.tag](node.value)


def _place(node: yaml.Node | yaml.Event) -> tuple[int, int]:
    mark = node.start_mark
    return (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)


def _tag_refused(node: yaml.Node, place: tuple[int, int], source: str) -> SpecError:
    line, column = place
    return SpecError((f"{source}:{line}:{column}: tag {node.tag!r} is not allowed; quote the value if it is text",))


def _mapping(node: yaml.MappingNode, path: Path, places: dict[Path, tuple[int, int]], source: str) -> dict[str, object]:
    result: dict[str, object] = {}
    for key, value in node.value:
        line, column = _place(key)
        if not isinstance(key, yaml.ScalarNode) or key.tag != "tag:yaml.org,2002:str":
            raise SpecError((f"{source}:{line}:{column}: a key must be text",))
        if key.value in result:
            raise SpecError((f"{source}:{line}:{column}: key {key.value!r} stands twice",))
        result[key.value] = _plain(value, (*path, key.value), places, source)
        places[(*path, key.value)] = (line, column)
    return result


def _boolean(text: str) -> bool:
    # YAML 1.1 also reads yes/no/on/off as booleans: `no` as a country or a name has cost people dearly, so only
    # true/false.
    return text.lower() == "true"


def _integer(text: str) -> object:
    # Twenty digits are enough for any field; Python refuses to convert some thousands of them.
    plain = text.lstrip("+-").isdigit() and len(text) <= 20 and not (len(text) > 1 and text.startswith("0"))
    return int(text) if plain else text


def _float(text: str) -> object:
    try:
        return float(text)
    except ValueError:
        return text


_COLLECTIONS: Final = frozenset({"tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"})
_SCALARS: Final[dict[str, Callable[[str], object]]] = {
    "tag:yaml.org,2002:str": str,
    "tag:yaml.org,2002:int": _integer,
    "tag:yaml.org,2002:float": _float,
    "tag:yaml.org,2002:null": lambda _text: None,
    "tag:yaml.org,2002:bool": lambda text: _boolean(text) if text.lower() in ("true", "false") else text,
    "tag:yaml.org,2002:timestamp": str,
}
