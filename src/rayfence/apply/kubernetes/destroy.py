"""`destroy`: take a platform out of a cluster, in reverse order, and leave nothing but what is marked to be kept."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace

from rayfence.apply.kubernetes import preflight
from rayfence.apply.kubernetes.lease import HeldLease, take
from rayfence.apply.kubernetes.look import Seen, look, ours
from rayfence.apply.kubernetes.order import Surroundings
from rayfence.apply.kubernetes.removal import remove
from rayfence.apply.kubernetes.state import state_namespace, written
from rayfence.apply.kubernetes.waiting import NotReady, Wait
from rayfence.errors import RayfenceError
from rayfence.model.api_objects import Json, name_of, text_at
from rayfence.model.frozen import dataclass
from rayfence.model.kubernetes import Manifest
from rayfence.model.live import ObjectKey
from rayfence.model.receipt import ClusterReceipt, Done, Outcome
from rayfence.plan.live.order import is_retained, key_of, removal_order, retained


@dataclass(frozen=True, slots=True)
class Condemned:
    """What would be removed, in order, and what would be kept."""

    seen: Seen
    objects: tuple[Json, ...]

    @property
    def references(self) -> tuple[str, ...]:
        """What goes."""
        return tuple(str(key_of(value)) for value in self.objects if not is_retained(value))

    @property
    def kept(self) -> tuple[str, ...]:
        """What stays."""
        return tuple(str(key_of(value)) for value in self.objects if is_retained(value))


def condemned(platform: str, manifests: Iterable[Manifest], where: Surroundings) -> Condemned:
    """See everything of the platform that is there; rayfence's own namespace comes last.

    `manifests` of the spec tell in which stage each object was made; what left the spec goes first.
    """
    listed = tuple(manifests)
    wanted = {key_of(manifest.object) for manifest in listed if is_retained(manifest.object)}
    stage_of: Mapping[ObjectKey, int] = {key_of(manifest.object): manifest.stage for manifest in listed}
    seen = look(where.api, (), lanes=where.lanes)
    found = {key_of(value): value for value in ours(seen, platform)}
    # Marked in the spec and not applied since: the mark counts all the same.
    found |= {key: retained(found[key]) for key in wanted & found.keys()}
    ordered = [found[key] for key in removal_order(tuple(found), stage_of)]
    home = state_namespace(platform)
    return Condemned(seen, tuple(sorted(ordered, key=lambda value: _is_home(value, home))))


def destroy(
    platform: str, what: Condemned, where: Surroundings, *, dry_run: bool = False, deadline: float = 600.0
) -> ClusterReceipt:
    """Remove what was seen.

    1. Refuse before anything is removed what can't come to an end: missing rights.
    2. Take the lease: an apply at work would make again what is removed.
    3. Remove in reverse order; Ray while its operator is there, guards after what they guard, namespaces last.
    4. Write down how it ended, beside the plan: nothing is left in the cluster to write it to.
    Doing it twice is fine. Raises what a step raises; the receipt says how far it came.
    """
    by, server = where.api.whoami(), where.api.version()
    began = written(where.clock.utc())
    receipt = ClusterReceipt(platform, "destroy", "", began, by, where.host, server, Outcome.RUNNING)
    if not what.objects:
        return replace(receipt, outcome=Outcome.UNCHANGED, ended=began)
    keys = [key_of(value) for value in what.objects if not is_retained(value)]
    preflight.refuse_missing_rights_to_destroy(where.api, what.seen, keys, platform, where.lanes)  # 1
    if dry_run:
        return replace(receipt, outcome=Outcome.DRY_RUN, ended=began)
    lease = _lease(platform, what, where)  # 2
    return _carried_out(receipt, what, where, lease, deadline)


def _carried_out(
    receipt: ClusterReceipt, what: Condemned, where: Surroundings, lease: HeldLease | None, deadline: float
) -> ClusterReceipt:
    done: list[Done] = []
    home = state_namespace(receipt.platform)
    last = [value for value in what.objects if _is_home(value, home)]

    def renew() -> None:
        if lease is not None:
            lease.renew()

    def ended(outcome: Outcome, problem: str = "", left: tuple[str, ...] = ()) -> ClusterReceipt:
        final = replace(
            receipt,
            outcome=outcome,
            ended=written(where.clock.utc()),
            problem=problem,
            done=tuple(done),
            left=left,
        )
        where.keep(final)
        return final

    try:
        where.keep(receipt)
        wait = Wait(where.api, what.seen, where.clock, where.report, renew, deadline, where.lanes)
        remove(wait, [value for value in what.objects if value not in last], done.append)  # 3
        # The lease lies in the last namespace and goes with it.
        remove(replace(wait, guard=lambda: None), last, done.append)
        return ended(Outcome.COMPLETE)  # 4
    except BaseException as error:
        known = isinstance(error, RayfenceError)
        with suppress(RayfenceError):
            ended(
                Outcome.FAILED if known else Outcome.INTERRUPTED,
                str(error) if known else type(error).__name__,
                error.left if isinstance(error, NotReady) else (),
            )
        if lease is not None:
            with suppress(RayfenceError):
                lease.release()
        raise


def _lease(platform: str, what: Condemned, where: Surroundings) -> HeldLease | None:
    """None where its namespace is gone already, or going: a destroy that was interrupted at its very end."""
    home = state_namespace(platform)
    for value in what.objects:
        if _is_home(value, home) and not text_at(value, "metadata", "deletionTimestamp"):
            return take(where.api, platform, where.host, where.clock, where.report)
    return None


def _is_home(value: Json, home: str) -> bool:
    return value.get("kind") == "Namespace" and name_of(value) == home
