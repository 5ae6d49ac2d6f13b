"""From Envoy's log into the trail, with Envoy in memory and real files."""

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rayfence.gateway import ingest as module
from rayfence.gateway import logfile
from rayfence.gateway.heads import HeadSigner
from rayfence.gateway.ingest import Ingest
from rayfence.gateway.journal import Journal
from rayfence.gateway.probes import Probes
from rayfence.gateway.segments import Segments, segment_files
from rayfence.trail.record import Entry, Kind, parse
from rayfence.trail.verify import verify_chain
from tests.sim.trail import GRANT, SimEnvoy, log_line


class Bench:
    """One instance's trail and log, stopped and started as tests wish."""

    def __init__(self, folder: Path) -> None:
        for name in ("trail", "heads", "secrets"):
            (folder / name).mkdir(mode=0o700)
        self.folder = folder
        self.log = folder / "access.jsonl"
        self.probes: Probes | None = None
        self.envoy = SimEnvoy()
        self.journal = self.start()
        self.ingest = self.reader()
        time.sleep(0.002)
        self.envoy.epoch = int(time.time() * 1000) / 1000  # started after the service, known to the millisecond

    def start(self) -> Journal:
        """A journal."""
        signer = HeadSigner(self.folder / "secrets" / "key.pem", self.folder / "heads", "demo")
        return Journal(Segments(self.folder / "trail"), signer, "demo", head_seconds=3600)

    def reader(self, rotate_bytes: int = 1 << 25) -> Ingest:
        """An ingest."""
        return Ingest(
            self.journal,
            self.log,
            self.envoy,
            self.folder / "trail" / "ingest.json",
            rotate_bytes=rotate_bytes,
            count_seconds=0.0,
            probes=self.probes,
        )

    def restart(self, *, crash: bool = False) -> None:
        """Stop and start the service; a crash skips the ingest's own end."""
        if not crash:
            self.ingest.close()
        self.journal.close()
        self.journal = self.start()
        self.ingest = self.reader()

    def write(self, *lines: bytes) -> None:
        """Envoy's part."""
        with self.log.open("ab") as file:
            file.write(b"".join(lines))
        self.envoy.finished["front"] += len(lines)

    def lines(self) -> list[bytes]:
        """Every line of the trail, verified."""
        found = [
            line
            for path in segment_files(self.folder / "trail")
            for line in path.read_bytes().splitlines(keepends=True)
        ]
        assert verify_chain(found).ok
        return found

    def edges(self) -> list[Entry]:
        """Records of Envoy's log."""
        return [e for e in (parse(line).entry for line in self.lines()) if "pos" in e.detail]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """One instance."""
    made = Bench(tmp_path)
    yield made
    made.ingest.close()
    made.journal.close()


def run_until(ingest: Ingest, condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Run the task until something holds."""

    async def run() -> None:
        task = asyncio.create_task(ingest.run())
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "it never came"
            assert not task.done(), task.exception()
            await asyncio.sleep(0.02)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())


def test_each_line_is_one_record(bench: Bench) -> None:
    bench.write(*(log_line(number) for number in range(1000)))
    assert bench.ingest.step()
    requests = [str(entry.detail["request"])[-4:] for entry in bench.edges()]
    assert requests == [f"{number:04x}" for number in range(1000)]


def test_a_decision_is_recorded_within_a_second(bench: Bench) -> None:
    bench.write(log_line(1))
    start = time.monotonic()
    run_until(bench.ingest, lambda: len(bench.edges()) == 1)
    # A bound on our own waiting, many times what it takes; not a measurement of the machine.
    assert time.monotonic() - start < 1.0 + 4.0
    assert module.LOOK_SECONDS <= 0.2


@pytest.mark.parametrize("crash", [True, False])
def test_a_restart_neither_loses_nor_doubles(bench: Bench, crash: bool) -> None:
    for number in range(0, 30, 3):
        bench.write(*(log_line(n) for n in range(number, number + 2)))
        bench.ingest.step()
        bench.write(log_line(number + 2))
        bench.restart(crash=crash)
    bench.ingest.step()
    assert [str(entry.detail["request"])[-4:] for entry in bench.edges()] == [f"{number:04x}" for number in range(30)]


def test_lines_wait_while_the_trail_cannot_be_written(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.write(log_line(1), log_line(2))

    def full(fd: int, data: bytes, offset: int) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    assert not bench.ingest.step()
    monkeypatch.undo()
    assert bench.ingest.step()
    assert len(bench.edges()) == 2


def test_a_write_of_the_service_and_its_edge_are_one_write(bench: Bench) -> None:
    request = f"8f14e45f-ceea-467f-a8d5-{5:012x}"
    intent = bench.journal.intent(subject="alice", action="job.stop", object="r", detail={"request": request})
    bench.write(log_line(5), log_line(6), log_line(5, grant=GRANT.replace("alice", "mallory")))
    bench.ingest.step()
    assert [entry.ref for entry in bench.edges()] == [intent, "", ""]
    assert {entry.kind for entry in bench.edges()} == {Kind.EDGE}


def test_the_end_of_a_ray_client_connection_completes_its_intent_even_after_a_crash(bench: Bench) -> None:
    first = bench.journal.intent(subject="alice", action="ray-client.connect", object="ray")
    second = bench.journal.intent(subject="alice", action="ray-client.connect", object="ray")
    bench.write(log_line(1, intent=first, surface="ray-client"))
    bench.ingest.step()
    bench.restart(crash=True)
    assert [intent.id for intent in bench.journal.open_intents()] == [second]
    bench.write(log_line(2, intent=second, surface="ray-client"), log_line(3, intent=second, surface="ray-client"))
    bench.ingest.step()
    assert bench.journal.open_intents() == ()
    kinds = [(entry.kind, entry.ref) for entry in bench.edges()]
    assert kinds == [(Kind.OUTCOME, first), (Kind.OUTCOME, second), (Kind.EDGE, second)]
    assert verify_chain(bench.lines()).open_intents == ()


def test_malformed_lines_are_records_too(bench: Bench) -> None:
    bench.write(b"half a li", b"ne\n", log_line(1))
    bench.ingest.step()
    assert [entry.kind for entry in bench.edges()] == [Kind.MALFORMED, Kind.EDGE]


def test_lines_that_never_came_are_a_loss(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rayfence.gateway.loss.SETTLE_SECONDS", 0.01)
    bench.write(log_line(1), log_line(2))
    bench.envoy.finished["front"] += 3
    run_until(bench.ingest, lambda: bench.journal.gauges() == {"lost_decisions": 3})
    bench.journal.close()
    loss = next(e for e in (parse(line).entry for line in bench.lines()) if e.kind == Kind.LOSS)
    assert (loss.object, loss.detail["count"]) == ("front", 3)


def test_nothing_is_lost_across_restarts_of_the_service(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rayfence.gateway.loss.SETTLE_SECONDS", 0.01)
    for crash in (False, True, True):
        bench.write(log_line(1), log_line(2))
        done = len(bench.edges()) + 2
        seen = bench.journal.health().seq
        run_until(bench.ingest, lambda done=done: len(bench.edges()) == done)  # type: ignore[misc]
        assert bench.journal.health().seq >= seen
        bench.restart(crash=crash)
    end = time.monotonic() + 1.0
    run_until(bench.ingest, lambda: time.monotonic() > end)
    assert bench.journal.health().lost == 0


def test_a_log_that_was_cut_is_recorded(bench: Bench) -> None:
    bench.write(log_line(1), log_line(2))
    bench.ingest.step()
    bench.log.write_bytes(b"")
    bench.write(log_line(3))
    bench.ingest.step()
    assert bench.journal.health().lost == 1
    assert len(bench.edges()) == 3


def test_a_large_log_is_exchanged(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logfile, "GRACE_SECONDS", 0.1)
    bench.ingest.close()
    bench.ingest = bench.reader(rotate_bytes=1000)
    bench.write(*(log_line(number) for number in range(20)))
    run_until(bench.ingest, lambda: bench.envoy.reopened > 0)
    bench.write(*(log_line(number) for number in range(20, 22)))
    run_until(bench.ingest, lambda: len(bench.edges()) == 22 and not bench.log.with_name("access.jsonl.old").exists())


def test_a_cancelled_task_and_the_last_step_record_each_line_once(bench: Bench) -> None:
    async def run() -> None:
        bench.write(*(log_line(number) for number in range(5000)))
        task = asyncio.create_task(bench.ingest.run())
        await asyncio.sleep(0.02)
        task.cancel()
        bench.ingest.close()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())
    assert len(bench.edges()) == 5000


def probe_line(number: int) -> bytes:
    """A kubelet's probe."""
    return log_line(number, grant=None, route="api.health", path="/v1/health", surface="login")


def test_in_a_cluster_probes_are_held_back_and_counted_all_the_same(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever ends the service between two records: nothing is lost, doubled or taken for a loss."""
    monkeypatch.setattr("rayfence.gateway.loss.SETTLE_SECONDS", 0.01)
    bench.probes = Probes()
    bench.ingest.close()
    bench.ingest = bench.reader()
    for crash in (False, True, True, False):
        bench.write(probe_line(1), probe_line(2), log_line(3), probe_line(4))
        done = len(bench.edges()) + 2
        run_until(bench.ingest, lambda done=done: len(bench.edges()) == done)  # type: ignore[misc]
        bench.restart(crash=crash)
    bench.write(log_line(9))
    end = time.monotonic() + 1.0
    run_until(bench.ingest, lambda: time.monotonic() > end)
    assert bench.journal.health().lost == 0
    assert [entry.action for entry in bench.edges()].count("jobs.logs") == 5


@pytest.mark.parametrize("crash", [True, False])
def test_a_loss_behind_probes_that_were_held_back_is_found_after_a_restart(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, crash: bool
) -> None:
    monkeypatch.setattr("rayfence.gateway.loss.SETTLE_SECONDS", 0.01)
    bench.probes = Probes()
    bench.ingest.close()
    bench.ingest = bench.reader()
    bench.write(log_line(1))
    run_until(bench.ingest, lambda: len(bench.edges()) == 1)
    bench.write(probe_line(2), probe_line(3), probe_line(4))
    end = time.monotonic() + 2.5  # the note is written once a second
    run_until(bench.ingest, lambda: time.monotonic() > end)
    bench.envoy.finished["front"] += 2
    bench.restart(crash=crash)
    run_until(bench.ingest, lambda: bench.journal.gauges() == {"lost_decisions": 2})
