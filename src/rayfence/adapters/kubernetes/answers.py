"""From an API server's answer to an error of ours, with its own words. Pure.

Source: Kubernetes API conventions, "Response Status Kind"; `apimachinery/pkg/apis/meta/v1` StatusReason, CauseType.
Texts that are looked for were seen on Kubernetes 1.36: two refusals of different meaning share 403, three share 409.
"""

import re
from typing import Final

from rayfence.errors import (
    AlreadyThere,
    ChangedMeanwhile,
    CredentialsRefused,
    FieldConflict,
    Forbidden,
    KindMissing,
    KubernetesError,
    Refused,
    ServerUnreachable,
    cut,
)
from rayfence.model.api_objects import Json, objects_at, text_at

#: An admission policy's messages are ours or the organisation's, and the reader needs all of them.
_TEXT_LIMIT: Final = 1000
_MANAGER: Final = re.compile(r'conflict with "((?:[^"\\]|\\.)*)"')
#: How RBAC says no; admission says `… is forbidden: …` with other words.
_RBAC: Final = re.compile(r'User "[^"]*" cannot ')
#: Whom a server that lets anybody ask takes us for without credentials.
_NOBODY: Final = 'User "system:anonymous" cannot '
_QUOTA_HINT: Final = "raise the quota of the tenant in the spec, or free what uses it, then repeat the command"
_TERMINATING_HINT: Final = "wait until the namespace is gone, then repeat the command: `kubectl get namespaces`"


def error_of(code: int, status: Json, subject: str, *, secret: bool = False) -> KubernetesError:
    """The error for an answer of 400 or more. `subject`: what was asked, `RayCluster vision/train`.

    `secret`: leave the server's text out, which can quote what it was sent.
    """
    reason = text_at(status, "reason")
    text = cut(text_at(status, "message"), _TEXT_LIMIT) if not secret else reason
    told = f"{subject}: {text or f'status {code}'}"
    if code == 422 and _is_failed_test(status):
        return ChangedMeanwhile(f"{subject}: it has changed since it was read")
    if code == 401:
        return CredentialsRefused(f"the API server does not know us ({text or 'Unauthorized'})")
    if code == 403:
        return _forbidden(status, told, secret=secret)
    if code == 404:
        if "could not find the requested resource" in text or not text_at(status, "details", "name"):
            return KindMissing(f"{subject}: the API server has no such kind")
        return Refused(told, reason or "NotFound")
    if code == 409:
        return _conflict(status, subject, told)
    if code == 429 or (code >= 500 and "webhook" not in text and not is_final(code, text)):
        return ServerUnreachable(f"{told} (the API server is busy or not well)", hint="try again in a while")
    return Refused(told, reason or str(code), hint=_hint_of(text))


def is_final(code: int, message: str) -> bool:
    """Whether an answer of 500 or more says that the object is wrong: asking again gives the same.

    A field that the schema does not know is such an answer to a server-side apply.
    """
    return code >= 500 and "failed to create typed patch object" in message


def _is_failed_test(status: Json) -> bool:
    """Whether a JSON patch did not find what its `test` expects.

    Kubernetes 1.36 says no more than this, without the causes and the name that an invalid object has; others tell.
    """
    text = text_at(status, "message")
    bare = not objects_at(status, "details", "causes") and not text_at(status, "details", "name")
    return bare and ("the server rejected our request" in text or ("testing" in text and "failed" in text))


def _forbidden(status: Json, told: str, *, secret: bool) -> KubernetesError:
    text = text_at(status, "message")
    causes = {text_at(cause, "reason") for cause in objects_at(status, "details", "causes")}
    if "NamespaceTerminating" in causes or "because it is being terminated" in text:
        return Refused(told, "NamespaceTerminating", hint=_TERMINATING_HINT)
    if _NOBODY in text:
        return CredentialsRefused("the API server sees nobody in us (system:anonymous): the context has no credentials")
    if _RBAC.search(text) or (secret and not text):
        return Forbidden(told)
    return Refused(told, "Forbidden", hint=_hint_of(text))


def _conflict(status: Json, subject: str, told: str) -> KubernetesError:
    owners = tuple(
        (_manager(text_at(cause, "message")), text_at(cause, "field"))
        for cause in objects_at(status, "details", "causes")
        if text_at(cause, "reason") == "FieldManagerConflict"
    )
    if owners:
        return FieldConflict(subject, owners)
    if text_at(status, "reason") == "AlreadyExists":
        return AlreadyThere(told)
    return ChangedMeanwhile(told)


def _manager(message: str) -> str:
    found = _MANAGER.search(message)
    return found.group(1) if found else "another manager"


def _hint_of(text: str) -> str:
    if "exceeded quota" in text:
        return _QUOTA_HINT
    if "failed calling webhook" in text:
        return "an admission webhook does not answer: see its pods and its Service, then repeat the command"
    if "denied request" in text or "denied the request" in text or "violates PodSecurity" in text:
        return "an admission check of this cluster refuses the object: change the spec, or ask who owns the check"
    return ""
