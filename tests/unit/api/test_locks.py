"""One command at a time."""

from pathlib import Path

import pytest

from rayfence.api.locks import locked
from rayfence.errors import StateError


def test_a_second_command_is_told_so_and_may_come_after(tmp_path: Path) -> None:
    with locked("ml", tmp_path), pytest.raises(StateError, match="another command is at work"), locked("ml", tmp_path):
        pass
    with locked("ml", tmp_path):
        pass


def test_other_instances_are_not_held_up(tmp_path: Path) -> None:
    with locked("ml", tmp_path), locked("other", tmp_path):
        pass
