"""Values made by `model.frozen` are what `dataclasses` would have made, but for the time it takes."""

import copy
import dataclasses
import pickle
from typing import Any

import pytest

from rayfence.model import frozen
from rayfence.model.frozen import dataclass, fields_of


@dataclass(frozen=True, slots=True)
class Point:
    """A value with every kind of field that ours have."""

    x: int
    y: int = 2
    tags: tuple[str, ...] = ()
    places: dict[str, str] = dataclasses.field(default_factory=dict, compare=False, repr=False)

    @property
    def sum(self) -> int:
        """A property stays one."""
        return self.x + self.y


@dataclass(frozen=True, slots=True)
class Checked:
    """A value that looks at itself when it is made."""

    x: int

    def __post_init__(self) -> None:
        if self.x < 0:
            raise ValueError("negative")


@dataclasses.dataclass(frozen=True, slots=True)
class Reference:
    """The same as `Point`, by the standard library."""

    x: int
    y: int = 2
    tags: tuple[str, ...] = ()
    places: dict[str, str] = dataclasses.field(default_factory=dict, compare=False, repr=False)


def test_it_is_a_dataclass() -> None:
    assert dataclasses.is_dataclass(Point)
    assert [field.name for field in dataclasses.fields(Point)] == ["x", "y", "tags", "places"]
    assert dataclasses.asdict(Point(1)) == dataclasses.asdict(Reference(1))
    assert dataclasses.replace(Point(1), y=5) == Point(1, 5)
    assert Point.__match_args__ == Reference.__match_args__
    assert Point.__slots__ == Reference.__slots__
    assert not hasattr(Point(1), "__dict__")


def test_it_compares_hashes_and_prints_as_one() -> None:
    assert Point(1, places={"a": "b"}) == Point(1)
    assert Point(1) != Point(2)
    other: object = Reference(1)
    assert Point(1) != other
    assert hash(Point(1)) == hash(Reference(1))
    assert repr(Point(1)) == repr(Reference(1)).replace("Reference", "Point")
    assert Point(1).sum == 3


def test_a_default_that_is_made_is_made_anew() -> None:
    assert Point(1).places is not Point(1).places


def test_nothing_can_be_assigned_or_deleted() -> None:
    point = Point(1)
    for name in ("x", "sum", "other"):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(point, name, 3)
    with pytest.raises(dataclasses.FrozenInstanceError):
        delattr(point, "x")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((1, 3, ("a",), {"p": "q"}), {}),
        ((), {"x": 1, "y": 3, "tags": ("a",), "places": {"p": "q"}}),
        ((), {"places": {"p": "q"}, "tags": ("a",), "y": 3, "x": 1}),
        ((1,), {"y": 3, "tags": ("a",), "places": {"p": "q"}}),
        ((1, 3), {"places": {"p": "q"}}),
        ((1,), {"tags": ("a",)}),
        ((), {"x": 1}),
    ],
)
def test_values_are_given_by_place_or_by_name(arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
    assert dataclasses.asdict(Point(*arguments, **named)) == dataclasses.asdict(Reference(*arguments, **named))


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((), {}),
        ((1, 2, (), {}, 5), {}),
        ((), {"y": 2}),
        ((1,), {"x": 1}),
        ((1,), {"z": 1}),
        ((1, 2, (), {}), {"places": {}}),
        ((), {"x": 1, "y": 2, "tags": (), "other": {}}),
    ],
)
def test_wrong_arguments_are_refused(arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
    for kind in (Point, Reference):
        with pytest.raises(TypeError):
            kind(*arguments, **named)


def test_it_looks_at_itself_when_it_is_made_and_replaced() -> None:
    with pytest.raises(ValueError, match="negative"):
        Checked(-1)
    with pytest.raises(ValueError, match="negative"):
        dataclasses.replace(Checked(1), x=-1)


def test_copies_are_equal() -> None:
    point = Point(1, tags=("a",))
    assert copy.copy(point) == copy.deepcopy(point) == point
    assert pickle.loads(pickle.dumps(point)) == point  # noqa: S301 - of our own making


def test_fields_are_told_with_what_they_hold() -> None:
    tags = ("a",)
    found = fields_of(Point(1, tags=tags))
    assert list(found.items()) == [("x", 1), ("y", 2), ("tags", tags), ("places", {})]
    assert found["tags"] is tags
    for other in (Point, {"x": 1}):
        with pytest.raises(TypeError):
            fields_of(other)


def test_other_kinds_of_dataclass_are_not_offered() -> None:
    offered = vars(frozen)["dataclass"]
    with pytest.raises(TypeError):
        offered(frozen=False, slots=True)
