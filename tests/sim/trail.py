"""A trail made for tests: a chain of plausible records, heads for it, and Envoy's side of the ingest in memory."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from rayfence.gateway.loss import Sample
from rayfence.trail.chain import EMPTY, Tip, digest, extend, genesis
from rayfence.trail.heads import Head, PublicKeys, key_id, sign_head
from rayfence.trail.naming import HEADS_SUFFIX, segment_name
from rayfence.trail.record import Entry, Kind, timestamp

CHAIN: Final = "0001-0a1b2c3d4e5f"
INSTANCE: Final = "demo"
KEY: Final = ec.generate_private_key(ec.SECP256R1())
OTHER_KEY: Final = ec.generate_private_key(ec.SECP256R1())
KEYS: Final[PublicKeys] = {key_id(KEY.public_key()): KEY.public_key()}


def entries(count: int, *, start: float = 1_700_000_000.0) -> list[Entry]:
    """`count` entries after a genesis: of ten, one intent, its outcome, and eight of Envoy's decisions."""
    made = [genesis(INSTANCE, CHAIN, timestamp(start))]
    for number in range(1, count + 1):
        ts, step = timestamp(start + number), number % 10
        if step == 1:
            made.append(Entry(Kind.INTENT, ts, "alice", "job.submit", f"raysubmit-{number}", ref=f"{number:016x}"))
        elif step == 2:
            name = f"raysubmit-{number - 1}"
            made.append(Entry(Kind.OUTCOME, ts, "alice", "job.submit", name, "done", 200, f"{number - 1:016x}"))
        else:
            verdict, status = ("refused", 403) if step == 9 else ("allowed", 200)
            detail: dict[str, str | int] = {
                "at": ts,
                "bytes": 1234,
                "details": "via_upstream",
                "method": "GET",
                "ms": 12,
                "peer": "127.0.0.1:40312",
                "pos": f"0123456789ab:{number * 400}",
                "request": f"8f14e45f-ceea-467f-a8d5-{number:012x}",
                "surface": "api",
            }
            path = f"/api/jobs/raysubmit-{number}/logs"
            made.append(Entry(Kind.EDGE, ts, "bob", "jobs.logs", path, verdict, status, "", detail))
    return made


def chain(count: int) -> list[bytes]:
    """Lines of a whole chain: a genesis and `count` records."""
    return extend(EMPTY, entries(count))[0]


def tip_of(lines: Sequence[bytes], seq: int) -> Tip:
    """The tip at record `seq`."""
    return Tip(seq, digest(lines[seq]))


def head(tip: Tip, *, key: ec.EllipticCurvePrivateKey = KEY, chain: str = CHAIN) -> Head:
    """A signed head."""
    return sign_head(key, instance=INSTANCE, chain=chain, tip=tip, ts=timestamp(1_700_000_000.0))


#: Of alice's token t1, as far as its digits can say so.
GRANT = f"rayfence:api submitter {'5e' * 16} 1700000000 {'a1' * 16} alice"


def log_line(number: int, *, at: float | None = None, **changes: object) -> bytes:
    """A line as Envoy writes it, with its newline."""
    value: dict[str, object] = {
        "ts": timestamp(time.time() if at is None else at)[:23] + "Z",
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
        "bytes": 120,
        "peer": "127.0.0.1:40312",
        "intent": None,
    }
    return (json.dumps({**value, **changes}, sort_keys=True, separators=(",", ":")) + "\n").encode()


class SimEnvoy:
    """`EnvoyPort` in memory: counters that a test sets, reopenings it counts."""

    def __init__(self, epoch: float | None = None) -> None:
        self.epoch = time.time() if epoch is None else epoch
        self.finished: dict[str, int] = {"front": 0, "ray_client": 0}
        self.reopened = 0
        self.answers = True

    async def sample(self) -> Sample | None:
        """See `EnvoyPort`."""
        return Sample(time.time(), self.epoch, dict(self.finished)) if self.answers else None

    async def reopen_logs(self) -> bool:
        """See `EnvoyPort`."""
        self.reopened += 1
        return self.answers

    async def close(self) -> None:
        """See `EnvoyPort`."""


def write_trail(folder: Path, heads: Path, count: int) -> None:
    """A whole chain as a gateway leaves it: one segment, one head of its last record, the head's public key."""
    for one in (folder, heads):
        one.mkdir(parents=True)
    lines = chain(count)
    (folder / segment_name(CHAIN, 0)).write_bytes(b"".join(lines))
    (heads / f"{CHAIN}{HEADS_SUFFIX}").write_bytes(head(tip_of(lines, count)).line())
    pem = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (heads / f"{key_id(KEY.public_key())}.pem").write_bytes(pem)
