"""`KubernetesApi`: an API server as apply, diff and destroy see it. Objects are plain JSON values.

Every method raises one of `rayfence.errors`' KubernetesError. Reads are retried by the implementation while that is
safe, and so is `apply`, which may be repeated; `create`, `replace` and `delete` are sent once.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from rayfence.model.api_objects import Json, Kind, Kinds


class KubernetesReads(Protocol):
    """What is there, as one caller sees it."""

    def get(self, kind: Kind, name: str, namespace: str = "") -> Json | None:
        """The object; None when there is none (or not even its kind any more)."""

    def list(self, kind: Kind, namespace: str = "", labels: Mapping[str, str] | None = None) -> tuple[Json, ...]:
        """Objects that carry all of `labels`, of one namespace or (empty) of all; each with `apiVersion` and `kind`.

        Empty as well when the kind is not there.
        """


class KubernetesApi(KubernetesReads, Protocol):
    """One API server, as one caller. Several threads may ask at once."""

    def version(self) -> str:
        """The server's release, e.g. `v1.36.3`. The first call to make: it costs little and shows who answers."""

    def whoami(self) -> str:
        """Name of the user that the server takes us for; empty where it does not say."""

    def kinds(self) -> Kinds:
        """Every kind that the server has now, in each of its versions; subresources are left out."""

    def apply(self, kind: Kind, value: Json, *, manager: str, force: bool = False, dry_run: bool = False) -> Json:
        """Server-side apply, with strict validation of fields; returns the object as stored (or as it would be).

        `force` takes over fields that other managers hold. Raises FieldConflict naming each of them, Refused with the
        server's reason (schema, admission, quota, a terminating namespace), KindMissing, Forbidden.
        """

    def create(self, kind: Kind, value: Json, *, manager: str) -> Json:
        """Make an object that must not be there yet. Raises AlreadyThere, else as `apply`."""

    def replace(self, kind: Kind, value: Json, *, manager: str) -> Json:
        """Replace the object if it is still of the `metadata.resourceVersion` in `value`. Raises ChangedMeanwhile."""

    def patch(
        self, kind: Kind, value: Json, operations: Sequence[Json], *, manager: str, dry_run: bool = False
    ) -> Json:
        """A JSON patch (RFC 6902) of the object that `value` names. Raises ChangedMeanwhile when a `test` fails."""

    def delete(
        self, kind: Kind, name: str, namespace: str = "", *, uid: str, version: str = "", dry_run: bool = False
    ) -> None:
        """Begin to delete this very object; its dependents follow in the background. What is gone is fine.

        `version`: only if it is still of this `metadata.resourceVersion`. Raises ChangedMeanwhile when it is not, or
        when another object has its name by now.
        """

    def events(self, namespace: str) -> tuple[Json, ...]:
        """Events of a namespace (`v1` Event), oldest first."""

    def log(self, namespace: str, pod: str) -> str:
        """All that the one container of a pod has printed."""

    def allowed(self, verb: str, group: str, resource: str, namespace: str = "", name: str = "") -> bool:
        """Whether we may do this, by SelfSubjectAccessReview. `resource` is a plural, `pods/log` a subresource."""


class Clock(Protocol):
    """The time, and waiting."""

    def utc(self) -> datetime:
        """The time in UTC."""

    def monotonic(self) -> float:
        """Seconds from some fixed moment, for deadlines."""

    def sleep(self, seconds: float) -> None:
        """Wait."""
