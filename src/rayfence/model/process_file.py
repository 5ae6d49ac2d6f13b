"""The file form of process specs: what `render/local` writes and the keeper reads.

Standard library only: the keeper stays resident and must stay small.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from rayfence.model.desired import Account, ProcessSpec, ReadinessProbe, Sandbox


def processes_to_json(processes: tuple[ProcessSpec, ...]) -> str:
    """The file form; keys sorted, the order of processes kept."""
    return json.dumps([asdict(process) for process in processes], indent=1, sort_keys=True) + "\n"


def processes_from_json(text: str) -> tuple[ProcessSpec, ...]:
    """Read the file form strictly. Raises ValueError naming what is missing, unknown, doubled or dangling."""
    data = json.loads(text)
    if not isinstance(data, list):
        raise ValueError("process specs: not a list")  # noqa: TRY004 - one kind of error for a bad file
    specs = tuple(_process(item) for item in data)
    names = [spec.name for spec in specs]
    if len(set(names)) != len(names):
        raise ValueError("process specs: a name occurs twice")
    for spec in specs:
        unknown = set(spec.after + spec.restart_with) - set(names)
        if unknown:
            raise ValueError(f"process specs: {spec.name} waits for unknown {sorted(unknown)}")
    return specs


def _process(item: Mapping[str, Any]) -> ProcessSpec:
    _same_keys(item, ProcessSpec)
    sandbox, liveness = item["sandbox"], item["liveness"]
    if sandbox is not None:
        _same_keys(sandbox, Sandbox)
    values: dict[str, Any] = {
        **_tuples(item),
        "env": _pairs(item["env"]),
        "account": Account(item["account"]),
        "sandbox": None if sandbox is None else Sandbox(**_tuples(sandbox)),
        "readiness": _probe(item["readiness"]),
        "liveness": None if liveness is None else _probe(liveness),
    }
    return ProcessSpec(**values)


def _probe(item: Mapping[str, Any]) -> ReadinessProbe:
    _same_keys(item, ReadinessProbe)
    return ReadinessProbe(**{**item, "facts": _pairs(item["facts"])})


def _pairs(items: list[list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((str(name), str(value)) for name, value in items)


def _tuples(item: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in item.items()}


def _same_keys(item: Mapping[str, Any], kind: type) -> None:
    known = {field.name for field in fields(kind)}
    if set(item) != known:
        raise ValueError(f"process specs: missing or unknown keys {sorted(set(item) ^ known)}")
