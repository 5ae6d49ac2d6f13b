"""Ctrl-C in the first moment of a verb: one line and 130, whatever was being loaded."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.arch.tree import ROOT

#: Raises what Ctrl-C raises when the module of the first argument is about to be loaded.
INTERRUPTED = """
import sys
wanted = sys.argv.pop(1)
class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == wanted:
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupt())
from rayfence.__main__ import main
main()
"""


def run(code: str, *words: str) -> subprocess.CompletedProcess[str]:
    """One interpreter."""
    own = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    return subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=False, env=own, timeout=60
    )


@pytest.fixture(scope="module")
def loaded() -> list[str]:
    """Modules that a verb loads after the entry point, in their order."""
    code = (
        "import sys\nbefore = set(sys.modules)\nimport rayfence.__main__\nrayfence.__main__.main.__doc__\n"
        "import rayfence.cli.entry, rayfence.api.plan\n"
        "print(*[name for name in sys.modules if name not in before], sep='\\n')"
    )
    names = run(code).stdout.split()
    return [name for name in names if name not in {"rayfence", "rayfence.__main__"}]


def test_wherever_loading_is_interrupted_it_is_one_line(loaded: list[str], tmp_path: Path) -> None:
    for name in ("rayfence.cli", "click", "rayfence.errors", *loaded[:: max(1, len(loaded) // 8)]):
        spec = tmp_path / "absent.yaml"
        ended = run(INTERRUPTED, name, "plan", "-f", str(spec))
        if ended.returncode != 3:  # a module that this verb did not need: there is no such spec
            assert (ended.returncode, ended.stderr.strip(), ended.stdout) == (130, "rayfence: interrupted", ""), name
    assert run(INTERRUPTED, "rayfence.cli", "plan").returncode == 130


def test_the_entry_point_itself_loads_next_to_nothing() -> None:
    code = (
        "import sys\nbefore = set(sys.modules)\nimport rayfence.__main__\n"
        "print(*sorted(set(sys.modules) - before), sep=' ')"
    )
    assert run(code).stdout.split() == ["rayfence", "rayfence.__main__"]
