"""Errors raised on purpose.

`cli.output` is the one place that prints them and exits; libraries' own errors never pass a port.
"""

from typing import Final

#: Foreign text (a server's body, a tool's stderr) is cut here: enough to recognise, too little to carry a secret page.
FOREIGN_TEXT_LIMIT: Final = 300


class RayfenceError(Exception):
    """Base of every error for people: one sentence without secrets, a hint at the next step, an exit status."""

    exit_status = 1
    hint = ""

    def __init__(self, message: str, *, hint: str = "", where: str = "") -> None:
        super().__init__(message)
        self.where = where
        if hint:
            self.hint = hint

    def diagnostics(self) -> str:
        """What happened, and where if a place is known (`file:line:column`)."""
        return f"{self.where}: {self}" if self.where else str(self)


class SpecError(RayfenceError):
    """The spec can't be used. `problems` holds every mistake of the file, in its order; all are printed."""

    exit_status = 3
    hint = "correct the spec; `rayfence plan -f FILE` checks it without changing anything"

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class OrganizationError(RayfenceError):
    """A file of the organisation's policies can't be read. `problems` names every one, each with its place."""

    exit_status = 3
    hint = "export the policies again, or take the file out of the folder that the spec names under `organization`"

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class CatalogError(RayfenceError):
    """The catalogue shipped with rayfence is inconsistent, or does not cover the wanted Ray version."""

    exit_status = 4
    hint = "reinstall rayfence, or choose a Ray version it supports"


class RenderError(RayfenceError):
    """A setting can't be written as an object that does what it says; nothing has been written."""

    exit_status = 3
    hint = "change the setting named above"


class PreflightError(RayfenceError):
    """The machine can't hold what the spec asks for; nothing has been started or changed."""

    exit_status = 4


class StateError(RayfenceError):
    """The instance's own files are missing, foreign or damaged."""

    exit_status = 4


class ProcessError(RayfenceError):
    """A supervised process did not start, did not become ready, or ended; its last words are in the message."""

    exit_status = 5


class ListenerExposed(ProcessError):
    """A started process listens elsewhere than on loopback. The start is aborted: attackers scan for open Ray ports."""


class AccessRefused(RayfenceError):
    """The gateway refused the caller: not logged in, or the role is missing."""

    exit_status = 6


class TrailBroken(RayfenceError):
    """The trail can't be trusted from a named place on."""

    exit_status = 1


class KubernetesError(RayfenceError):
    """An API server did not do what it was asked; its own words are in the message."""

    exit_status = 5


class ServerUnreachable(KubernetesError):
    """Nobody answers at the API server's address, or it does not come to an answer in time."""

    exit_status = 4
    hint = "check the network and the server's address: `kubectl config view --minify`, `kubectl version`"


class CredentialsRefused(KubernetesError):
    """The API server does not know us: credentials are missing, wrong or expired."""

    exit_status = 6
    hint = "log in again with your cluster's own tool, then repeat the command"


class Forbidden(KubernetesError):
    """The API server knows us and says no (RBAC)."""

    exit_status = 6
    hint = "ask the cluster's administrator for the right named above"


class KindMissing(KubernetesError):
    """The server has no such kind: a CustomResourceDefinition is missing, or is of another version."""

    exit_status = 4


class Refused(KubernetesError):
    """The server takes the object for wrong, or an admission check, a quota or a terminating namespace stands against
    it. `reason` as the API names it: `Invalid`, `Forbidden`, `NamespaceTerminating` …
    """

    def __init__(self, message: str, reason: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.reason = reason


class NotReadyProbe(KubernetesError):
    """A pod that `verify` made does not run, or what it made does not go."""

    hint = "see `kubectl get pods -A -l rayfence.dev/probe-of`; the next `rayfence verify` removes what was left"


class ProgramFailed(KubernetesError):
    """A program that was run in a pod ended with `status`, which is not 0; its last words are in the message."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class AlreadyThere(KubernetesError):
    """The object to be made exists."""


class ChangedMeanwhile(KubernetesError):
    """The object is another than the one that was looked at."""

    hint = "somebody changed it at the same moment; repeat the command"


class FieldConflict(KubernetesError):
    """Others own fields that we want to set. `owners`: (manager, field) pairs, as the server tells them."""

    def __init__(self, reference: str, owners: tuple[tuple[str, str], ...]) -> None:
        told = ", ".join(f"{field} (set by {manager})" for manager, field in owners)
        super().__init__(f"{reference}: others own fields that the spec sets: {told}")
        self.reference = reference
        self.owners = owners


class StalePlan(KubernetesError):
    """The plan does not fit any more: the spec, rayfence or the cluster have changed since it was made."""

    exit_status = 4
    hint = "make and read a new plan: `rayfence plan -f SPEC --out FILE`"


class Busy(KubernetesError):
    """Another command is at work on the same platform."""

    exit_status = 4


def cut(text: str, limit: int = FOREIGN_TEXT_LIMIT) -> str:
    """Return foreign text on one line, at most `limit` characters, for use in a message."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
