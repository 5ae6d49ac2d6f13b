"""No module, class or function grows beyond what a reviewer can hold in the head.

The exceptions are a list that only shrinks: an entry which is no longer needed, or whose number could be lower, fails.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tests.arch.tree import Module, modules

MODULE_LIMIT: Final = 500
CLASS_LIMIT: Final = 250
FUNCTION_LIMIT: Final = 80


@dataclass(frozen=True, slots=True)
class Allowed:
    """A named thing that may be larger, by how much exactly, and why."""

    lines: int
    reason: str


#: `path` or `path::Class.function` to its allowance. Only ever remove from it, or lower a number.
EXCEPTIONS: Final[dict[str, Allowed]] = {}


@dataclass(frozen=True, slots=True)
class Measured:
    """A module, class or function with its length in lines and the limit of its kind."""

    name: str
    lines: int
    limit: int


def measure(module: Module) -> Iterator[Measured]:
    """The module, and each class and function in it at any depth; a function's decorators and docstring count."""
    yield Measured(module.path, module.lines, MODULE_LIMIT)
    yield from _measure_body(module.tree, f"{module.path}::")


def _measure_body(node: ast.AST, prefix: str) -> Iterator[Measured]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([child.lineno, *(decorator.lineno for decorator in child.decorator_list)])
            limit = CLASS_LIMIT if isinstance(child, ast.ClassDef) else FUNCTION_LIMIT
            name = f"{prefix}{child.name}"
            yield Measured(name, (child.end_lineno or first) - first + 1, limit)
            yield from _measure_body(child, f"{name}.")
        else:
            yield from _measure_body(child, prefix)


def complaints(measured: list[Measured], exceptions: dict[str, Allowed]) -> list[str]:
    """What is too large, and which exceptions have had their day."""
    found = []
    seen = {item.name: item for item in measured}
    for item in measured:
        allowed = exceptions[item.name].lines if item.name in exceptions else item.limit
        if item.lines > allowed:
            found.append(f"{item.name}: {item.lines} lines, at most {allowed}")
    for name, exception in exceptions.items():
        if name not in seen or seen[name].lines <= seen[name].limit:
            found.append(f"{name}: needs no exception any more; remove it")
        elif seen[name].lines < exception.lines:
            found.append(f"{name}: is down to {seen[name].lines} lines; lower its exception from {exception.lines}")
    return found


def test_nothing_is_larger_than_its_limit() -> None:
    measured = [item for module in modules() for item in measure(module)]
    found = complaints(measured, EXCEPTIONS)
    assert not found, "\n".join(found)


def test_the_guard_bites_in_both_directions() -> None:
    text = "class C:\n    @staticmethod\n    def f() -> None:\n" + "        pass\n" * 90
    measured = list(measure(Module("m.py", text, ast.parse(text))))
    assert complaints(measured, {}) == ["m.py::C.f: 92 lines, at most 80"]
    assert complaints(measured, {"m.py::C.f": Allowed(92, "a table")}) == []
    assert "lower its exception from 95" in complaints(measured, {"m.py::C.f": Allowed(95, "a table")})[0]
    assert "remove it" in complaints(measured, {"m.py::C.f": Allowed(92, "x"), "gone.py": Allowed(900, "x")})[0]
