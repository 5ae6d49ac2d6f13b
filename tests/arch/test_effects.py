"""Effects that no import shows: starting a process through `os` or asyncio, or opening a file from the pure core."""

import ast
from collections.abc import Iterator
from typing import Final

from tests.arch.tree import Module, source_modules

#: Calls that start or replace a process, by the end of their dotted name.
STARTS: Final = ("os.system", "os.popen", "os.fork", "os.forkpty", "pty.fork", "pty.spawn")
START_PREFIXES: Final = ("os.exec", "os.spawn", "os.posix_spawn", "asyncio.create_subprocess")
#: Where else a process may be started, and why. Only ever remove from it.
STARTERS: Final[dict[str, str]] = {
    "src/rayfence/api/exec.py": "`rayfence exec` becomes the user's command: signals and exit status are its own",
}

#: Rooms that take and return values; see the contract `pure-core`.
PURE: Final = (
    "errors",
    "model",
    "ports",
    "access",
    "trail",
    "spec",
    "organization",
    "policy",
    "render",
    "plan",
    "apply",
    "verify",
)
#: Methods that only a real path or the clock has, and builtins that reach out.
REACHES: Final = frozenset(
    {"read_text", "write_text", "read_bytes", "write_bytes", "iterdir", "unlink", "mkdir", "touch", "rmdir"}
    | {"now", "today", "utcnow"}
)
BUILTINS: Final = frozenset({"open", "input", "print", "eval", "exec", "__import__"})
#: Modules of these rooms that reach out all the same, and why. Only ever remove from it.
PROGRAMS: Final[dict[str, str]] = {
    "src/rayfence/trail/standalone_verifier.py": "goes with an export to auditors, who run it without rayfence",
}


def calls(module: Module) -> Iterator[tuple[int, str]]:
    """Every call in a module: its line, and the dotted name as written."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call):
            yield node.lineno, ast.unparse(node.func) if isinstance(node.func, ast.Name | ast.Attribute) else ""


def starts_process(name: str) -> bool:
    """Whether a call of this name starts or replaces a process."""
    return name in STARTS or name.startswith(START_PREFIXES)


def test_processes_are_started_in_adapters_only() -> None:
    found = [
        f"{module.path}:{line}: {name}"
        for module in source_modules()
        if not module.path.startswith("src/rayfence/adapters/") and module.path not in STARTERS
        for line, name in calls(module)
        if starts_process(name)
    ]
    assert not found, "\n".join(found)


def test_exceptions_are_still_needed() -> None:
    starting = {m.path for m in source_modules() if any(starts_process(name) for _, name in calls(m))}
    assert set(STARTERS) - starting == set(), "these start nothing any more: remove them"


def test_the_core_opens_no_file() -> None:
    found = [
        f"{module.path}:{line}: {name}"
        for module in source_modules()
        if module.path.split("/")[2].removesuffix(".py") in PURE and module.path not in PROGRAMS
        for line, name in calls(module)
        if name in BUILTINS or name.rpartition(".")[2] in REACHES
    ]
    assert not found, "\n".join(found)


def test_the_guard_sees_calls() -> None:
    module = Module("m.py", "", ast.parse("import os\nos.execvpe('x', [], {})\nPath('x').read_text()\nopen('x')\n"))
    names = [name for _, name in calls(module)]
    assert starts_process(names[0]) and "open" in names
    assert any(name.rpartition(".")[2] in REACHES for name in names)
