"""Waiting for the disk together."""

import os
import threading
from pathlib import Path

import pytest

from rayfence.gateway.groupsync import GroupSync
from rayfence.gateway.segments import Segments
from rayfence.trail.chain import extend
from tests.sim.trail import entries


@pytest.fixture
def segments(tmp_path: Path) -> Segments:
    """A chain with a few records."""
    made = Segments(tmp_path)
    made.begin()
    lines, tip = extend(made.tip, entries(5))
    made.append(lines, tip)
    return made


def test_what_is_durable_is_not_synced_again(segments: Segments, monkeypatch: pytest.MonkeyPatch) -> None:
    group = GroupSync(segments)
    calls: list[int] = []
    monkeypatch.setattr(os, "fdatasync", calls.append)
    group.wait_durable(3)
    group.wait_durable(5)
    assert group.durable == 5
    assert len(calls) == 1
    segments.close()


def test_waiters_share_the_next_sync(segments: Segments, monkeypatch: pytest.MonkeyPatch) -> None:
    group, calls = GroupSync(segments), []
    release = threading.Event()

    def slow(fd: int) -> None:
        calls.append(fd)
        release.wait(5)

    monkeypatch.setattr(os, "fdatasync", slow)
    threads = [threading.Thread(target=group.wait_durable, args=(5,)) for _ in range(20)]
    for thread in threads:
        thread.start()
    release.set()
    for thread in threads:
        thread.join(5)
    assert len(calls) == 1
    segments.close()


def test_a_failure_reaches_every_waiter(segments: Segments, monkeypatch: pytest.MonkeyPatch) -> None:
    group, failures = GroupSync(segments), []

    def broken(fd: int) -> None:
        raise OSError(5, "Input/output error")

    def wait() -> None:
        try:
            group.wait_durable(5)
        except OSError as error:
            failures.append(error)

    monkeypatch.setattr(os, "fdatasync", broken)
    threads = [threading.Thread(target=wait) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert len(failures) == 5
    assert group.durable == -1
    monkeypatch.undo()
    group.wait_durable(5)
    assert group.durable == 5
    segments.close()


def test_leading_keeps_syncs_out(segments: Segments) -> None:
    group, done = GroupSync(segments), threading.Event()

    def wait() -> None:
        group.wait_durable(5)
        done.set()

    thread = threading.Thread(target=wait)
    with group.leading():
        thread.start()
        assert not done.wait(0.05)
    assert done.wait(5)
    thread.join(5)
    segments.close()
