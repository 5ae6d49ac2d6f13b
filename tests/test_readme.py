"""Every command of the README is typed into a terminal, in order, and does what the README says."""

import os
import re
from pathlib import Path

import pytest

from tests.arch.tree import ROOT
from tests.readme import COMMANDS, README, commands
from tests.terminal import Terminal


def test_the_list_is_the_readme() -> None:
    assert [typed.command for typed in COMMANDS] == commands(README.read_text(encoding="utf-8"))


def test_commands_are_found_in_shell_blocks_only() -> None:
    text = "```sh\n# comment\na --b \\\n  c   # why\n```\n```yaml\nx: 1\n```\n```console\n$ d '#e'\noutput\n```\n"
    assert commands(text) == ["a --b    c", "d '#e'"]


def test_a_terminal_answers_questions_and_keeps_its_state(tmp_path: Path) -> None:
    with Terminal(tmp_path, {"PATH": os.defpath}) as terminal:
        assert terminal.run("x=kept; false").status == 1
        asked = terminal.run('read -r -s -p "Password: " p; echo "got $p, $x"', answer="secret")
        assert (asked.status, asked.text.splitlines()[-1]) == (0, "Password: got secret, kept")
        with pytest.raises(TimeoutError, match="still running"):
            terminal.run("sleep 20", seconds=0.5)
        assert terminal.run("echo goes on").text.splitlines()[-1] == "goes on"


@pytest.mark.ray
def test_every_command_does_what_the_readme_says(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    strict = request.config.getoption("--strict-skips")
    folders = {f"XDG_{kind}_HOME": tmp_path / kind.lower() for kind in ("CONFIG", "STATE", "CACHE", "DATA")}
    for folder in folders.values():
        folder.mkdir(mode=0o700)
    environment = {name: str(folder) for name, folder in folders.items()}
    environment |= {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    with Terminal(ROOT, environment) as terminal:
        try:
            for typed in (typed for typed in COMMANDS if typed.everyday or strict):
                shown = terminal.run(typed.command, answer=typed.answer, seconds=typed.seconds)
                said = f"$ {typed.command}\n{shown.text[-3000:]}\n? {shown.status}"
                assert shown.status == typed.status and re.search(typed.shows, shown.text), said
        finally:
            terminal.run("make stop", seconds=120)
