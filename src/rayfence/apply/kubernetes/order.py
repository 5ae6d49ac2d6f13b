"""What is to be done to a cluster, where and by whom, and what a look at it promises."""

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Final, Protocol

from rayfence.apply.kubernetes.look import Glance, Seen, look
from rayfence.apply.kubernetes.secrets import tampered_secrets
from rayfence.apply.kubernetes.state import state_manifests
from rayfence.errors import Forbidden
from rayfence.model.api_objects import FIELD_MANAGER, Json, Kinds
from rayfence.model.frozen import dataclass
from rayfence.model.kubernetes import Manifest
from rayfence.model.live import Drift, ObjectDrift, ObjectState, Phase
from rayfence.model.receipt import ClusterReceipt
from rayfence.plan.cluster import digest_of
from rayfence.plan.live.compare import compare, removable
from rayfence.plan.live.order import in_order, key_of
from rayfence.plan.live.ready.readiness import readiness
from rayfence.plan.live.running import running_drift
from rayfence.ports.kubernetes import Clock, KubernetesApi, KubernetesReads
from rayfence.ports.machine import Reporter

#: The stage of the operator; what comes before it are guards, accounts and rights.
FIRST_WORKLOADS: Final = 3


#: Labels that KubeRay puts on every pod of Ray's.
RAY_PODS: Final[Mapping[str, str]] = {"ray.io/is-ray-node": "yes"}
#: In place of references where Secrets may not be read.
UNREADABLE_SECRETS: Final = "Secrets, which may not be read"


#: Told of a Secret: its reference, and what more is to say.
Told = Callable[[str, str], None]


class SecretMaker(Protocol):
    """Makes what the plan only asks for: keys and certificates, in the Secrets where they are used."""

    def missing(self, api: KubernetesReads, kinds: Kinds) -> tuple[str, ...]:
        """References of Secrets that are not there, or lack a part."""

    def make(self, api: KubernetesApi, reads: KubernetesReads, kinds: Kinds, did: Told) -> None:
        """Make what is missing by what `reads` tells; a living one is never written.

        `did` is told the reference of each when it is made, and `renewed` where it was there before.
        """


class NoSecrets:
    """A platform that asks for none."""

    def missing(self, api: KubernetesReads, kinds: Kinds) -> tuple[str, ...]:  # noqa: ARG002
        """None."""
        return ()

    def make(self, api: KubernetesApi, reads: KubernetesReads, kinds: Kinds, did: Told) -> None:
        """None."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to do. `digest` of the plan. `operator_version` that the spec wants, and whether it is `ours` to install.

    `expected`: reference to digest of each change that the plan's reader saw; None: nobody read any. `forced`:
    references of objects whose fields may be taken from others. `prune`: remove what left the spec without asking.
    `deadline`: seconds that each stage may take to become ready. `wait`: for workloads too; guards are always waited
    for.
    """

    platform: str
    digest: str
    manifests: tuple[Manifest, ...]
    operator_version: str
    operator_ours: bool = True
    expected: Mapping[str, str] | None = None
    forced: frozenset[str] = frozenset()
    prune: bool = False
    dry_run: bool = False
    deadline: float = 600.0
    wait: bool = True
    secrets: SecretMaker = field(default_factory=NoSecrets)


#: Called with each receipt as it grows, to keep it beside the plan.
Keep = Callable[[ClusterReceipt], None]


#: Asked with references of what left the spec: whether it is to be removed.
Confirm = Callable[[tuple[str, ...]], bool]


def remove_nothing(references: tuple[str, ...]) -> bool:  # noqa: ARG001
    """For runs in which nobody can be asked."""
    return False


def keep_nothing(receipt: ClusterReceipt) -> None:
    """For a receipt that is kept in the cluster only."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where it is done, and by whom. `host`: user, machine and process, for lease and receipt.

    `confirm` is asked once, before anything is written, if something of ours left the spec. `lanes`: requests that
    may be under way at once.
    """

    api: KubernetesApi
    clock: Clock
    report: Reporter
    host: str
    keep: Keep = keep_nothing
    confirm: Confirm = remove_nothing
    lanes: int = 1


@dataclass(frozen=True, slots=True)
class Prospect:
    """What would be done: what was seen, how it differs, which Secrets are missing, what is there and not ready.

    `tampered`: Secrets that hold other bytes than were made; `running`: Ray's pods that are not as their Ray object
    asks. An apply leaves both: it never writes a living Secret, and never ends a job.
    """

    seen: Seen
    drift: Drift
    secrets: tuple[str, ...]
    unready: tuple[str, ...]
    tampered: tuple[ObjectDrift, ...] = ()
    running: tuple[ObjectDrift, ...] = ()

    @property
    def extra(self) -> tuple[ObjectDrift, ...]:
        """What is ours and left the spec."""
        return self.drift.of(ObjectState.EXTRA)

    @property
    def removable(self) -> tuple[ObjectDrift, ...]:
        """Of that, what is not marked to be kept."""
        return removable(self.drift)

    @property
    def changes(self) -> tuple[ObjectDrift, ...]:
        """What differs from the spec."""
        return tuple(item for item in self.drift.objects if item.state is not ObjectState.EXTRA)


def is_awaited(order: Order, manifest: Manifest) -> bool:
    """Whether an apply waits until the object is ready."""
    return order.wait or manifest.stage < FIRST_WORKLOADS


def complete(order: Order) -> tuple[Manifest, ...]:
    """Every object of the platform, with those for rayfence's own use, in the order of application."""
    return in_order((*state_manifests(order.platform), *order.manifests))


def prospect(order: Order, where: Surroundings, kinds: Kinds | None = None) -> Prospect:
    """Look, and say what would be done; changes nothing. Raises ServerUnreachable, CredentialsRefused."""
    manifests = complete(order)
    seen = look(where.api, manifests, kinds, where.lanes)
    glance = Glance(where.api, seen.absent)
    drift = compare(manifests, seen.objects, FIELD_MANAGER, unseen=seen.unseen)
    live, now = seen.live(), where.clock.utc()
    unready = tuple(
        manifest.reference
        for manifest in manifests
        if is_awaited(order, manifest)
        and (found := live.get(key_of(manifest.object))) is not None
        and readiness(found, (), now).phase is not Phase.READY
    )
    try:
        missing = order.secrets.missing(glance, seen.kinds)
    except Forbidden:  # the rights that are missing are named together, before the first write
        missing = (UNREADABLE_SECRETS,)
    tampered = tampered_secrets(glance, order.platform, seen.kinds)
    return Prospect(seen, drift, missing, unready, tampered, running_drift(manifests, _pods(glance, where, seen), {}))


def _pods(glance: Glance, where: Surroundings, seen: Seen) -> tuple[Json, ...]:
    """Every pod of Ray's; what may not be seen is said, and never taken for right."""
    kind = seen.kinds.get(("v1", "Pod"))
    try:
        return glance.list(kind, labels=RAY_PODS) if kind is not None else ()
    except Forbidden as error:
        where.report(f"running pods are not compared: {error}")
        return ()


def change_digests(drift: Drift) -> dict[str, str]:
    """Reference to digest of each change, for a plan that is read now and applied later."""
    return {
        item.reference: digest_of(
            [item.state, [(one.path, one.state, one.want, one.have) for one in item.changes], item.note]
        )
        for item in drift.objects
    }
