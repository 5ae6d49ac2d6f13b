"""Exit status and text of every kind of ending."""

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from rayfence.cli import entry
from rayfence.errors import SpecError
from tests.arch.tree import ROOT


def ended(monkeypatch: pytest.MonkeyPatch, raised: BaseException | int) -> int:
    def verb() -> int:
        if isinstance(raised, int):
            return raised
        raise raised

    monkeypatch.setattr(entry.VerbGroup, "get_command", lambda *_: click.Command("plan", callback=verb))
    with pytest.raises(SystemExit) as caught:
        entry.main(["plan"])
    assert isinstance(caught.value.code, int)
    return caught.value.code


@pytest.mark.parametrize(
    ("raised", "status"),
    [
        (0, 0),
        (10, 10),
        (SpecError(("p.yaml:1:1: wrong",)), 3),
        (KeyboardInterrupt(), 130),
        (RuntimeError("bug"), 70),
        (click.UsageError("no"), 2),
    ],
)
def test_status(monkeypatch: pytest.MonkeyPatch, raised: BaseException | int, status: int) -> None:
    assert ended(monkeypatch, raised) == status


def test_a_defect_is_one_line_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ended(monkeypatch, RuntimeError("bug"))
    captured = capsys.readouterr()
    assert "internal error: RuntimeError: bug" in captured.err
    assert "Traceback" not in captured.err


def test_a_full_disk_is_no_defect() -> None:
    own = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    words = [sys.executable, "-m", "rayfence", "schema"]
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True, check=False, env=own)
    assert (ended.returncode, ended.stderr) == (
        74,
        "rayfence: error: the output can't be written: No space left on device\n",
    )


def test_a_reader_that_has_gone_is_no_failure_of_ours() -> None:
    own = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as nobody:
        words = [sys.executable, "-m", "rayfence", "schema"]
        ended = subprocess.run(words, stdout=nobody, stderr=subprocess.PIPE, text=True, check=False, env=own)
    assert (ended.returncode, ended.stderr) == (141, "")


def test_every_mistake_of_a_spec_is_a_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    ended(monkeypatch, SpecError(("a:1:1: one", "a:2:1: two")))
    captured = capsys.readouterr().err.splitlines()
    assert captured[:2] == ["rayfence: error: a:1:1: one", "rayfence: error: a:2:1: two"]


def test_every_listed_verb_has_a_module_with_a_command_and_an_example() -> None:
    group = entry.rayfence
    assert isinstance(group, entry.VerbGroup)
    for verb in group.list_commands(click.Context(group)):
        found = group.get_command(click.Context(group), verb)
        assert found is not None, verb
        assert found.help, verb
        assert found.epilog or isinstance(found, click.Group), f"{verb} has no example"


def test_help_imports_no_stage() -> None:
    script = (
        "import sys\nfrom rayfence.cli import main\nsys.argv[1:] = ['--help']\n"
        "try:\n main()\nexcept SystemExit:\n pass\n"
        "heavy = [m for m in ('pydantic', 'cryptography', 'httpx2', 'yaml', 'ray') if m in sys.modules]\n"
        "sys.exit(', '.join(heavy) or 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
