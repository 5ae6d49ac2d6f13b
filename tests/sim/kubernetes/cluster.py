"""`ports.kubernetes.KubernetesApi` in memory; `tests/cluster/test_kubernetes_contract.py` holds it to a real server.

Server-side apply with owners of fields, resource versions, uids, generations, namespaces that end, finalizers, owners'
dependents, preconditions, strict validation, admission and quota refusals, rights, and faults at any call. Controllers
are apart (`controllers.py`): nothing becomes ready here by itself.
"""

import functools
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import kubernetes_validate  # type: ignore[import-untyped]

from rayfence.errors import (
    AlreadyThere,
    ChangedMeanwhile,
    Forbidden,
    KindMissing,
    Refused,
)
from rayfence.model.api_objects import Json, Kind, kind_key, name_of, namespace_of, reference
from rayfence.ports.doors import Doors
from tests.sim.kubernetes import fieldsets
from tests.sim.kubernetes.clock import SimClock
from tests.sim.kubernetes.jsonpatch import patched
from tests.sim.kubernetes.kinds import KINDS
from tests.sim.kubernetes.ownership import applied, entry, plain_copy, updated
from tests.sim.kubernetes.pods import SimPods

#: (apiVersion, kind, namespace, name).
Key = tuple[str, str, str, str]
#: Called with verb and object (or its kind and name) before anything happens; raises to refuse.
Check = Callable[[str, Json], None]

_SCHEMAS: Final = "1.36"
WRITES: Final = ("apply", "patch", "create", "replace", "delete")


class _Connection:
    """`logs`: what pods have printed, by (namespace, pod); `pods`: the rest of what reaches into them."""

    logs: dict[tuple[str, str], str]
    pods: SimPods

    def reaching(self, _doors: Doors) -> SimPods:
        """As a server's."""
        return self.pods

    def close(self) -> None:
        """Nothing is open."""

    def log(self, namespace: str, pod: str) -> str:
        """See the port."""
        return self.logs.get((namespace, pod), "")


class SimCluster(_Connection):
    """One server. `calls` lists (verb, reference) of everything asked; `writes` of what changed something."""

    def __init__(self, clock: SimClock | None = None, *, validate: bool = False) -> None:
        self.clock = clock or SimClock()
        self.objects: dict[Key, dict[str, Any]] = {}
        self.available: dict[tuple[str, str], Kind] = dict(KINDS)
        self.calls: list[tuple[str, str]] = []
        self.writes: list[tuple[str, str]] = []
        self.admission: list[Check] = []
        self.faults: list[Check] = []
        self.denied: set[tuple[str, str]] = set()  # (verb, plural)
        self.user = "admin"
        self.logs = {}
        self.reviewer: Callable[[Json], bool] = lambda spec: "selfsubjectaccessreviews" in str(spec)
        self.pods = SimPods()
        self._validate = validate
        self._serial = 0
        self._lock = threading.RLock()
        for name in ("default", "kube-system"):
            self.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})

    # The port.

    def version(self) -> str:
        self._called("version", {})
        return "v1.36.3"

    def whoami(self) -> str:
        self._called("whoami", {})
        return self.user

    def kinds(self) -> Mapping[tuple[str, str], Kind]:
        self._called("kinds", {})
        return dict(self.available)

    def get(self, kind: Kind, name: str, namespace: str = "") -> Json | None:
        self._called("get", _named(kind, namespace, name), kind)
        found = self.objects.get(_key(kind, namespace, name))
        return plain_copy(found) if found is not None and kind_key(found) in self.available else None

    def list(self, kind: Kind, namespace: str = "", labels: Mapping[str, str] | None = None) -> tuple[Json, ...]:
        self._called("list", _named(kind, namespace, ""), kind)
        if (kind.api_version, kind.kind) not in self.available:
            return ()
        return tuple(
            plain_copy(item)
            for (version, name, space, _), item in sorted(self.objects.items())
            if (version, name) == (kind.api_version, kind.kind)
            and namespace in ("", space)
            and (labels or {}).items() <= item["metadata"].get("labels", {}).items()
        )

    def apply(self, kind: Kind, value: Json, *, manager: str, force: bool = False, dry_run: bool = False) -> Json:
        self._called("apply", value, kind)
        key = self._admitted(kind, value)
        live = self.objects.get(key)
        if live is None:
            self._may_create(kind, value)
        result = applied(live, _plain(value), manager, self.clock.text(), force=force)
        return self._stored(key, live, result, dry_run=dry_run, verb="apply")

    def create(self, kind: Kind, value: Json, *, manager: str) -> Json:
        self._called("create", value, kind)
        if kind.kind == "SubjectAccessReview":  # asked, not stored
            return {**value, "status": {"allowed": self.reviewer(_plain(value)["spec"])}}
        key = self._admitted(kind, value)
        self._may_create(kind, value)
        if key in self.objects:
            raise AlreadyThere(f"{reference(value)}: already exists")
        result = _plain(value)
        result["metadata"]["managedFields"] = [entry(manager, "Update", fieldsets.fields_of(result), self.clock.text())]
        return self._stored(key, None, result, dry_run=False, verb="create")

    def replace(self, kind: Kind, value: Json, *, manager: str) -> Json:
        self._called("replace", value, kind)
        key = self._admitted(kind, value)
        live = self.objects.get(key)
        if live is None:
            raise Refused(f"{reference(value)}: not found", "NotFound")
        result = _plain(value)
        if result["metadata"].get("resourceVersion", live["metadata"]["resourceVersion"]) != _version(live):
            raise ChangedMeanwhile(f"{reference(value)}: the object has been modified")
        updated(live, result, manager, self.clock.text())
        return self._stored(key, live, result, dry_run=False, verb="replace")

    def patch(
        self, kind: Kind, value: Json, operations: Sequence[Json], *, manager: str, dry_run: bool = False
    ) -> Json:
        self._called("patch", value, kind)
        key = self._admitted(kind, value)
        live = self.objects.get(key)
        if live is None:
            raise Refused(f"{reference(value)}: not found", "NotFound")
        result = patched(plain_copy(live), operations)
        updated(live, result, manager, self.clock.text())
        return self._stored(key, live, result, dry_run=dry_run, verb="patch")

    def delete(
        self, kind: Kind, name: str, namespace: str = "", *, uid: str, version: str = "", dry_run: bool = False
    ) -> None:
        self._called("delete", _named(kind, namespace, name), kind)
        live = self.objects.get(_key(kind, namespace, name))
        if live is None:
            return
        if live["metadata"]["uid"] != uid or version not in ("", _version(live)):
            raise ChangedMeanwhile(f"{reference(live)}: Precondition failed: UID in precondition: {uid}")
        if dry_run:
            return
        self.writes.append(("delete", reference(live)))
        live["metadata"].setdefault("deletionTimestamp", self.clock.text())
        self._bump(live)
        if kind.kind == "Namespace":
            live["status"] = {"phase": "Terminating"}  # its content goes first: `collect`
        elif not live["metadata"].get("finalizers"):
            del self.objects[_key(kind, namespace, name)]

    def events(self, namespace: str) -> tuple[Json, ...]:
        return self.list(self.available["v1", "Event"], namespace)

    def allowed(self, verb: str, group: str, resource: str, namespace: str = "", name: str = "") -> bool:
        self.calls.append(("allowed", f"{verb} {resource} {namespace}".strip()))
        return (verb, resource) not in self.denied

    # What tests do to it.

    def put(self, value: Json, manager: str = "kubectl-create") -> dict[str, Any]:
        """Store an object as another would have created it; no rights, no admission."""
        made = _plain(value)
        made["metadata"]["managedFields"] = [entry(manager, "Update", fieldsets.fields_of(made), self.clock.text())]
        key = (*kind_key(made), namespace_of(made), name_of(made))
        self._complete(key, None, made)
        self.objects[key] = made
        return made

    def edit(self, wanted: str, manager: str, change: Callable[[dict[str, Any]], None]) -> None:
        """Change an object by hand (`Kind namespace/name`) as `kubectl edit` does: the editor owns what it changed."""
        live = self.find(wanted)
        result = plain_copy(live)
        change(result)
        updated(live, result, manager, self.clock.text())
        key = (*kind_key(live), namespace_of(live), name_of(live))
        self._complete(key, live, result)
        self.objects[key] = result

    def find(self, wanted: str) -> dict[str, Any]:
        """The stored object itself. Raises KeyError."""
        for item in self.objects.values():
            if reference(item) == wanted:
                return item
        raise KeyError(wanted)

    def references(self) -> tuple[str, ...]:
        """Every object, sorted."""
        return tuple(sorted(reference(item) for item in self.objects.values()))

    def collect(self) -> None:
        """What the namespace controller and the garbage collector do, to the end."""
        while True:
            gone = list(self._collectable())
            for key in gone:
                del self.objects[key]
            if not gone:
                return

    # How it works.

    def _collectable(self) -> Iterator[Key]:
        uids = {item["metadata"]["uid"] for item in self.objects.values()}
        ending = {key[3] for key, item in self.objects.items() if key[1] == "Namespace" and _ends(item)}
        for key, item in self.objects.items():
            owners = item["metadata"].get("ownerReferences", [])
            orphaned = owners and not any(owner["uid"] in uids for owner in owners)
            held = bool(item["metadata"].get("finalizers"))
            empty = key[1] == "Namespace" and _ends(item) and not any(other[2] == key[3] for other in self.objects)
            if not held and (empty or (key[1] != "Namespace" and (orphaned or _ends(item) or key[2] in ending))):
                yield key

    def _called(self, verb: str, value: Json, kind: Kind | None = None) -> None:
        told = reference(value).strip() if value else ""
        self.calls.append((verb, told))
        for fault in self.faults:
            fault(verb, value)
        right = {"apply": "patch", "replace": "update"}.get(verb, verb)
        if kind is not None and (right, kind.plural) in self.denied:
            raise Forbidden(f'{told}: {kind.plural} is forbidden: User "{self.user}" cannot {right} {kind.plural}')

    def _admitted(self, kind: Kind, value: Json) -> Key:
        if (kind.api_version, kind.kind) not in self.available:
            raise KindMissing(f"{reference(value)}: the API server has no such kind")
        if self._validate:
            _check_schema(value)
        for check in self.admission:
            check("write", value)
        return _key(kind, namespace_of(value), name_of(value))

    def _may_create(self, kind: Kind, value: Json) -> None:
        if not kind.namespaced:
            return
        home = self.objects.get(("v1", "Namespace", "", namespace_of(value)))
        if home is None:
            raise Refused(f'{reference(value)}: namespaces "{namespace_of(value)}" not found', "NotFound")
        if _ends(home):
            raise Refused(
                f"{reference(value)}: unable to create new content in namespace {namespace_of(value)} because it is "
                "being terminated",
                "NamespaceTerminating",
            )

    def _stored(
        self, key: Key, live: dict[str, Any] | None, result: dict[str, Any], *, dry_run: bool, verb: str
    ) -> Json:
        if live is not None and result == live:
            return plain_copy(live)
        made = plain_copy(result)
        self._complete(key, live, made)
        if not dry_run:
            self.objects[key] = made
            if _ends(made) and not made["metadata"].get("finalizers"):
                del self.objects[key]  # the last finalizer has gone
            self.writes.append((verb, reference(made)))
        return plain_copy(made)

    def _complete(self, key: Key, live: dict[str, Any] | None, made: dict[str, Any]) -> None:
        """What the server fills in."""
        metadata = made["metadata"]
        if live is None:
            self._serial += 1
            metadata["uid"] = str(uuid.UUID(int=self._serial))
            metadata["creationTimestamp"] = self.clock.text()
            metadata["generation"] = 1
        else:
            for field in ("uid", "creationTimestamp", "generation"):
                metadata[field] = live["metadata"][field]
            if any(live.get(part) != made.get(part) for part in ("spec", "rules", "data")):
                metadata["generation"] += 1
        self._bump(made)
        if key[1] == "Namespace":
            metadata.setdefault("labels", {})["kubernetes.io/metadata.name"] = key[3]
            made.setdefault("spec", {"finalizers": ["kubernetes"]})
            made.setdefault("status", {"phase": "Active"})
        elif key[1] == "Deployment":
            made["spec"].setdefault("progressDeadlineSeconds", 600)
            made["spec"].setdefault("revisionHistoryLimit", 10)

    def _bump(self, value: dict[str, Any]) -> None:
        self._serial += 1
        value["metadata"]["resourceVersion"] = str(self._serial)


def _check_schema(value: Json) -> None:
    try:
        kubernetes_validate.validate(_plain(value), _SCHEMAS, strict=True)
    except kubernetes_validate.ValidationError as error:
        raise Refused(f"{reference(value)}: {error.message}", "BadRequest") from error
    except kubernetes_validate.SchemaNotFoundError:
        return


def _ends(value: Mapping[str, Any]) -> bool:
    return "deletionTimestamp" in value["metadata"]


def _version(value: Mapping[str, Any]) -> str:
    return str(value["metadata"]["resourceVersion"])


def _plain(value: Json) -> dict[str, Any]:
    """A deep copy with dicts and lists only, as it comes off the wire."""

    def plain(item: Any) -> Any:
        if isinstance(item, Mapping):
            return {key: plain(below) for key, below in item.items()}
        return [plain(below) for below in item] if isinstance(item, list | tuple) else item

    made = plain(value)
    assert isinstance(made, dict)
    return made


def _key(kind: Kind, namespace: str, name: str) -> Key:
    return kind.api_version, kind.kind, namespace if kind.namespaced else "", name


def _named(kind: Kind, namespace: str, name: str) -> Json:
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": {"namespace": namespace, "name": name}}


def _one_at_a_time(method: Callable[..., Any]) -> Callable[..., Any]:
    """A method of the port that several threads may call."""

    @functools.wraps(method)
    def locked(self: SimCluster, *arguments: Any, **options: Any) -> Any:
        with self._lock:
            return method(self, *arguments, **options)

    return locked


for _name in ("get", "list", "apply", "create", "replace", "patch", "delete", "allowed"):
    setattr(SimCluster, _name, _one_at_a_time(getattr(SimCluster, _name)))
