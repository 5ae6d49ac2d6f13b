"""Names say what is inside: no module called `utils`, no logic in an `__init__`, a docstring on every public name."""

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from tests.arch.tree import Module, modules, source_modules

#: Names that say nothing, at any depth: such a module attracts whatever has no home.
EMPTY_NAMES: Final = frozenset(
    {"util", "utils", "utilities", "common", "commons", "helper", "helpers", "manager", "managers"}
    | {"misc", "shared", "stuff", "tools", "core", "lib", "base"}
)
#: What an `__init__` may hold besides its docstring: names from elsewhere and constants. `__getattr__` loads lazily.
LAZY: Final = frozenset({"__getattr__", "__dir__"})


def test_no_module_or_folder_has_an_empty_name() -> None:
    named = [module.path for module in modules() if module.path.startswith(("src/", "tests/"))]
    empty = [path for path in named if EMPTY_NAMES & set(PurePosixPath(path).with_suffix("").parts)]
    assert not empty, "\n".join(empty)


def _is_reexport(node: ast.stmt) -> bool:
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.If):  # `if TYPE_CHECKING:`
        return all(_is_reexport(inner) for inner in node.body)
    if isinstance(node, ast.FunctionDef):
        return node.name in LAZY
    return isinstance(node, ast.Import | ast.ImportFrom | ast.Assign | ast.AnnAssign)


def test_init_modules_only_reexport() -> None:
    logic = [
        f"{module.path}:{node.lineno}"
        for module in source_modules()
        if module.path.endswith("__init__.py")
        for node in module.tree.body
        if not _is_reexport(node)
    ]
    assert not logic, "\n".join(logic)


def _overrides(node: ast.AST) -> bool:
    """Whether a method is marked as an implementation of what its base class or port documents already."""
    names = [ast.unparse(decorator) for decorator in getattr(node, "decorator_list", [])]
    return any(name.endswith(("override", ".setter", "overload")) for name in names)


def undocumented(module: Module) -> Iterator[str]:
    """Public classes, functions and methods without a docstring, and the module itself."""
    if not ast.get_docstring(module.tree):
        yield f"{module.path}: module"
    yield from _undocumented(module.tree, module.path)


def _undocumented(node: ast.Module | ast.ClassDef, prefix: str) -> Iterator[str]:
    for child in node.body:
        if not isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if child.name.startswith("_"):
            continue
        if not ast.get_docstring(child) and not _overrides(child):
            yield f"{prefix}:{child.lineno}: {child.name}"
        if isinstance(child, ast.ClassDef):
            yield from _undocumented(child, prefix)


def test_public_names_have_a_docstring() -> None:
    found = [name for module in source_modules() for name in undocumented(module)]
    assert not found, "\n".join(found)


def test_the_docstring_guard_bites() -> None:
    text = '"""M."""\nclass A:\n    """A."""\n    def f(self) -> None: ...\n    def _g(self) -> None: ...\n'
    assert list(undocumented(Module("m.py", text, ast.parse(text)))) == ["m.py:4: f"]
