"""Each module src/rayfence/a/b.py has a twin, tests/unit/a/test_b.py, that imports and tests it; no orphans."""

import ast
from pathlib import PurePosixPath
from typing import Final

from tests.arch.tree import Module, dotted, modules, source_modules

#: Modules without a twin, each with its reason. Only ever remove from it: an entry that has got a twin fails.
EXCEPTIONS: Final[dict[str, str]] = {}


def twin_of(path: str) -> str:
    """Where the test of a source module lives; that of `__main__` is `test_main`."""
    source = PurePosixPath(path).relative_to("src/rayfence")
    return str(PurePosixPath("tests/unit") / source.parent / f"test_{source.name.replace('__', '')}")


def needs_twin(module: Module) -> bool:
    """Whether there is something to run in it: `__init__` only re-exports; a port or a plain value only declares."""
    if module.path.endswith("__init__.py"):
        return False
    functions = (node for node in ast.walk(module.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return any(not _only_declares(function) for function in functions)


def _only_declares(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether the body is a docstring or `...`, as in a Protocol."""
    return all(isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) for node in function.body)


def imported_names(tree: ast.Module) -> set[str]:
    """Every dotted name a test module imports: of `from a import b` both `a` and `a.b`."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def has_test(tree: ast.Module) -> bool:
    """Whether a test function stands anywhere in the module."""
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return any(function.name.startswith("test_") for function in functions)


def missing_twins() -> dict[str, str]:
    """Source modules without a sufficient twin, each with what is missing."""
    by_path = {module.path: module for module in modules()}
    missing = {}
    for module in filter(needs_twin, source_modules()):
        twin = by_path.get(twin_of(module.path))
        if twin is None:
            missing[module.path] = f"{twin_of(module.path)} is missing"
        elif not has_test(twin.tree):
            missing[module.path] = f"{twin.path} holds no test"
        elif dotted(module.path) not in imported_names(twin.tree) and dotted(module.path) not in twin.text:
            missing[module.path] = f"{twin.path} never imports {dotted(module.path)}"
    return missing


def test_every_module_has_a_twin() -> None:
    missing = [f"{path}: {why}" for path, why in missing_twins().items() if path not in EXCEPTIONS]
    assert not missing, "\n".join(missing)


def test_exceptions_are_still_needed() -> None:
    assert set(EXCEPTIONS) - set(missing_twins()) == set(), "these have a twin now (or are gone): remove them"


def test_no_twin_is_an_orphan() -> None:
    expected = {twin_of(module.path) for module in source_modules()}
    orphans = [
        module.path
        for module in modules()
        if module.path.startswith("tests/unit/")
        and PurePosixPath(module.path).name.startswith("test_")
        and module.path not in expected
    ]
    assert orphans == [], "tests/unit mirrors src/rayfence; a test across modules belongs in tests/sim or tests/e2e"
