"""`status`: what an instance is now, by a fresh look; nothing from memory but where to look."""

import time
from pathlib import Path

from rayfence.adapters.processes import keeper_control
from rayfence.adapters.processes.state_file import READY, KeeperStatus, ProcessStatus
from rayfence.api.instances import DEFAULT_NAME, Record, require_record
from rayfence.api.sightings import sightings
from rayfence.model.frozen import dataclass
from rayfence.model.verdict import Posture
from rayfence.render.local.layout import Layout
from rayfence.verify.posture import posture


@dataclass(frozen=True, slots=True)
class Part:
    """One supervised process. `detail`: what proved it ready, or why it is not."""

    name: str
    phase: str
    pid: int
    restarts: int
    detail: str


@dataclass(frozen=True, slots=True)
class Status:
    """A picture of an instance. `addresses`: (label, text) for people; `posture`: a verdict for each control."""

    name: str
    ready: bool
    parts: tuple[Part, ...]
    addresses: tuple[tuple[str, str], ...]
    posture: tuple[Posture, ...]


def look(name: str | None, state_dir: Path | None) -> Status:
    """Look at the instance now. Raises StateError when there is none."""
    record = require_record(name or DEFAULT_NAME, state_dir)
    keeper = keeper_control.read_status(record.places.runtime) if _has_runtime(record) else KeeperStatus()
    parts = tuple(_part(item) for item in keeper.processes)
    ready = bool(parts) and all(part.phase == READY for part in parts)
    return Status(record.name, ready, parts, addresses(record), posture(sightings(record, keeper)))


def addresses(record: Record) -> tuple[tuple[str, str], ...]:
    """Where to go, and who may log in how."""
    port = record.ports.gateway
    layout = Layout(record.places)
    return (
        ("gateway", f"https://localhost:{port}  (Jobs API, SDK, Serve; bearer token)"),
        ("dashboard", f"https://dashboard.{record.name}.localhost:{port}  (browser)"),
        ("log in", f"https://login.{record.name}.localhost:{port}/login  or  rayfence login USER"),
        ("Ray Client", f"ray://localhost:{record.ports.ray_client}  (right ray-client; TLS and token in metadata)"),
        ("authority", layout.front_ca),
        ("who", _who(record)),
    )


def _who(record: Record) -> str:
    # The compiler installs without the gateway's libraries; where an instance runs, they are there.
    from rayfence.gateway.identity.accounts import Accounts  # noqa: PLC0415

    try:
        accounts = Accounts(Path(record.places.state) / "users.json").all()
    except Exception as error:  # noqa: BLE001 - a damaged accounts file is the posture table's to report
        return f"{record.user} (admin, by key file); accounts can't be read: {type(error).__name__}"
    named = [f"{account.name} ({account.role})" for account in list(accounts.values())[:8]]
    more = f" and {len(accounts) - 8} more" if len(accounts) > 8 else ""
    return ", ".join([f"{record.user} (admin, by key file, no password)", *named]) + more


def _part(item: ProcessStatus) -> Part:
    age = f" for {_duration(time.time() - item.since)}" if item.phase == READY and item.since else ""
    lost = f"; restarted, last: {item.last_exit}" if item.restarts and item.last_exit else ""
    return Part(item.name, item.phase, item.pid, item.restarts, f"{item.detail}{age}{lost}")


def _duration(seconds: float) -> str:
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(0, seconds):.0f} s"


def _has_runtime(record: Record) -> bool:
    return Path(record.places.runtime).is_dir()
