"""Objects of a Kubernetes API server as plain JSON values: what a kind is, how fields of foreign objects are read."""

from collections.abc import Mapping

from rayfence.model.frozen import dataclass

#: One JSON object, whole or a part of one.
Json = Mapping[str, object]

#: The field manager under which every field of ours is applied.
FIELD_MANAGER = "rayfence"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind as the server offers it. `api_version` as in objects (`apps/v1`); `verbs` as discovery lists them."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool
    verbs: tuple[str, ...] = ()

    @property
    def group(self) -> str:
        """The API group; empty: the core group."""
        return self.api_version.rpartition("/")[0]


#: Kinds of a server by `apiVersion` and `kind`.
Kinds = Mapping[tuple[str, str], Kind]


def at(value: object, *path: str) -> object:
    """The field at a path of keys; None where there is none."""
    for key in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def text_at(value: object, *path: str) -> str:
    """A string field; empty where there is none, or something else."""
    found = at(value, *path)
    return found if isinstance(found, str) else ""


def number_at(value: object, *path: str) -> int:
    """A number field; 0 where there is none, or something else."""
    found = at(value, *path)
    return found if isinstance(found, int) and not isinstance(found, bool) else 0


def object_at(value: object, *path: str) -> Json:
    """A field that is an object; an empty one where there is none, or something else."""
    found = at(value, *path)
    return found if isinstance(found, Mapping) else {}


def objects_at(value: object, *path: str) -> tuple[Json, ...]:
    """A field that lists objects: those of its entries that are objects."""
    found = at(value, *path)
    return tuple(item for item in found if isinstance(item, Mapping)) if isinstance(found, list | tuple) else ()


def kind_key(value: Json) -> tuple[str, str]:
    """`apiVersion` and `kind` of an object, as in `Kinds`."""
    return text_at(value, "apiVersion"), text_at(value, "kind")


def namespace_of(value: Json) -> str:
    """The object's namespace; empty: it has none."""
    return text_at(value, "metadata", "namespace")


def name_of(value: Json) -> str:
    """The object's name."""
    return text_at(value, "metadata", "name")


def reference(value: Json) -> str:
    """`Kind namespace/name`, or `Kind name`: how plans and messages name an object."""
    namespace = namespace_of(value)
    name = f"{namespace}/{name_of(value)}" if namespace else name_of(value)
    return f"{text_at(value, 'kind')} {name}"
