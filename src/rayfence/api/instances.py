"""Where instances live on this machine, and what each recorded about itself (`instance.json`).

A record holds what must stay the same from one `up` to the next: folders, ports and Ray's uid. Nothing in it is
trusted for `status`: that looks afresh.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Final

import platformdirs

from rayfence.errors import StateError
from rayfence.model.frozen import dataclass
from rayfence.model.host import HeadPorts, NodePorts, Places, Ports

DEFAULT_NAME: Final = "default"

_NAME: Final = re.compile(r"[a-z]([a-z0-9-]{0,30}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Record:
    """What an instance keeps. `user` is who made it."""

    name: str
    user: str
    places: Places
    ports: Ports
    ray_uid: int | None
    namespaces: bool


def state_root(state_dir: Path | None) -> Path:
    """The folder of all instances: `--state-dir`, or the platform's state folder."""
    return state_dir.absolute() if state_dir is not None else platformdirs.user_state_path("rayfence")


def places_for(name: str, state_dir: Path | None) -> Places:
    """Folders for an instance. Raises StateError for a name that is no name: it becomes part of paths and hosts."""
    if not _NAME.fullmatch(name):
        raise StateError(
            f"{name!r} is no instance name",
            hint="use lower-case letters, digits and dashes, at most 32, a letter first",
        )
    state = state_root(state_dir) / name
    short = hashlib.sha256(str(state).encode()).hexdigest()[:8]
    runtime = _runtime_root()
    heads = (
        state_dir.absolute() / f"{name}.heads"
        if state_dir
        else platformdirs.user_data_path("rayfence") / "heads" / name
    )
    return Places(str(state), str(heads), f"{runtime}/{short}.g", f"{runtime}/{short}.r")


def load_record(name: str, state_dir: Path | None) -> Record | None:
    """The instance's record, or None when there is no such instance. Raises StateError when it can't be read."""
    path = Path(places_for(name, state_dir).state) / "instance.json"
    try:
        if path.stat().st_uid != os.geteuid():
            raise StateError(
                f"{path} belongs to another user", hint="use `rayfence login` to reach an instance of others"
            )
        data = json.loads(path.read_text(encoding="utf-8"))
        return Record(
            name=data["name"],
            user=data["user"],
            places=Places(**data["places"]),
            ports=_ports(data["ports"]),
            ray_uid=data["ray_uid"],
            namespaces=data["namespaces"],
        )
    except FileNotFoundError:
        return None
    except PermissionError as error:
        raise StateError(f"{path} can't be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise StateError(
            f"{path} is damaged ({type(error).__name__})",
            hint="move the state folder away; `rayfence up` makes a new one",
        ) from error


def require_record(name: str, state_dir: Path | None) -> Record:
    """Like `load_record`; raises StateError naming the instances there are when there is none."""
    record = load_record(name, state_dir)
    if record is None:
        others = ", ".join(instance_names(state_dir))
        hint = f"instances here: {others}" if others else "start one with `rayfence up`"
        raise StateError(f"there is no instance {name!r} in {state_root(state_dir)}", hint=hint)
    return record


def instance_names(state_dir: Path | None) -> tuple[str, ...]:
    """Names of all instances with a record, sorted."""
    root = state_root(state_dir)
    return tuple(sorted(path.parent.name for path in root.glob("*/instance.json")))


def record_json(record: Record) -> str:
    """The file form; stable."""
    return json.dumps(asdict(record), indent=1, sort_keys=True) + "\n"


def taken_ports(names: Iterable[str], state_dir: Path | None, but: str) -> frozenset[int]:
    """Ports recorded by the other instances: theirs even while they are down."""
    taken: set[int] = set()
    for name in names:
        if name == but:
            continue
        try:
            record = load_record(name, state_dir)
        except StateError:
            continue
        if record is not None:
            taken |= all_ports(record.ports)
    return frozenset(taken)


def all_ports(ports: Ports) -> frozenset[int]:
    """Every port of an instance, the workers' ranges included."""
    found = {ports.gateway, ports.ray_client, *ports.head.all()}
    for node in ports.nodes:
        found |= {*node.fixed(), *range(node.worker_min, node.worker_max + 1)}
    return frozenset(found)


def _ports(data: dict[str, object]) -> Ports:
    nodes, head = data["nodes"], data["head"]
    if not isinstance(nodes, list) or not isinstance(head, dict):
        raise TypeError("ports")
    return Ports(
        gateway=int(str(data["gateway"])),
        ray_client=int(str(data["ray_client"])),
        head=HeadPorts(**head),
        nodes=tuple(NodePorts(**node) for node in nodes),
    )


def _runtime_root() -> str:
    # Short: Ray puts unix sockets some 60 bytes below its folder, and the kernel's limit is 107.
    if os.geteuid() == 0:
        return "/run/rayfence"
    base = os.environ.get("XDG_RUNTIME_DIR", "")
    return f"{base}/rayfence" if base and len(base) <= 20 else f"/tmp/rayfence-{os.geteuid()}"  # noqa: S108 - made 0700, owner checked
