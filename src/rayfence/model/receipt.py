"""What an apply or destroy did to a cluster: when, by whom, to which objects, and how it ended."""

from enum import StrEnum

from rayfence.model.frozen import dataclass


class Outcome(StrEnum):
    """How it ended."""

    UNCHANGED = "unchanged"  # nothing was to do, and nothing was written
    RUNNING = "running"  # written before the first change: a receipt that still says so was cut off
    COMPLETE = "complete"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    DRY_RUN = "dry-run"  # the server has judged every change, and none was kept


class Deed(StrEnum):
    """What was done to one object."""

    CREATED = "created"
    UPDATED = "updated"
    FORCED = "forced"  # updated, and fields of named others taken over
    SECRET = "secret made"  # noqa: S105 - a word for people
    REMOVED = "removed"
    KEPT = "kept"  # marked to be retained


@dataclass(frozen=True, slots=True)
class Done:
    """One object. `digest` of what was sent; empty of removed ones and Secrets. `note`: what more is to say."""

    reference: str
    deed: Deed
    digest: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class ClusterReceipt:
    """One run. `digest` of the plan it carried out; times in UTC, RFC 3339.

    `by`: the user whom the API server saw; `host`: who and where, as the machine that ran it says. `problem`: why it
    did not complete. `left`: references of objects that are not ready or not gone. `strays`: of ours that left the
    spec and were not removed.
    """

    platform: str
    action: str
    digest: str
    began: str
    by: str
    host: str
    server: str
    outcome: Outcome
    ended: str = ""
    problem: str = ""
    done: tuple[Done, ...] = ()
    left: tuple[str, ...] = ()
    strays: tuple[str, ...] = ()
