"""`diff(Desired, Observed) -> Plan`: ordered, explained, stamped. Pure; `diff(x, x)` has nothing pending."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict

from rayfence.errors import StateError
from rayfence.model.desired import Desired, ProcessSpec
from rayfence.model.plan import Action, Change, Leaf, Observed, Plan, Running


def diff(desired: Desired, observed: Observed) -> Plan:
    """Compare, in the order things are made: folders, secrets, authorities, certificates, files, processes.

    Raises StateError for a foreign authority or leaf: overwriting what others made could lock them out.
    """
    changes = (
        *(_folders(desired, observed)),
        *(_secrets(desired, observed)),
        *(_leaves(desired, observed)),
        *(_files(desired, observed)),
    )
    return Plan(desired.instance, digest(desired), (*changes, *_processes(desired, observed, changes)))


def digest(desired: Desired) -> str:
    """SHA-256 over the canonical JSON of everything desired."""
    return hashlib.sha256(json.dumps(asdict(desired), sort_keys=True).encode()).hexdigest()


def spec_digest(spec: ProcessSpec) -> str:
    """SHA-256 of one process spec: what `Observed.specs` holds for a running process."""
    return hashlib.sha256(json.dumps(asdict(spec), sort_keys=True).encode()).hexdigest()


def content_digest(content: str) -> str:
    """SHA-256 of a file's content: what `Observed.files` holds."""
    return hashlib.sha256(content.encode()).hexdigest()


def _folders(desired: Desired, observed: Observed) -> Iterator[Change]:
    for folder in desired.folders:
        there = folder.path in observed.folders
        yield Change(
            "folder", folder.path, Action.KEEP if there else Action.CREATE, f"mode {folder.mode:04o}, {folder.account}"
        )


def _secrets(desired: Desired, observed: Observed) -> Iterator[Change]:
    for secret in desired.secrets:
        there = secret.name in observed.secrets
        yield Change(
            "secret", secret.name, Action.KEEP if there else Action.CREATE, f"{secret.kind}, generated where used"
        )


def _leaves(desired: Desired, observed: Observed) -> Iterator[Change]:
    renewed: set[str] = set()
    for authority in desired.authorities:
        seen = observed.leaves.get(authority.name, Leaf.MISSING)
        _refuse_foreign("authority", authority.name, seen)
        if _leaf_action(seen) is not Action.KEEP:
            renewed.add(authority.name)
        yield Change("authority", authority.name, _leaf_action(seen), f"{authority.lifetime_days} days, {seen}")
    for leaf in desired.certificates:
        seen = observed.leaves.get(leaf.name, Leaf.MISSING)
        # A leaf may be foreign to a renewed authority or to changed names: it is ours to replace.
        outdated = seen is Leaf.FOREIGN or (leaf.authority in renewed and seen is not Leaf.MISSING)
        action = Action.RENEW if outdated else _leaf_action(seen)
        yield Change("certificate", leaf.name, action, f"{leaf.lifetime_hours} h by {leaf.authority}, {seen}")


def _refuse_foreign(kind: str, name: str, seen: Leaf) -> None:
    if seen is Leaf.FOREIGN:
        raise StateError(
            f"{kind} {name!r} in the state folder is not ours: key and certificate do not belong together",
            hint="move it away to have a new one made",
        )


def _leaf_action(seen: Leaf) -> Action:
    if seen is Leaf.MISSING:
        return Action.CREATE
    return Action.KEEP if seen is Leaf.VALID else Action.RENEW


def _files(desired: Desired, observed: Observed) -> Iterator[Change]:
    for file in desired.files:
        seen = observed.files.get(file.path)
        if seen is None:
            yield Change("file", file.path, Action.CREATE, "not there")
        elif seen != content_digest(file.content):
            yield Change("file", file.path, Action.UPDATE, "content differs")
        else:
            yield Change("file", file.path, Action.KEEP, "same content")


def _processes(desired: Desired, observed: Observed, earlier: tuple[Change, ...]) -> Iterator[Change]:
    changed = {change.name for change in earlier if change.action is not Action.KEEP}
    leaves = {path: leaf.name for leaf in desired.certificates for path in (leaf.certificate, leaf.key)}
    for spec in desired.processes:
        seen = observed.processes.get(spec.name, Running.ABSENT)
        stale = sorted(path for path in spec.reads if path in changed or leaves.get(path) in changed)
        if seen is Running.ABSENT:
            yield Change("process", spec.name, Action.START, "not running")
        elif observed.specs.get(spec.name) != spec_digest(spec):
            yield Change("process", spec.name, Action.RESTART, "its specification changed")
        elif stale:
            yield Change("process", spec.name, Action.RESTART, f"{stale[0]} changes, and it reads that only at start")
        else:
            yield Change("process", spec.name, Action.KEEP, f"runs as specified, {seen}")
    wanted = {spec.name for spec in desired.processes}
    for name in sorted(set(observed.processes) - wanted):
        yield Change("process", name, Action.REMOVE, "no longer specified")
