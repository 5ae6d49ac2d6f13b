"""What is live in a Kubernetes cluster against what is desired: changes, drift, readiness, rights.

`plan/live` makes these values, `apply/kubernetes` acts on them, `cli` prints them. Never a Secret's bytes.
"""

from collections.abc import Mapping
from enum import StrEnum

from rayfence.model.frozen import dataclass

#: One JSON object as the API server takes and gives it.
Json = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Writer:
    """Who wrote a field last, by the object's `managedFields`. `time` is RFC 3339, empty where none is recorded.

    `subresource`: through which it was written (`scale`), else empty. `certain` False: the field itself names nobody
    (a removed field has no owner), this is who wrote to the object after us.
    """

    manager: str
    operation: str
    time: str
    subresource: str = ""
    certain: bool = True

    def __str__(self) -> str:
        """`kubectl-edit (Update, 2026-11-26T06:30:00Z)`."""
        through = f" on {self.subresource}" if self.subresource else ""
        words = ", ".join(part for part in (f"{self.operation}{through}", self.time) if part)
        return f"{'' if self.certain else 'perhaps '}{self.manager} ({words})"


class FieldState(StrEnum):
    """What became of a field."""

    CHANGED = "changed"  # another value is there
    MISSING = "missing"  # what we want is not there
    ADDED = "added"  # somebody put something inside a value that is ours as a whole
    FOREIGN = "foreign"  # somebody put a field beside ours where it changes what the object does
    LEFT = "left"  # ours, of an earlier apply; no longer wanted
    REORDERED = "reordered"  # a list of ours in another order; want and have are its keys


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that is not as we want it.

    `path` as kubectl writes it: `spec.template.spec.containers[name=ray-head].image`. `want` and `have` are JSON values
    (None: not there; of Secrets digests only). `pointer`: RFC 6901 into the observed object: of what is there, or
    where RFC 6902 adds what is missing. `belongs`: the control or decision that the field serves.
    """

    path: str
    state: FieldState
    want: object
    have: object
    by: Writer | None
    security: bool
    belongs: str = ""
    pointer: str = ""


@dataclass(frozen=True, slots=True)
class ObjectKey:
    """What identifies an object, whatever version of its API it is read in. `namespace` empty: it has none."""

    group: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        """`Kind namespace/name`."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


class ObjectState(StrEnum):
    """What became of an object."""

    MISSING = "missing"  # desired, not there
    CHANGED = "changed"
    EXTRA = "extra"  # ours, no longer in the spec
    UNKNOWN = "unknown"  # it could not be read: never a pass


@dataclass(frozen=True, slots=True)
class ObjectDrift:
    """One object that is not as we want it.

    `group`: title of its group in a plan. `uid` and `version` of the live object, for preconditions; empty where none
    is there. `by`: who wrote to it last. `note`: what more is to say, e.g. that it is being deleted.
    """

    key: ObjectKey
    state: ObjectState
    group: str
    stage: int
    changes: tuple[FieldChange, ...] = ()
    security: bool = False
    belongs: str = ""
    by: Writer | None = None
    uid: str = ""
    version: str = ""
    note: str = ""

    @property
    def reference(self) -> str:
        """`Kind namespace/name`."""
        return str(self.key)


@dataclass(frozen=True, slots=True)
class RaySeen:
    """What a running Ray says of itself: its version, and its authentication mode (`token`, `disabled`)."""

    version: str
    auth_mode: str


@dataclass(frozen=True, slots=True)
class Drift:
    """Everything that differs: desired objects in the order of their application, then extra ones as they are removed.

    `compared`: how many desired objects were looked at.
    """

    objects: tuple[ObjectDrift, ...]
    compared: int

    def of(self, state: ObjectState) -> tuple[ObjectDrift, ...]:
        """Those in one state."""
        return tuple(item for item in self.objects if item.state is state)

    @property
    def security(self) -> tuple[ObjectDrift, ...]:
        """Those that weaken a guard or change who may do what."""
        return tuple(item for item in self.objects if item.security)


class Phase(StrEnum):
    """How far an object is."""

    READY = "ready"
    WAITING = "waiting"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Readiness:
    """How far one object is, why, and what a person can do. `transient`: a failure that may mend by itself."""

    phase: Phase
    reason: str
    next_step: str = ""
    transient: bool = False


@dataclass(frozen=True, slots=True)
class Right:
    """Verbs that are needed on a resource (`deployments`, `pods/log`). Empty `namespace`: in the whole cluster.

    `name`: of one object; empty: any. `instead`: rights that do as well, all of them together (who gives a right must
    hold it, or may `escalate`); empty: nothing else does. `why`: for whom is asked to grant it.
    """

    group: str
    resource: str
    namespace: str
    verbs: tuple[str, ...]
    name: str = ""
    instead: tuple["Right", ...] = ()
    why: str = ""

    def __str__(self) -> str:
        """`patch, create on deployments.apps in vision-gateway`."""
        what = f"{self.resource}.{self.group}" if self.group else self.resource
        named = f" {self.name}" if self.name else ""
        where = f"in {self.namespace}" if self.namespace else "in the whole cluster"
        return f"{', '.join(self.verbs)} on {what}{named} {where}"
