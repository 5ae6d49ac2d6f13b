"""What the trail costs: verifying 100,000 records, recording Envoy's decisions, and an intent's wait for the disk.

    python -m bench.trail [--records N] [--folder DIR]

Prints JSON. Times depend on the machine; compare the ratios, which relate each cost to the bare operation it can't
avoid, in the same run. `cpu` is the process's own CPU time.
"""

import argparse
import json
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from rayfence.gateway.accessline import read_log_line
from rayfence.gateway.heads import HeadSigner
from rayfence.gateway.ingest import Ingest
from rayfence.gateway.journal import Journal
from rayfence.gateway.segments import Segments, segment_files
from rayfence.trail.chain import EMPTY, Tip, digest, extend, genesis
from rayfence.trail.heads import key_id, sign_head
from rayfence.trail.record import Entry, Kind, timestamp
from rayfence.trail.verify import verify_chain
from tests.sim.trail import GRANT, SimEnvoy

Numbers = dict[str, float | int]


def log_line(number: int) -> bytes:
    """A line of Envoy's log."""
    value: dict[str, str | int | None] = {
        "ts": timestamp(1.7e9 + number)[:23] + "Z",
        "id": f"8f14e45f-ceea-467f-a8d5-{number:012x}",
        "grant": GRANT,
        "surface": "api",
        "route": "jobs.logs",
        "method": "GET",
        "path": f"/api/jobs/raysubmit-{number}/logs",
        "code": 200,
        "details": "via_upstream",
        "flags": "-",
        "ms": 3,
        "upstream_ms": 2,
        "bytes": 1200,
        "peer": "127.0.0.1:40312",
        "intent": None,
    }
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def entries(count: int) -> list[Entry]:
    """A genesis, and of ten records one intent, one outcome and eight decisions of Envoy's."""
    made = [genesis("bench", "0001-000000000000", timestamp(1.7e9))]
    for number in range(count):
        ts = timestamp(1.7e9 + number)
        if number % 10 == 0:
            made.append(Entry(Kind.INTENT, ts, "alice", "job.submit", f"raysubmit-{number}", ref=f"{number:016x}"))
        elif number % 10 == 1:
            name, ref = f"raysubmit-{number - 1}", f"{number - 1:016x}"
            made.append(Entry(Kind.OUTCOME, ts, "alice", "job.submit", name, "done", 200, ref))
        else:
            made.append(read_log_line(log_line(number), f"0123456789ab:{number * 400}").as_edge(ts, ""))
    return made


def best(work: Callable[[], object], times: int = 3) -> tuple[float, float]:
    """(seconds, CPU seconds) of the fastest of several runs."""
    runs = []
    for _ in range(times):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        runs.append((time.perf_counter() - wall, time.process_time() - cpu))
    return min(runs)


def verification(count: int) -> Numbers:
    """One pass over a chain with a head every thousand records, against hashing its lines and nothing else."""
    lines, _ = extend(EMPTY, entries(count))
    key = ec.generate_private_key(ec.SECP256R1())
    heads = [
        sign_head(
            key, instance="bench", chain="0001-000000000000", tip=Tip(seq, digest(lines[seq])), ts=timestamp(1.7e9)
        )
        for seq in range(1000, len(lines), 1000)
    ]
    keys = {key_id(key.public_key()): key.public_key()}
    assert verify_chain(lines, heads, keys).ok
    wall, cpu = best(lambda: verify_chain(lines, heads, keys))
    bare, _ = best(lambda: [sha256(line).hexdigest() for line in lines])
    return {
        "records": len(lines),
        "bytes_per_record": round(sum(map(len, lines)) / len(lines)),
        "heads": len(heads),
        "seconds": round(wall, 3),
        "cpu_seconds": round(cpu, 3),
        "ratio_to_hashing_alone": round(wall / bare, 2),
        "seconds_per_100000": round(wall / len(lines) * 1e5, 3),
    }


def open_journal(folder: Path) -> Journal:
    """A journal in an empty folder."""
    for name in ("trail", "heads", "secrets"):
        (folder / name).mkdir(parents=True, mode=0o700)
    signer = HeadSigner(folder / "secrets" / "key.pem", folder / "heads", "bench")
    return Journal(Segments(folder / "trail"), signer, "bench")


def recording(count: int, folder: Path) -> Numbers:
    """Envoy's lines from its log into the chain on disk, all in; against parsing the lines' JSON and nothing else."""
    journal = open_journal(folder)
    raw = [log_line(number) for number in range(count)]
    log = folder / "access.jsonl"
    ingest = Ingest(journal, log, SimEnvoy(), folder / "ingest.json")

    def record() -> tuple[float, float]:
        with log.open("ab") as file:
            file.write(b"".join(line + b"\n" for line in raw))
        wall, cpu = time.perf_counter(), time.process_time()
        ingest.step()
        return time.perf_counter() - wall, time.process_time() - cpu

    wall, cpu = min(record() for _ in range(3))
    bare, _ = best(lambda: [json.loads(line) for line in raw])
    ingest.close()
    journal.close()
    size = sum(path.stat().st_size for path in segment_files(folder / "trail"))
    return {
        "lines": count,
        "us_per_line": round(wall / count * 1e6, 1),
        "cpu_us_per_line": round(cpu / count * 1e6, 1),
        "ratio_to_json_alone": round(wall / bare, 1),
        "share_of_a_core_at_5000_per_second": round(cpu / count * 5000, 3),
        "bytes_per_line": round(size / count / 3),
    }


def intents(folder: Path, each: int = 200, callers: int = 16) -> Numbers:
    """How long an intent waits for the disk, alone and among others, against a bare fdatasync of the same size."""
    journal = open_journal(folder)

    def one() -> float:
        start = time.perf_counter()
        journal.intent(subject="alice", action="job.submit", object="raysubmit-1", detail={"request": "r"})
        return time.perf_counter() - start

    alone = [one() for _ in range(each)]
    waits: list[float] = []
    threads = [threading.Thread(target=lambda: waits.extend(one() for _ in range(each))) for _ in range(callers)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    together = time.perf_counter() - start
    journal.close()
    fd, bare = os.open(folder / "bare", os.O_RDWR | os.O_CREAT, 0o600), []
    for number in range(each):
        begun = time.perf_counter()
        os.pwrite(fd, b"x" * 300, number * 300)
        os.fdatasync(fd)
        bare.append(time.perf_counter() - begun)
    os.close(fd)
    return {
        "p50_us": round(statistics.median(alone) * 1e6),
        "p99_us": round(sorted(alone)[int(each * 0.99)] * 1e6),
        "ratio_to_bare_fdatasync": round(statistics.median(alone) / statistics.median(bare), 2),
        "callers": callers,
        "p50_us_among_callers": round(statistics.median(waits) * 1e6),
        "per_second_among_callers": round(callers * each / together),
        "ratio_of_throughput_to_one_caller": round(callers * each / together * statistics.fmean(alone), 2),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, default=None, help="disk to measure; default: a temporary folder")
    parser.add_argument("--json", action="store_true", help="the only form there is")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        folder = Path(name)
        result = {
            "verify": verification(arguments.records),
            "record": recording(min(50_000, arguments.records), folder / "record"),
            "intent": intents(folder / "intent"),
        }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
