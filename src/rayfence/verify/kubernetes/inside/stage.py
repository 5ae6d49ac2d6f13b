"""The life of the probe: its namespaces and pods are made, waited for, read and removed, whatever happened.

What an earlier run left, after a crash, is found by its label and removed first. Two runs at once end each other: the
later one wins, and the earlier one says that it could not tell.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

from rayfence.errors import ChangedMeanwhile, Forbidden, KubernetesError, NotReadyProbe, Refused
from rayfence.model.api_objects import (
    FIELD_MANAGER,
    Json,
    Kinds,
    at,
    kind_key,
    name_of,
    namespace_of,
    objects_at,
    reference,
    text_at,
)
from rayfence.model.frozen import dataclass
from rayfence.plan.live.ready.pods import pod_trouble
from rayfence.ports.kubernetes import Clock, KubernetesApi
from rayfence.ports.machine import Reporter
from rayfence.render.kubernetes.names import friend_namespace, probe_namespace
from rayfence.verify.kubernetes.inside.crew import PROBE, Member, closing_policy, namespaces_of
from rayfence.verify.kubernetes.inside.sightings import Report, no_report, read_report

_PAUSE: Final = 0.5
_START_SECONDS: Final = 120.0
_END_SECONDS: Final = 600.0
_GONE_SECONDS: Final = 120.0
#: A new namespace gets its account a moment later.
_ACCOUNT_SECONDS: Final = 20.0

#: Namespace and pod to what its one container has printed. Raises KubernetesError.
ReadLog = Callable[[str, str], str]


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the probe lives. `mark`: begins the line of a report; new in each run."""

    api: KubernetesApi
    kinds: Kinds
    clock: Clock
    report: Reporter
    read_log: ReadLog
    platform: str
    tenants: tuple[str, ...]
    mark: str

    def open(self) -> None:
        """Remove what was left, make the namespaces and the policy that closes one listener off.

        Raises KubernetesError, NotReadyProbe where something of an earlier run does not go.
        """
        left = self.clear()
        if left:
            raise NotReadyProbe(f"what an earlier run left does not go: {', '.join(left)}")
        for value in (*namespaces_of(self.platform, self.tenants), closing_policy(self.platform)):
            self.api.apply(self.kinds[kind_key(value)], value, manager=FIELD_MANAGER)

    def start(self, value: dict[str, Any]) -> None:
        """Make a pod. Raises KubernetesError: quota, admission, rights."""
        kind = self.kinds[kind_key(value)]
        until = self.clock.monotonic() + _ACCOUNT_SECONDS
        while True:
            try:
                self.api.create(kind, value, manager=FIELD_MANAGER)
                return
            except (Refused, Forbidden) as error:
                if "serviceaccount" not in str(error) or self.clock.monotonic() > until:
                    raise
            self.clock.sleep(_PAUSE)

    def address(self, member: Member) -> str:
        """The address of a pod, once its program runs. Raises NotReadyProbe with what keeps it."""
        pod = self._await(member, _START_SECONDS, _is_up)
        if text_at(pod, "status", "phase") != "Running":
            raise NotReadyProbe(f"{reference(pod)} ended: {self._last_words(member)}")
        return text_at(pod, "status", "podIP")

    def outcome(self, member: Member) -> Report:
        """What a pod saw, once it has ended; why there is nothing, where there is nothing."""
        try:
            pod = self._await(member, _END_SECONDS, _is_over)
            log = self.read_log(member.namespace, member.name)
        except KubernetesError as error:
            return no_report(str(error))
        found = read_report(log, self.mark)
        if found.problem and text_at(pod, "status", "reason"):
            return no_report(f"{found.problem} ({text_at(pod, 'status', 'reason')})")
        return found

    def clear(self) -> tuple[str, ...]:
        """Remove every pod and namespace of the probe; references of what does not go. Raises nothing of the server."""
        found = self._mine()
        for value in found:
            try:
                uid = text_at(value, "metadata", "uid")
                self.api.delete(self.kinds[kind_key(value)], name_of(value), namespace_of(value), uid=uid)
            except ChangedMeanwhile:
                continue
            except KubernetesError as error:
                self.report(f"could not remove {reference(value)}: {error}")
        until = self.clock.monotonic() + _GONE_SECONDS
        while found and self.clock.monotonic() < until:
            found = self._mine()
            if found:
                self.clock.sleep(_PAUSE)
        return tuple(reference(value) for value in found)

    def _mine(self) -> tuple[Json, ...]:
        pods, spaces = self.kinds["v1", "Pod"], self.kinds["v1", "Namespace"]
        label = {PROBE: self.platform}
        found: list[Json] = []
        try:
            found += self.api.list(pods, labels=label)
        except KubernetesError:
            for tenant in self.tenants:  # somebody whose rights end at these namespaces
                found += self._listed(tenant, label)
        for name in (probe_namespace(self.platform), friend_namespace(self.platform)):
            try:
                space = self.api.get(spaces, name)
            except KubernetesError:
                continue
            # A namespace of this name that is not ours stays: making ours will be refused, and say so.
            if space is not None and text_at(space, "metadata", "labels", "rayfence.dev/platform") == self.platform:
                found.append(space)
        return tuple(found)

    def _listed(self, namespace: str, labels: dict[str, str]) -> Iterable[Json]:
        try:
            return self.api.list(self.kinds["v1", "Pod"], namespace, labels)
        except KubernetesError:
            return ()

    def _await(self, member: Member, seconds: float, done: Callable[[Json], bool]) -> Json:
        kind, until = self.kinds["v1", "Pod"], self.clock.monotonic() + seconds
        while True:
            pod = self.api.get(kind, member.name, member.namespace)
            if pod is None:
                raise NotReadyProbe(f"Pod {member.namespace}/{member.name} was removed by somebody")
            if done(pod):
                return pod
            if self.clock.monotonic() > until:
                trouble = pod_trouble(pod, ())
                why = trouble.reason if trouble is not None else f"still {text_at(pod, 'status', 'phase') or 'new'}"
                raise NotReadyProbe(f"{reference(pod)} after {seconds:.0f} s: {why}")
            self.clock.sleep(_PAUSE)

    def _last_words(self, member: Member) -> str:
        try:
            return self.read_log(member.namespace, member.name).strip()[-200:] or "without a word"
        except KubernetesError as error:
            return str(error)


def _is_over(pod: Json) -> bool:
    return text_at(pod, "status", "phase") in ("Succeeded", "Failed")


def _is_up(pod: Json) -> bool:
    """A running program listens a moment later; it has the time in which the attackers start."""
    if _is_over(pod):
        return True
    states = objects_at(pod, "status", "containerStatuses")
    runs = bool(states) and all(at(one, "state", "running") is not None for one in states)
    return runs and bool(text_at(pod, "status", "podIP"))
