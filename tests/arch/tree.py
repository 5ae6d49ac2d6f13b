"""What the architecture tests read: the tracked files, and the syntax trees of the Python modules among them.

Covers: listing and parsing. Leaves out: every rule; each rule has a test module of its own beside this one.
"""

import ast
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGE: Final = ROOT / "src" / "rayfence"
#: Folders whose Python is held to the house rules.
PYTHON_ROOTS: Final = ("src", "tests", "tools", "bench", "examples")
#: Never part of the project, whatever tool made them.
GENERATED: Final = frozenset({"__pycache__", ".venv", ".git", ".make", "build", "dist", "node_modules"})


@dataclass(frozen=True, slots=True)
class Module:
    """One Python file: where it is (relative to the project), its text and its syntax tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def lines(self) -> int:
        """Lines of the file, blank ones included: what a reader scrolls through."""
        return len(self.text.splitlines())


@cache
def project_files() -> tuple[str, ...]:
    """Paths, relative to the project, of all files that are or would be tracked.

    Untracked files count too, unless ignored: a rule must fail before the commit, not after it. Without git (a source
    archive) the folders are walked.
    """
    git = shutil.which("git")
    if git and (ROOT / ".git").exists():
        listed = subprocess.run(
            [git, "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            check=True,
            capture_output=True,
            text=True,
        )
        names = [name for name in listed.stdout.split("\0") if name]
    else:
        names = [str(path.relative_to(ROOT)) for path in _walk(ROOT)]
    return tuple(sorted({name for name in names if (ROOT / name).is_file()}))


def _walk(folder: Path) -> Iterator[Path]:
    for entry in folder.iterdir():
        if entry.name in GENERATED or entry.name.endswith((".egg-info", "_cache")):
            continue
        if entry.is_dir() and not entry.is_symlink():
            yield from _walk(entry)
        else:
            yield entry


@cache
def modules() -> tuple[Module, ...]:
    """Every Python file of the project, parsed."""
    found = []
    for name in project_files():
        if name.endswith(".py") and name.split("/", 1)[0] in PYTHON_ROOTS:
            text = (ROOT / name).read_text(encoding="utf-8")
            found.append(Module(name, text, ast.parse(text, filename=name)))
    return tuple(found)


def source_modules() -> tuple[Module, ...]:
    """The modules of the product itself."""
    return tuple(module for module in modules() if module.path.startswith("src/rayfence/"))


def dotted(path: str) -> str:
    """The import name of a file under src/: `src/rayfence/spec/load.py` is `rayfence.spec.load`."""
    return path.removeprefix("src/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")
