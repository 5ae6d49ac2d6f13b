"""`dataclass` for frozen values, as in `dataclasses`, made in an eighth of the time.

A plan of a cluster loads some two hundred classes of values, and the standard library compiles six functions for each:
0.2 s before anything is read. Here none is compiled, all are shared. What comes out is a dataclass:
`replace`, `asdict` and `fields` work, it compares, hashes and prints like one, and it refuses assignment.

Leaves out what no value of ours uses: `order`, `kw_only`, `InitVar`, fields with `init=False`, inheritance of fields.
"""

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(*, frozen, slots):
        """As `dataclasses.dataclass(frozen=True, slots=True)`: nothing else is offered."""
        if not (frozen and slots):
            raise TypeError("values are frozen and have slots")
        return _value


__all__ = ["dataclass", "fields_of"]

T = TypeVar("T")


def fields_of(value: object) -> dict[str, object]:
    """The fields of a value by name, with what they hold: `asdict` would look into that, and copy it.

    What `json` asks for by `default=`, for each value that it meets. Raises TypeError for what is no dataclass.
    """
    if isinstance(value, type) or not dataclasses.is_dataclass(value):
        raise TypeError(f"no value of fields: {type(value).__name__}")
    return {each.name: getattr(value, each.name) for each in dataclasses.fields(value)}


def _value(cls: type[T]) -> type[T]:
    made = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True)(cls)
    fields = dataclasses.fields(made)  # type: ignore[arg-type]
    compared = tuple(field.name for field in fields if field.compare)
    shown = tuple(field.name for field in fields if field.repr)

    def __eq__(self: Any, other: object) -> Any:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in compared)

    def __hash__(self: Any) -> int:
        return hash(tuple(getattr(self, name) for name in compared))

    def __repr__(self: Any) -> str:
        inner = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
        return f"{self.__class__.__qualname__}({inner})"

    def __getstate__(self: Any) -> list[object]:
        return [getattr(self, field.name) for field in fields]

    def __setstate__(self: Any, state: list[object]) -> None:
        for field, value in zip(fields, state, strict=True):
            object.__setattr__(self, field.name, value)

    functions = (__eq__, __hash__, __repr__, __getstate__, __setstate__, __setattr__, __delattr__)
    own: dict[str, Callable[..., Any]] = {function.__name__: function for function in functions}
    own["__init__"] = _initializer(fields, made, hasattr(made, "__post_init__"))
    for name, function in own.items():
        if name not in cls.__dict__ or name == "__hash__":
            setattr(made, name, function)
    return made


def _initializer(fields: tuple[dataclasses.Field[Any], ...], made: type, checked: bool) -> Callable[..., None]:
    """`__init__` of these fields. Nothing is compiled: the slots' own setters are called in order."""
    setters = tuple(made.__dict__[field.name].__set__ for field in fields)
    count = len(fields)

    def __init__(self: Any, *values: object, **named: object) -> None:
        if named or len(values) != count:
            values = _completed(made.__name__, fields, values, named)
        for put, value in zip(setters, values, strict=True):
            put(self, value)
        if checked:
            self.__post_init__()

    return __init__


def _completed(
    name: str, fields: tuple[dataclasses.Field[Any], ...], values: tuple[object, ...], named: dict[str, object]
) -> tuple[object, ...]:
    """A value for each field: given by place, else by name, else its default. Raises TypeError as a call would."""
    found = list(values)
    for field in fields[len(values) :]:
        if field.name in named:
            found.append(named.pop(field.name))
        elif field.default is not dataclasses.MISSING:
            found.append(field.default)
        elif field.default_factory is not dataclasses.MISSING:
            found.append(field.default_factory())
        else:
            raise TypeError(f"{name}() has no value for {field.name!r}")
    if named or len(found) > len(fields):
        raise TypeError(f"{name}() takes {len(fields)} values, each once: {[*named] or len(found)} are too many")
    return tuple(found)


def __setattr__(self: object, name: str, value: object) -> NoReturn:  # noqa: ARG001
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def __delattr__(self: object, name: str) -> NoReturn:  # noqa: ARG001
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
