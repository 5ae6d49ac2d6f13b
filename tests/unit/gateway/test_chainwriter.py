"""The writer's own duties: queue, order, thread, heads. What entries mean is tested in `test_journal`."""

import os
import threading
import time
from pathlib import Path

import pytest

from rayfence.gateway import chainwriter
from rayfence.gateway.chainwriter import ChainWriter, JournalFailure
from rayfence.gateway.heads import HeadSigner
from rayfence.gateway.segments import Segments, segment_files
from rayfence.trail.record import Entry, Kind
from rayfence.trail.verify import verify_chain
from tests.sim.trail import entries

ENTRIES = entries(40)


def writer(folder: Path, *, segment_bytes: int = 1 << 20, head_seconds: float = 3600.0) -> ChainWriter:
    """A writer of a new chain, started."""
    for name in ("trail", "heads", "secrets"):
        (folder / name).mkdir(mode=0o700)
    segments = Segments(folder / "trail", segment_bytes=segment_bytes)
    segments.begin()
    signer = HeadSigner(folder / "secrets" / "key.pem", folder / "heads", "demo")
    made = ChainWriter(
        segments,
        signer,
        on_rotation=lambda path: None,
        on_written=lambda entries: None,
        head_seconds=head_seconds,
    )
    made.put(ENTRIES[0])
    made.start()
    return made


def lines(folder: Path) -> list[bytes]:
    """Every line on disk."""
    return [line for path in segment_files(folder / "trail") for line in path.read_bytes().splitlines(keepends=True)]


def stop(made: ChainWriter) -> None:
    """Close in order."""
    made.close(Entry(Kind.STOP, made.now()))


def wait_for(seconds: float, condition: object) -> None:
    """Until it holds."""
    assert callable(condition)
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)


def test_what_is_put_is_written_soon_and_before_what_is_written(tmp_path: Path) -> None:
    made = writer(tmp_path)
    made.put(ENTRIES[1])
    with made.lock:
        assert made.write((ENTRIES[2],)) == 2
    made.put(ENTRIES[3])
    wait_for(5, lambda: len(lines(tmp_path)) == 4)
    stop(made)
    report = verify_chain(lines(tmp_path))
    assert report.ok
    assert report.last == 4


def test_many_threads_make_one_chain(tmp_path: Path) -> None:
    made = writer(tmp_path, segment_bytes=5000)

    def work(number: int) -> None:
        for entry in ENTRIES[1:]:
            if number % 2:
                made.put(entry)
            else:
                with made.lock:
                    seq = made.write((entry,))
                made.make_durable(seq)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stop(made)
    report = verify_chain(lines(tmp_path))
    assert report.ok
    assert report.records == 6 * 40 + 2
    assert len(segment_files(tmp_path / "trail")) > 2


def test_heads_follow_by_themselves(tmp_path: Path) -> None:
    made = writer(tmp_path, head_seconds=0.05)
    wait_for(5, lambda: made.head_at is not None)
    stop(made)


def test_a_heads_place_that_refuses_is_an_alarm_not_a_failure(tmp_path: Path) -> None:
    made = writer(tmp_path)
    (tmp_path / "heads" / f"{made.segments.chain}.heads.jsonl").mkdir()
    assert not made.sign_head()
    assert "heads can't be stored" in made.head_failure
    assert made.failure == ""
    stop(made)


def test_a_queue_that_overflows_counts_what_it_drops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chainwriter, "QUEUE_LIMIT", 5)
    monkeypatch.setattr(chainwriter, "FLUSH_SECONDS", 60.0)
    made = writer(tmp_path)
    for entry in ENTRIES[1:10]:
        made.put(entry)
    stop(made)
    assert made.lost == 5
    assert any(b'"kind":"loss"' in line and b'"count":5' in line for line in lines(tmp_path))


def test_what_failed_stays_queued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = writer(tmp_path)

    def full(fd: int, data: bytes, offset: int) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    made.put(ENTRIES[1])
    with made.lock, pytest.raises(JournalFailure, match="No space left"):
        made.write((ENTRIES[2],))
    assert made.waiting == 1
    monkeypatch.undo()
    wait_for(5, lambda: made.waiting == 0)
    stop(made)
    assert verify_chain(lines(tmp_path)).records == 3


def test_after_close_nothing_is_written(tmp_path: Path) -> None:
    made = writer(tmp_path)
    stop(made)
    stop(made)
    with made.lock, pytest.raises(JournalFailure, match="closed"):
        made.write((ENTRIES[1],))
