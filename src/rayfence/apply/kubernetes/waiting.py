"""Waiting until objects are what they should be, by their real condition: status, events and pods, not a 200.

KubeRay stores a bad spec and tells of it by an event only, and the API server drops fields that an older schema does
not have: both end the wait with their text. What fails and may mend by itself (an image that can't be pulled for now)
is waited for until the deadline, and then is the reason.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from rayfence.apply.kubernetes.lease import Guard
from rayfence.apply.kubernetes.look import OURS, Seen
from rayfence.errors import KubernetesError, ServerUnreachable
from rayfence.model.api_objects import (
    Json,
    Kind,
    kind_key,
    name_of,
    namespace_of,
    object_at,
    objects_at,
    reference,
    text_at,
)
from rayfence.model.frozen import dataclass
from rayfence.model.live import Phase, Readiness
from rayfence.plan.live.ready.readiness import readiness
from rayfence.ports.kubernetes import Clock, KubernetesApi
from rayfence.ports.machine import Reporter

_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 5.0
#: Kinds of which events and pods tell more than their own status.
_WORKLOADS: Final = frozenset({"Deployment", "StatefulSet", "RayCluster", "RayJob", "RayService", "RayCronJob"})
_POD: Final = ("v1", "Pod")
#: How long an API server may be away in the middle of a wait.
_AWAY_SECONDS: Final = 60.0


class NotReady(KubernetesError):
    """Objects have failed, or did not become ready in time. `left`: (reference, why) of each."""

    def __init__(self, left: Sequence[tuple[str, Readiness]]) -> None:
        lines = [f"{name}: {state.reason}" for name, state in left]
        super().__init__("\n".join(lines))
        self.left = tuple(name for name, _ in left)
        self.hint = next((state.next_step for _, state in left if state.next_step), "")


@dataclass(frozen=True, slots=True)
class Wait:
    """What a wait needs around it. `deadline`: seconds from its beginning; `guard` is called in each round.

    `lanes`: requests that may be under way at once.
    """

    api: KubernetesApi
    seen: Seen
    clock: Clock
    report: Reporter
    guard: Guard
    deadline: float
    lanes: int = 1


def await_ready(wait: Wait, wanted: Iterable[Json]) -> None:
    """Wait for each of `wanted` (objects as stored by the server). Raises NotReady, Busy when the lease is lost.

    What is ready by being stored is not asked for again.
    """
    pending = {_key(value): value for value in wanted if not _is_ready_already(value, wait)}
    states: dict[tuple[str, ...], Readiness] = {}
    end, pause, away_since = wait.clock.monotonic() + wait.deadline, _FIRST_PAUSE, None
    while pending:
        wait.guard()
        try:
            pending, states = _round(wait, pending, states)
            away_since = None
        except ServerUnreachable:
            now = wait.clock.monotonic()
            away_since = now if away_since is None else away_since
            if now - away_since > _AWAY_SECONDS:
                raise
        if not pending:
            return
        if wait.clock.monotonic() >= end:
            raise NotReady([(_name(key), states[key]) for key in pending if key in states])
        wait.clock.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE)


def _is_ready_already(value: Json, wait: Wait) -> bool:
    """Whether nothing can come of asking again. What has pods is asked for once at least: its status may be old."""
    return value.get("kind") not in _WORKLOADS and readiness(value, (), wait.clock.utc()).phase is Phase.READY


def await_gone(wait: Wait, wanted: Iterable[Json]) -> None:
    """Wait until each of these very objects is gone. Raises NotReady with what holds those that stay."""
    pending = {_key(value): value for value in wanted}
    end, pause = wait.clock.monotonic() + wait.deadline, _FIRST_PAUSE
    while True:
        wait.guard()
        still = {}
        for key, value in pending.items():
            live = wait.api.get(wait.seen.kind_of(value), name_of(value), namespace_of(value))
            if live is not None and text_at(live, "metadata", "uid") == text_at(value, "metadata", "uid"):
                still[key] = live
        pending = still
        if not pending:
            return
        if wait.clock.monotonic() >= end:
            raise NotReady([(_name(key), _held(value)) for key, value in pending.items()])
        wait.clock.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE)


def _round(
    wait: Wait, pending: Mapping[tuple[str, ...], Json], before: Mapping[tuple[str, ...], Readiness]
) -> tuple[dict[tuple[str, ...], Json], dict[tuple[str, ...], Readiness]]:
    """Look once at everything that is waited for; what is not ready stays. Raises NotReady for what has failed."""
    live = _fresh(wait, pending)
    homes = {namespace_of(value) for value in pending.values() if value.get("kind") in _WORKLOADS}
    events = {home: wait.api.events(home) for home in homes}
    pods = {home: _pods(wait, home) for home in homes}
    states: dict[tuple[str, ...], Readiness] = {}
    for key, value in pending.items():
        now = live.get(key)
        if now is None:
            states[key] = Readiness(Phase.FAILED, "was deleted while it was waited for", "repeat the command")
        else:
            home = namespace_of(value)
            states[key] = readiness(now, events.get(home, ()), wait.clock.utc(), pods.get(home, ()))
    failed = [(key, state) for key, state in states.items() if state.phase is Phase.FAILED and not state.transient]
    if failed:
        raise NotReady([(_name(key), state) for key, state in failed])
    for key, state in states.items():
        if state.phase is not Phase.READY and (key not in before or before[key].reason != state.reason):
            wait.report(f"waiting for {_name(key)}: {state.reason}")
    left = {key: live.get(key, value) for key, value in pending.items() if states[key].phase is not Phase.READY}
    return left, {key: states[key] for key in left}


def _fresh(wait: Wait, pending: Mapping[tuple[str, ...], Json]) -> dict[tuple[str, ...], Json]:
    """The objects as they are now: one request per kind where many are waited for, else one for each."""
    by_kind: dict[Kind, list[Json]] = {}
    for value in pending.values():
        by_kind.setdefault(wait.seen.kind_of(value), []).append(value)
    found: dict[tuple[str, ...], Json] = {}
    for kind, values in by_kind.items():
        if len(values) > 3:
            found |= {_key(value): value for value in wait.api.list(kind, labels=OURS)}
        for value in values:
            if _key(value) not in found:
                live = wait.api.get(kind, name_of(value), namespace_of(value))
                found |= {_key(value): live} if live is not None else {}
    return found


def _pods(wait: Wait, namespace: str) -> tuple[Json, ...]:
    kind = wait.seen.kinds.get(_POD)
    return wait.api.list(kind, namespace) if kind is not None else ()


def _held(value: Json) -> Readiness:
    """Why an object that is being deleted is still there."""
    finalizers = object_at(value, "metadata").get("finalizers")
    conditions = objects_at(value, "status", "conditions")
    told = [text_at(item, "message") for item in conditions if item.get("status") == "True" and item.get("message")]
    held = [f"finalizers {', '.join(map(str, finalizers))}"] if isinstance(finalizers, list) and finalizers else []
    why = "; ".join((*held, *told)) or "no reason is told"
    step = f"see what holds it: kubectl get {text_at(value, 'kind').lower()} {name_of(value)} -o yaml"
    return Readiness(Phase.WAITING, f"is still there ({why})", step)


def _key(value: Json) -> tuple[str, ...]:
    return (*kind_key(value), namespace_of(value), name_of(value))


def _name(key: tuple[str, ...]) -> str:
    _, kind, namespace, name = key
    return reference({"kind": kind, "metadata": {"namespace": namespace, "name": name}})
