"""The journal on real files: durable intents, failures, restarts.

Disks that refuse are simulated by a limit on file size.
"""

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rayfence.adapters.trailfiles import TrailFiles
from rayfence.errors import StateError
from rayfence.gateway.heads import HeadSigner
from rayfence.gateway.journal import Journal, JournalFailure
from rayfence.gateway.segments import Segments, segment_files
from rayfence.trail.chain import EMPTY, digest
from rayfence.trail.intents import OpenIntent
from rayfence.trail.record import Kind, Record, parse
from rayfence.trail.verify import verify_chain
from tests.sim.gateway import make_settings

OpenJournal = Callable[..., Journal]


@pytest.fixture
def open_journal(tmp_path: Path) -> Iterator[OpenJournal]:
    """Opens the journal of one instance as often as a test asks; closes what is left open."""
    opened: list[Journal] = []
    for name in ("trail", "heads", "secrets"):
        (tmp_path / name).mkdir(mode=0o700, exist_ok=True)

    def make(*, segment_bytes: int = 1 << 20, head_seconds: float = 3600) -> Journal:
        signer = HeadSigner(tmp_path / "secrets" / "trail-heads.pem", tmp_path / "heads", "demo")
        segments = Segments(tmp_path / "trail", segment_bytes=segment_bytes)
        journal = Journal(segments, signer, "demo", head_seconds=head_seconds)
        opened.append(journal)
        return journal

    yield make
    for journal in opened:
        journal.close()


def records(folder: Path) -> list[Record]:
    """Every record on disk, its links checked."""
    found = []
    tip = EMPTY
    for path in segment_files(folder / "trail"):
        for line in path.read_bytes().splitlines(keepends=True):
            record = parse(line)
            if record.seq == 0:
                tip = EMPTY
            assert (record.seq, record.prev) == (tip.seq + 1, tip.hash)
            tip = tip._replace(seq=record.seq, hash=digest(line))
            found.append(record)
    return found


def kinds(folder: Path) -> list[str]:
    """Kinds of all records, in order."""
    return [record.entry.kind for record in records(folder)]


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """No file may grow beyond `size` bytes: pwrite writes what fits and then fails, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


def submit(journal: Journal, about: str = "raysubmit-1") -> str:
    """One intent."""
    return journal.intent(subject="alice", action="job.submit", object=about, detail={"request": about})


def test_an_intent_is_on_disk_when_it_returns(open_journal: OpenJournal, tmp_path: Path) -> None:
    name = submit(open_journal())
    last = records(tmp_path)[-1].entry
    assert (last.kind, last.ref, last.subject, last.action, last.object) == (
        Kind.INTENT,
        name,
        "alice",
        "job.submit",
        "raysubmit-1",
    )


def test_outcomes_and_decisions_follow_in_order(open_journal: OpenJournal, tmp_path: Path) -> None:
    journal = open_journal()
    name = submit(journal)
    journal.outcome(name, verdict="done", status=200)
    journal.decision(subject="bob", action="job.stop", object="raysubmit-1", verdict="refused", status=403)
    journal.close()
    assert kinds(tmp_path) == ["genesis", "start", "intent", "outcome", "decision", "stop"]
    outcome = records(tmp_path)[3].entry
    assert (outcome.ref, outcome.action, outcome.object, outcome.verdict) == (name, "job.submit", "raysubmit-1", "done")


def test_the_chain_goes_on_after_a_restart(open_journal: OpenJournal, tmp_path: Path) -> None:
    open_journal().close()
    journal = open_journal()
    submit(journal)
    assert kinds(tmp_path) == ["genesis", "start", "stop", "start", "intent"]
    assert len(segment_files(tmp_path / "trail")) == 1


def test_a_second_writer_is_refused(open_journal: OpenJournal) -> None:
    open_journal()
    with pytest.raises(StateError, match="another process"):
        open_journal()


def test_a_writer_that_ignores_the_lock_is_noticed(open_journal: OpenJournal, tmp_path: Path) -> None:
    journal = open_journal()
    with segment_files(tmp_path / "trail")[0].open("ab") as file:
        file.write(b"{}\n")
    with pytest.raises(JournalFailure, match="another process"):
        submit(journal)


def test_a_full_disk_refuses_intents_and_leaves_the_chain_whole(open_journal: OpenJournal, tmp_path: Path) -> None:
    journal = open_journal()
    submit(journal)
    size = segment_files(tmp_path / "trail")[0].stat().st_size
    with full_disk(size + 100):
        with pytest.raises(JournalFailure, match="can't be written"):
            submit(journal, "raysubmit-2")
        assert not journal.health().writable
        assert journal.gauges() == {"refuses_writes": 1}
        journal.decision(subject="bob", action="login", object="", verdict="refused", status=401)
    assert segment_files(tmp_path / "trail")[0].stat().st_size == size
    submit(journal, "raysubmit-3")
    assert journal.health().writable
    assert [r.entry.object for r in records(tmp_path) if r.entry.kind == "intent"] == ["raysubmit-1", "raysubmit-3"]
    assert "decision" in kinds(tmp_path)


def test_a_closed_journal_refuses(open_journal: OpenJournal) -> None:
    journal = open_journal()
    journal.close()
    with pytest.raises(JournalFailure, match="closed"):
        submit(journal)


def test_a_disk_that_fails_to_sync_refuses_the_intent(
    open_journal: OpenJournal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = open_journal()
    real = os.fdatasync

    def broken(fd: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fdatasync", broken)
    with pytest.raises(JournalFailure, match="durable"):
        submit(journal)
    monkeypatch.setattr(os, "fdatasync", real)
    submit(journal, "raysubmit-2")
    # The refused one stands in the chain with what became of it: nothing was done.
    outcomes = [r.entry for r in records(tmp_path) if r.entry.kind == "outcome"]
    assert [(entry.verdict, entry.object) for entry in outcomes] == [("refused", "raysubmit-1")]


def test_waiting_callers_share_a_sync(
    open_journal: OpenJournal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = open_journal()
    real, calls = os.fdatasync, []

    def slow(fd: int) -> None:
        calls.append(fd)
        threading.Event().wait(0.02)
        real(fd)

    monkeypatch.setattr(os, "fdatasync", slow)
    threads = [threading.Thread(target=submit, args=(journal, f"job-{number}")) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert kinds(tmp_path).count("intent") == 40
    assert len(calls) < 20


def test_a_crash_leaves_open_intents_that_are_reconciled(open_journal: OpenJournal, tmp_path: Path) -> None:
    crashed = open_journal()
    kept, lost = submit(crashed, "raysubmit-1"), submit(crashed, "raysubmit-2")
    done = submit(crashed, "raysubmit-3")
    crashed.outcome(done, verdict="done", status=200)
    crashed.close()
    journal = open_journal()
    assert [intent.id for intent in journal.open_intents()] == [kept, lost]
    assert journal.gauges() == {"unknown_outcomes": 2}

    def look(intent: OpenIntent) -> str | None:
        return "done" if intent.object == "raysubmit-1" else None

    assert journal.reconcile(look) == 1  # type: ignore[arg-type]
    journal.close()
    entry = next(r.entry for r in records(tmp_path) if r.entry.detail.get("reconciled"))
    assert (entry.ref, entry.verdict, entry.subject) == (kept, "done", "alice")
    assert [intent.id for intent in open_journal().open_intents()] == [lost]


def test_rotation_keeps_the_chain_and_what_is_open(open_journal: OpenJournal, tmp_path: Path) -> None:
    journal = open_journal(segment_bytes=2000)
    first = submit(journal, "raysubmit-0")
    for number in range(1, 30):
        journal.outcome(submit(journal, f"raysubmit-{number}"), verdict="done", status=200)
    journal.close()
    assert len(segment_files(tmp_path / "trail")) > 3
    assert kinds(tmp_path).count("intent") == 30
    assert [intent.id for intent in open_journal().open_intents()] == [first]


def test_a_torn_end_is_moved_aside_and_recorded(open_journal: OpenJournal, tmp_path: Path) -> None:
    open_journal().close()
    segment = segment_files(tmp_path / "trail")[0]
    with segment.open("ab") as file:
        file.write(b'{"prev":"00')
    open_journal().close()
    repair = next(r.entry for r in records(tmp_path) if r.entry.kind == "repair")
    assert repair.detail["bytes"] == 11
    assert (tmp_path / "trail" / str(repair.detail["file"])).read_bytes() == b'{"prev":"00'


def test_a_chain_shorter_than_its_signed_head_is_not_continued(open_journal: OpenJournal, tmp_path: Path) -> None:
    journal = open_journal()
    submit(journal)
    journal.close()
    segment = segment_files(tmp_path / "trail")[0]
    lines = segment.read_bytes().splitlines(keepends=True)
    segment.write_bytes(b"".join(lines[:-1]))
    open_journal().close()
    files = segment_files(tmp_path / "trail")
    assert len(files) == 2
    assert files[0].read_bytes() == b"".join(lines[:-1])
    assert "signed head names record" in str(parse(files[1].read_bytes().splitlines(keepends=True)[0]).entry.detail)


WRITER = """
import sys, threading
from pathlib import Path
from rayfence.gateway.heads import HeadSigner
from rayfence.gateway.journal import Journal
from rayfence.gateway.segments import Segments
folder = Path(sys.argv[1])
signer = HeadSigner(folder / "secrets" / "trail-heads.pem", folder / "heads", "demo")
journal = Journal(Segments(folder / "trail", segment_bytes=20_000), signer, "demo", head_seconds=0.02)
def work(name):
    while True:
        intent = journal.intent(subject=name, action="job.stop", object="x", detail={"pad": "y" * 200})
        sys.stdout.write(intent + "\\n"); sys.stdout.flush()
        journal.outcome(intent, verdict="done", status=200)
        journal.decision(subject=name, action="login", object="", verdict="refused", status=401)
for number in range(4):
    threading.Thread(target=work, args=(f"u{number}",)).start()
"""


@pytest.mark.parametrize("seconds", [0.05, 0.2, 0.35])
def test_kill_9_loses_no_intent_that_was_answered(seconds: float, open_journal: OpenJournal, tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(seconds)
        process.kill()
        answered = {first.decode().strip(), *process.stdout.read().decode().split("\n")[:-1]}
    assert len(answered) > 1
    journal = open_journal()
    found = records(tmp_path)
    assert answered <= {record.entry.ref for record in found if record.entry.kind == Kind.INTENT}
    closed = {record.entry.ref for record in found if record.entry.kind == Kind.OUTCOME}
    known = {record.entry.ref for record in found if record.entry.kind == Kind.INTENT}
    assert {intent.id for intent in journal.open_intents()} == known - closed
    assert journal.health().alarms == ()
    files = TrailFiles(tmp_path / "trail", tmp_path / "heads")
    (chain,) = files.chains()
    report = verify_chain(files.lines(chain), files.heads(chain), files.public_keys())
    assert report.ok, report.problems
    assert report.notes == ()


@pytest.mark.parametrize("clock", [[5e8, 4e8], [1.7e9, 1.8e9, 1.7e9]])
def test_a_clock_that_jumps_breaks_nothing(clock: list[float], tmp_path: Path) -> None:
    for name in ("trail", "heads", "secrets"):
        (tmp_path / name).mkdir(mode=0o700)
    for now in clock:
        signer = HeadSigner(tmp_path / "secrets" / "key.pem", tmp_path / "heads", "demo")
        journal = Journal(Segments(tmp_path / "trail"), signer, "demo", clock=lambda now=now: now)  # type: ignore[misc]
        submit(journal)
        journal.close()
    assert kinds(tmp_path).count("genesis") == 1
    assert kinds(tmp_path).count("intent") == len(clock)


def test_a_trail_folder_that_was_emptied_is_seen_by_the_heads(open_journal: OpenJournal, tmp_path: Path) -> None:
    open_journal().close()
    for path in segment_files(tmp_path / "trail"):
        path.unlink()
    open_journal().close()
    files = TrailFiles(tmp_path / "trail", tmp_path / "heads")
    gone, new = sorted(files.chains(), key=lambda name: len(list(files.lines(name))))
    assert not verify_chain(files.lines(gone), files.heads(gone), files.public_keys()).ok
    assert verify_chain(files.lines(new), files.heads(new), files.public_keys()).ok


def test_heads_are_signed_at_stop(open_journal: OpenJournal, tmp_path: Path) -> None:
    journal = open_journal()
    submit(journal)
    journal.close()
    (path,) = (tmp_path / "heads").glob("*.heads.jsonl")
    assert b'"seq":3,' in path.read_bytes()
    assert (tmp_path / "secrets" / "trail-heads.pem").stat().st_mode & 0o777 == 0o600


def test_an_instance_keeps_chain_heads_and_key_in_three_places(tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    journal = Journal.open(settings)
    submit(journal)
    journal.close()
    private = Path(settings.signing_keys).parent / "trail-heads.pem"
    assert b"PRIVATE KEY" in private.read_bytes()
    files = TrailFiles(Path(settings.trail_dir), Path(settings.trail_heads_dir))
    (chain,) = files.chains()
    report = verify_chain(files.lines(chain), files.heads(chain), files.public_keys())
    assert (report.ok, report.instance, report.covered) == (True, "test", report.last)
