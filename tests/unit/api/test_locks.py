"""One command at a time."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rayfence.api.locks import locked
from rayfence.errors import StateError


def test_a_second_command_is_told_so_and_may_come_after(tmp_path: Path) -> None:
    with (
        locked("ml", tmp_path),
        pytest.raises(StateError, match="another command is at work"),
        locked("ml", tmp_path, patience=0.2),
    ):
        pass
    with locked("ml", tmp_path):
        pass


def test_a_command_that_takes_a_moment_is_waited_for(tmp_path: Path) -> None:
    """The instance's own renewal, a minute after each start; also one that purges what it held."""
    held, came = threading.Event(), []

    def first() -> None:
        with locked("ml", tmp_path / "root"):
            held.set()
            time.sleep(0.3)
            came.append("first")

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(first)
        held.wait(10)
        with locked("ml", tmp_path / "root"):
            came.append("second")
        done.result(10)
    assert came == ["first", "second"]


def test_other_instances_are_not_held_up(tmp_path: Path) -> None:
    with locked("ml", tmp_path), locked("other", tmp_path):
        pass
