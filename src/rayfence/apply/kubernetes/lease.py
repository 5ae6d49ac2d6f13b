"""One apply or destroy of a platform at a time, by a Lease (coordination.k8s.io/v1) that is renewed while it works.

Who finds it held waits: a holder that lives renews it soon, and then is told to be at work; one that died does not, and
its lease is taken over when it has run out. Whoever loses a lease stops before the next change. All of this is against
confusion, not against corruption: each change is applied by the server, whole, whoever else is at work.
"""

import datetime
from collections.abc import Callable
from typing import Final

from rayfence.apply.kubernetes.state import own_object, written
from rayfence.errors import AlreadyThere, Busy, ChangedMeanwhile
from rayfence.model.api_objects import FIELD_MANAGER, Json, Kind, name_of, namespace_of, number_at, text_at
from rayfence.ports.kubernetes import Clock, KubernetesApi
from rayfence.ports.machine import Reporter

NAME: Final = "apply"
LEASE: Final = Kind("coordination.k8s.io/v1", "Lease", "leases", True)
#: A request takes 30 seconds at the longest; a lease outlives one that hangs.
SECONDS: Final = 60
_RENEW_AFTER: Final = 10.0
_LOOK_EVERY: Final = 2.0

#: Called before each change and while waiting.
Guard = Callable[[], None]


class HeldLease:
    """A lease that is ours until `release`."""

    def __init__(self, api: KubernetesApi, clock: Clock, value: Json) -> None:
        self._api, self._clock, self._value = api, clock, value
        self._renewed = clock.monotonic()

    def renew(self) -> None:
        """Renew it when that is due. Raises Busy when it is another's by now: stop at once."""
        if self._clock.monotonic() - self._renewed < _RENEW_AFTER:
            return
        spec = {**_spec(self._value), "renewTime": written(self._clock.utc(), micro=True)}
        try:
            self._value = self._api.replace(LEASE, {**self._value, "spec": spec}, manager=FIELD_MANAGER)
        except ChangedMeanwhile as error:
            raise Busy(
                "another command has taken the work over, because this one did not come on for a while",
                hint="wait for the other to end, then repeat the command",
            ) from error
        self._renewed = self._clock.monotonic()

    def release(self) -> None:
        """Give it back; nothing when it is another's by now."""
        try:
            # Who takes a lease over changes it: uid and name stay.
            uid, version = (text_at(self._value, "metadata", field) for field in ("uid", "resourceVersion"))
            self._api.delete(LEASE, name_of(self._value), namespace_of(self._value), uid=uid, version=version)
        except ChangedMeanwhile:
            return


def take(api: KubernetesApi, platform: str, holder: str, clock: Clock, report: Reporter) -> HeldLease:
    """Take the platform's lease; its namespace is there. Raises Busy when another command is at work."""
    now = written(clock.utc(), micro=True)
    spec = {"holderIdentity": holder, "leaseDurationSeconds": SECONDS, "acquireTime": now, "renewTime": now}
    wanted = own_object(LEASE.api_version, LEASE.kind, NAME, platform, spec=spec)
    first: str | None = None
    while True:
        try:
            return HeldLease(api, clock, api.create(LEASE, wanted, manager=FIELD_MANAGER))
        except AlreadyThere:
            held = api.get(LEASE, NAME, namespace_of(wanted))
        if held is None:
            continue  # given back between the two
        other, renewed = text_at(held, "spec", "holderIdentity"), text_at(held, "spec", "renewTime")
        if _left(held, clock.utc()) <= 0:
            report(f"taking over from {other or 'a command'} that ended without giving back its lease")
            taken = _taken(api, held, spec, clock)
            if taken is not None:
                return taken
        elif first is not None and renewed != first:
            raise Busy(f"another command is at work on {platform}: {other}", hint="wait for it to end")
        else:
            if first is None:
                report(f"waiting for {other or 'another command'}, which holds the lease since {renewed}")
            first = renewed
            clock.sleep(_LOOK_EVERY)


def _taken(api: KubernetesApi, held: Json, spec: dict[str, object], clock: Clock) -> HeldLease | None:
    """The lease of one that died; None when somebody else was quicker."""
    now = written(clock.utc(), micro=True)
    try:
        value = {**held, "spec": {**spec, "acquireTime": now, "renewTime": now}}
        return HeldLease(api, clock, api.replace(LEASE, value, manager=FIELD_MANAGER))
    except ChangedMeanwhile:
        return None


def _left(held: Json, now: datetime.datetime) -> float:
    """Seconds until it runs out; what can't be read has run out."""
    try:
        renewed = datetime.datetime.fromisoformat(text_at(held, "spec", "renewTime").replace("Z", "+00:00"))
        return (renewed - now).total_seconds() + number_at(held, "spec", "leaseDurationSeconds")
    except (ValueError, TypeError):
        return 0.0


def _spec(value: Json) -> dict[str, object]:
    spec = value.get("spec")
    return dict(spec) if isinstance(spec, dict) else {}
