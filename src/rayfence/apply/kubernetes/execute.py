"""`execute(Order)`: make a platform in a cluster what its plan says. Each step may be repeated.

Interrupted anywhere, a second run completes it: it looks afresh and finds what is left to do. Nothing is undone on the
way out: a guard that is up stays up, and what waits behind it was never started.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import groupby

from rayfence.apply.kubernetes import preflight, receipts
from rayfence.apply.kubernetes.lanes import side_by_side
from rayfence.apply.kubernetes.lease import HeldLease, take
from rayfence.apply.kubernetes.look import Glance
from rayfence.apply.kubernetes.operator import operators, refuse_old_definitions, refuse_unfit
from rayfence.apply.kubernetes.order import (
    FIRST_WORKLOADS,
    Order,
    Prospect,
    Surroundings,
    change_digests,
    complete,
    is_awaited,
    prospect,
)
from rayfence.apply.kubernetes.rehearsal import rehearse
from rayfence.apply.kubernetes.removal import remove
from rayfence.apply.kubernetes.state import state_manifests, written
from rayfence.apply.kubernetes.waiting import NotReady, Wait, await_ready
from rayfence.apply.kubernetes.writing import write
from rayfence.errors import RayfenceError, StalePlan
from rayfence.model.api_objects import Json
from rayfence.model.kubernetes import Manifest
from rayfence.model.live import ObjectKey
from rayfence.model.receipt import ClusterReceipt, Deed, Done, Outcome
from rayfence.plan.live.order import key_of, stages


def execute(order: Order, where: Surroundings) -> ClusterReceipt:
    """Carry it out.

    1. See who answers, what is there, and what differs. Nothing does: nothing is written.
    2. Refuse what can't come to an end: a stale plan, missing kinds, an unfit operator, foreign objects, ending
       namespaces, missing rights; and let the server judge each change to what exists: all conflicts are named here.
    3. Take the lease and look again: what was seen before it may be another's half-done work.
    4. Write down that it has begun.
    5. Stage by stage: apply what differs, guards before what they guard; make Secrets; wait until all of it is ready.
    6. Remove what left the spec, if that was confirmed: whole namespaces before the first workload, which may need
       their room; the rest when what replaces it is ready.
    7. Write down how it ended, whatever ended it; give the lease back.
    Raises what a step raises; from 4 on the receipt says how far it came.
    """
    began = written(where.clock.utc())
    server = where.api.version()  # 1
    ahead = prospect(order, where)
    by = where.api.whoami()
    receipt = ClusterReceipt(order.platform, "apply", order.digest, began, by, where.host, server, Outcome.RUNNING)
    for item in ahead.tampered:
        where.report(f"{item.reference} holds other bytes than were made, written last by {item.by}: {item.note}")
    for item in ahead.running:
        fields = ", ".join(change.path for change in item.changes)
        where.report(f"{item.reference} runs otherwise than specified ({fields}): {item.note}")
    order, receipt = _asked(order, where, ahead, receipt)
    if not _is_to_do(order, ahead):
        return replace(receipt, outcome=Outcome.UNCHANGED, ended=began)
    tried = _refuse(order, where, ahead)  # 2
    if order.dry_run:
        return replace(receipt, outcome=Outcome.DRY_RUN, ended=written(where.clock.utc()), done=tried)
    lease = _lease(order, where, ahead)  # 3
    return _Run(order, where, lease, receipt).carried_out(ahead)


class _Run:
    """One run that holds the lease: its receipt, and the objects as they were last seen."""

    def __init__(self, order: Order, where: Surroundings, lease: HeldLease, receipt: ClusterReceipt) -> None:
        self.order, self.where, self.lease, self.receipt = order, where, lease, receipt
        self.secrets_made = False
        self.pruned: set[ObjectKey] = set()

    def carried_out(self, before: Prospect) -> ClusterReceipt:
        """Steps 3 to 7."""
        try:
            ahead = prospect(self.order, self.where, before.seen.kinds)
            self._keep()  # 4
            live = dict(ahead.seen.live())
            changing = frozenset(item.key for item in ahead.changes)
            for stage in stages(complete(self.order)):  # 5
                # Secrets come after accounts and rights, before the first pod that mounts one.
                if stage[0].stage >= FIRST_WORKLOADS:
                    self._secrets(ahead)
                    self._prune(ahead, whole=True)  # 6
                self._stage(stage, changing, live, ahead)
            self._secrets(ahead)
            self._prune(ahead, whole=True)
            self._prune(ahead, whole=False)
            self._end(Outcome.COMPLETE)  # 7
        except BaseException as error:
            self._ended_by(error)
            raise
        finally:
            with suppress(RayfenceError):
                self.lease.release()
        return self.receipt

    def _stage(
        self, stage: Sequence[Manifest], changing: frozenset[ObjectKey], live: dict[ObjectKey, Json], ahead: Prospect
    ) -> None:
        where = self.where

        def sent(manifest: Manifest) -> tuple[ObjectKey, Json, Done]:
            key, kind = key_of(manifest.object), ahead.seen.kind_of(manifest.object)
            stored, done = write(where.api, kind, manifest.object, live.get(key), self.order.forced)
            return key, stored, done

        def did(told: tuple[ObjectKey, Json, Done]) -> None:
            key, stored, done = told
            self._did(done)
            live[key] = stored
            where.report(f"{done.deed} {done.reference}")

        todo = (manifest for manifest in stage if key_of(manifest.object) in changing)
        # A binding names its role, and the server looks for it: kinds come one after the other.
        for _, alike in groupby(todo, key=lambda manifest: manifest.object.get("kind")):
            side_by_side(tuple(alike), sent, did, where.lanes, self.lease.renew)
        awaited = [manifest for manifest in stage if is_awaited(self.order, manifest)]
        await_ready(self._waiting(ahead), [live[key_of(manifest.object)] for manifest in awaited])
        self._keep(in_cluster=False)

    def _secrets(self, ahead: Prospect) -> None:
        if self.secrets_made or not ahead.secrets:
            return
        self.lease.renew()

        def did(name: str, note: str) -> None:
            self._did(Done(name, Deed.SECRET, note=note))
            self.where.report(f"{note or 'made'} {name}")
            self.lease.renew()

        glance = Glance(self.where.api, ahead.seen.absent)
        self.order.secrets.make(self.where.api, glance, ahead.seen.kinds, did)
        self.secrets_made = True

    def _prune(self, ahead: Prospect, *, whole: bool) -> None:
        """Extra objects of namespaces that go as a whole, or the others; each once."""
        spaces = {item.key.name for item in ahead.extra if item.key.kind == "Namespace"}
        gone = [
            item
            for item in ahead.extra
            if item.key not in self.pruned and whole is ((item.key.namespace or item.key.name) in spaces)
        ]
        if not self.order.prune or not gone:
            return
        self.pruned |= {item.key for item in gone}
        live = ahead.seen.live()
        remove(self._waiting(ahead), [live[item.key] for item in gone], self._did)

    def _waiting(self, ahead: Prospect) -> Wait:
        where, deadline = self.where, self.order.deadline
        return Wait(where.api, ahead.seen, where.clock, where.report, self.lease.renew, deadline, where.lanes)

    def _did(self, done: Done) -> None:
        self.receipt = replace(self.receipt, done=(*self.receipt.done, done))

    def _end(self, outcome: Outcome, problem: str = "", left: tuple[str, ...] = ()) -> None:
        ended = written(self.where.clock.utc())
        self.receipt = replace(self.receipt, outcome=outcome, ended=ended, problem=problem, left=left)
        self._keep()

    def _ended_by(self, error: BaseException) -> None:
        """The receipt says why; that it can't be stored must not hide the reason."""
        known = isinstance(error, RayfenceError)
        outcome = Outcome.FAILED if known else Outcome.INTERRUPTED
        left = error.left if isinstance(error, NotReady) else ()
        with suppress(RayfenceError):
            self._end(outcome, str(error) if known else type(error).__name__, left)

    def _keep(self, *, in_cluster: bool = True) -> None:
        self.where.keep(self.receipt)
        if in_cluster:
            receipts.keep(self.where.api, self.receipt)


def _asked(order: Order, where: Surroundings, ahead: Prospect, receipt: ClusterReceipt) -> tuple[Order, ClusterReceipt]:
    """The order with the answer whether what left the spec goes."""
    strays = tuple(item.reference for item in ahead.removable)
    if not strays or order.prune or (not order.dry_run and where.confirm(strays)):
        return replace(order, prune=bool(strays)), receipt
    return order, replace(receipt, strays=strays)


def _is_to_do(order: Order, ahead: Prospect) -> bool:
    return bool(ahead.changes or ahead.secrets or ahead.unready or (order.prune and ahead.removable))


def _refuse(order: Order, where: Surroundings, ahead: Prospect) -> tuple[Done, ...]:
    """Everything that stands against it, before anything is changed; what the server says would be done."""
    manifests, seen = complete(order), ahead.seen
    if order.expected is not None:
        _refuse_stale(order, ahead)
    preflight.refuse_missing_kinds(seen, order.operator_version)
    preflight.refuse_unseen(seen)
    if not order.operator_ours:
        refuse_unfit(operators(where.api, seen.kinds), order.operator_version, manifests)
    writing = preflight.to_write(manifests, ahead.drift)
    refuse_old_definitions(where.api, seen.kinds, writing)
    preflight.refuse_foreign(seen, manifests, order.platform)
    preflight.refuse_ending(seen, manifests)
    removed = tuple(item.key for item in ahead.extra) if order.prune else ()
    preflight.refuse_missing_rights(
        where.api, seen, writing, removed, order.platform, with_secrets=bool(ahead.secrets), lanes=where.lanes
    )
    return rehearse(order, where, ahead)


def _refuse_stale(order: Order, ahead: Prospect) -> None:
    """Raise StalePlan when something would be done that the plan's reader has not seen.

    Less than was seen is fine: an earlier run was interrupted, or somebody mended it by hand.
    """
    now, read = change_digests(ahead.drift), order.expected or {}
    new = [name for name, digest in now.items() if read.get(name) != digest]
    if new:
        shown = ", ".join(new[:5]) + (f" and {len(new) - 5} more" if len(new) > 5 else "")
        raise StalePlan(f"the cluster has changed since the plan was made: {shown}")


def _lease(order: Order, where: Surroundings, ahead: Prospect) -> HeldLease:
    """The lease lies in rayfence's own namespace, which therefore is the first thing made."""
    for manifest in state_manifests(order.platform):
        if manifest.stage == 0 and key_of(manifest.object) not in ahead.seen.live():
            write(where.api, ahead.seen.kind_of(manifest.object), manifest.object, None, ())
    return take(where.api, order.platform, where.host, where.clock, where.report)
