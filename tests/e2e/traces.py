"""What an instance leaves on this machine: processes, sockets, ports, shared memory. Read from /proc, never by name."""

import os
from pathlib import Path

from rayfence.adapters.net.ports import is_free
from rayfence.adapters.processes import process_table
from rayfence.adapters.processes.process_table import Ident
from rayfence.api.instances import Record, all_ports


def processes_naming(*words: str) -> list[Ident]:
    """Running processes, ours excluded, whose command line or environment holds one of the words."""
    found = []
    sought = [word.encode() for word in words]
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            text = (entry / "cmdline").read_bytes()
            text += (entry / "environ").read_bytes()
        except OSError:  # ended, or of somebody whose processes we may not look into
            text = b""
        ident = process_table.ident_of(int(entry.name)) if any(word in text for word in sought) else None
        if ident is not None:
            found.append(ident)
    return found


def traces(record: Record) -> list[str]:
    """All that is left of a stopped instance, in words; empty is good. Its state folder may stay."""
    places = record.places
    left = [f"process {ident.pid}" for ident in processes_naming(places.runtime, places.ray, f"{places.state}/")]
    sockets = Path("/proc/net/unix").read_text(encoding="utf-8", errors="replace")
    left += [line for line in sockets.splitlines() if places.runtime in line or places.ray in line]
    left += [f"port {port}" for port in sorted(all_ports(record.ports)) if not is_free(port)]
    left += [folder for folder in (places.runtime, places.ray) if Path(folder).exists()]
    if record.ray_uid is not None:
        left += [str(path) for path in Path("/dev/shm").iterdir() if path.lstat().st_uid == record.ray_uid]
    return left
