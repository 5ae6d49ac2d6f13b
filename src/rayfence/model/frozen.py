"""`dataclass` for frozen values, as in `dataclasses`, made in a fifth of the time.

A plan of a cluster loads some two hundred classes of values, and the standard library compiles six functions for each:
0.2 s before anything is read. Here one is compiled (`__init__`), the others are shared. What comes out is a dataclass:
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


__all__ = ["dataclass"]

T = TypeVar("T")


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
    own["__init__"] = _initializer(fields, hasattr(made, "__post_init__"))
    for name, function in own.items():
        if name not in cls.__dict__ or name == "__hash__":
            setattr(made, name, function)
    return made


def _initializer(fields: tuple[dataclasses.Field[Any], ...], checked: bool) -> Callable[..., None]:
    """`__init__` of these fields; the one function that is compiled."""
    names: dict[str, object] = {"_set": object.__setattr__, "_missing": dataclasses.MISSING}
    parameters, lines = ["self"], []
    for field in fields:
        value = field.name
        if field.default is not dataclasses.MISSING:
            names[f"_default_{field.name}"] = field.default
            parameters.append(f"{field.name}=_default_{field.name}")
        elif field.default_factory is not dataclasses.MISSING:
            names[f"_make_{field.name}"] = field.default_factory
            parameters.append(f"{field.name}=_missing")
            value = f"_make_{field.name}() if {field.name} is _missing else {field.name}"
        else:
            parameters.append(field.name)
        lines.append(f" _set(self, {field.name!r}, {value})")
    if checked:
        lines.append(" self.__post_init__()")
    body = "\n".join(lines) or " pass"
    exec(f"def __init__({', '.join(parameters)}):\n{body}", names)  # noqa: S102 - names of our own fields only
    made = names["__init__"]
    assert callable(made)  # noqa: S101
    return made


def __setattr__(self: object, name: str, value: object) -> NoReturn:  # noqa: ARG001
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def __delattr__(self: object, name: str) -> NoReturn:  # noqa: ARG001
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
