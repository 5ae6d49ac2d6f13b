"""`restart`: stop and start, whole or in parts; Ray's nodes get new certificates because Ray does not reload them."""

from pathlib import Path

from rayfence.adapters.processes import keeper_control
from rayfence.api.down import down
from rayfence.api.instances import DEFAULT_NAME, require_record
from rayfence.api.locks import locked
from rayfence.api.status import Status, look
from rayfence.api.up import up
from rayfence.errors import StateError
from rayfence.ports.machine import Reporter
from rayfence.render.local.layout import Layout

_READY_SECONDS = 180


def restart(parts: tuple[str, ...], name: str | None, state_dir: Path | None, report: Reporter) -> Status:
    """Restart the named parts, or everything. Raises StateError for a part that is not there."""
    instance = name or DEFAULT_NAME
    record = require_record(instance, state_dir)
    if not parts:
        down(instance, state_dir, False, report)
        for leaf in Path(record.places.state).glob("envoy/ray-client.*"):
            leaf.unlink()  # Ray's own leaves went with its folder; this one is the gateway's towards Ray
        return up(None, instance, state_dir, report)
    with locked(instance, state_dir):
        runtime = record.places.runtime
        known = {process.name for process in keeper_control.read_status(runtime).processes}
        unknown = [part for part in parts if part not in known]
        if unknown:
            raise StateError(f"no part is called {unknown[0]!r}", hint=f"parts: {', '.join(sorted(known)) or 'none'}")
        keeper_control.start_keeper(Layout(record.places).processes, runtime)
        keeper_control.request(runtime, parts)
        report(f"restarting {', '.join(parts)}")
        keeper_control.wait_ready(runtime, known, _READY_SECONDS)
    return look(instance, state_dir)
