"""`ports.kubernetes.KubernetesApi` over HTTPS: plain JSON both ways, with bounded retries where repeating is safe.

Leaves out: who we are and how the server is reached (`connection.py`), what its refusals mean (`answers.py`).
"""

import json
import ssl
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import httpx2

from rayfence.adapters.kubernetes.answers import error_of, is_final
from rayfence.adapters.kubernetes.paths import DISCOVERY, kinds_of, path_of
from rayfence.adapters.kubernetes.pods import ServerPods
from rayfence.errors import Forbidden, KindMissing, KubernetesError, ServerUnreachable, cut
from rayfence.model.api_objects import (
    Json,
    Kind,
    Kinds,
    at,
    name_of,
    namespace_of,
    object_at,
    objects_at,
    reference,
    text_at,
)
from rayfence.ports.doors import Doors
from rayfence.ports.kubernetes import Clock

_CA_HINT: Final = (
    "certificate-authority-data of the context must be that of this server: get its kubeconfig anew. Nothing was sent "
    "to it, and no credentials"
)
#: Seconds before each further attempt.
_PAUSES: Final = (0.2, 0.5, 1.0, 2.0)
#: Answers after which the same request may do better: overload, a server that is restarting, a request out of time.
_PASSING: Final = frozenset({429, 500, 502, 503, 504})
_PAGE: Final = 500
_LONGEST_PAUSE: Final = 5.0
_PATCH: Final = "application/json-patch+json"
_APPLY: Final = "application/apply-patch+yaml"  # JSON is YAML

#: SAFE: may be sent again whatever became of it. ONCE: only if it surely was not carried out.
Repeat = Literal["safe", "once"]

_ACCESS_REVIEW: Final = Kind("authorization.k8s.io/v1", "SelfSubjectAccessReview", "selfsubjectaccessreviews", False)
_SELF_REVIEW: Final = Kind("authentication.k8s.io/v1", "SelfSubjectReview", "selfsubjectreviews", False)
_EVENT: Final = Kind("v1", "Event", "events", True)


class Server:
    """One API server as one caller; see the port."""

    def __init__(self, client: httpx2.Client, address: str, clock: Clock) -> None:
        self._client = client
        self._address = address
        self._clock = clock

    def reaching(self, doors: Doors) -> ServerPods:
        """What reaches into pods, as the same caller; forwarded ports are reached by `doors`."""
        return ServerPods(self._client, doors)

    def close(self) -> None:
        """Close connections."""
        self._client.close()

    def version(self) -> str:
        """See the port."""
        return text_at(self._send("GET", "/version", f"API server {self._address}"), "gitVersion")

    def whoami(self) -> str:
        """See the port."""
        body = {"apiVersion": _SELF_REVIEW.api_version, "kind": _SELF_REVIEW.kind}
        try:
            answer = self._send("POST", path_of(_SELF_REVIEW), "SelfSubjectReview", body=body)
        except (Forbidden, KindMissing):
            return ""
        return text_at(answer, "status", "userInfo", "username")

    def kinds(self) -> Kinds:
        """See the port."""
        found: dict[tuple[str, str], Kind] = {}
        for root in ("/api", "/apis"):
            answer = self._send("GET", root, "API discovery", headers={"Accept": DISCOVERY})
            if text_at(answer, "kind") != "APIGroupDiscoveryList":
                raise KindMissing("the API server is older than Kubernetes 1.30", hint="upgrade the cluster")
            found |= {(kind.api_version, kind.kind): kind for kind in kinds_of(answer)}
        return found

    def get(self, kind: Kind, name: str, namespace: str = "") -> Json | None:
        """See the port."""
        response = self._request("GET", path_of(kind, namespace, name))
        return None if response.status_code == 404 else _answer(response, f"{kind.kind} {name}", kind)

    def list(self, kind: Kind, namespace: str = "", labels: Mapping[str, str] | None = None) -> tuple[Json, ...]:
        """See the port."""
        parameters = {"limit": str(_PAGE)}
        if labels:
            parameters["labelSelector"] = ",".join(f"{key}={value}" for key, value in labels.items())
        found: list[Json] = []
        while True:
            response = self._request("GET", path_of(kind, namespace), parameters=parameters)
            if response.status_code == 410 and "continue" in parameters:  # the pages have expired: from the beginning
                found.clear()
                del parameters["continue"]
                continue
            if response.status_code == 404:
                return ()
            answer = _answer(response, f"listing {kind.plural}", kind)
            # Entries of a list do not say what they are.
            own: Json = {"apiVersion": kind.api_version, "kind": kind.kind}
            found += ({**own, **item} for item in objects_at(answer, "items"))
            token = text_at(answer, "metadata", "continue")
            if not token:
                return tuple(found)
            parameters["continue"] = token

    def apply(self, kind: Kind, value: Json, *, manager: str, force: bool = False, dry_run: bool = False) -> Json:
        """See the port."""
        parameters = {"fieldManager": manager, "fieldValidation": "Strict", "force": "true" if force else "false"}
        if dry_run:
            parameters["dryRun"] = "All"
        path = path_of(kind, namespace_of(value), name_of(value))
        headers = {"Content-Type": _APPLY}
        return self._send("PATCH", path, reference(value), kind, body=value, parameters=parameters, headers=headers)

    def create(self, kind: Kind, value: Json, *, manager: str) -> Json:
        """See the port."""
        parameters = {"fieldManager": manager, "fieldValidation": "Strict"}
        path = path_of(kind, namespace_of(value))
        return self._send("POST", path, reference(value), kind, body=value, parameters=parameters, repeat="once")

    def replace(self, kind: Kind, value: Json, *, manager: str) -> Json:
        """See the port."""
        parameters = {"fieldManager": manager, "fieldValidation": "Strict"}
        path = path_of(kind, namespace_of(value), name_of(value))
        return self._send("PUT", path, reference(value), kind, body=value, parameters=parameters, repeat="once")

    def patch(
        self, kind: Kind, value: Json, operations: Sequence[Json], *, manager: str, dry_run: bool = False
    ) -> Json:
        """See the port."""
        parameters = {"fieldManager": manager, "fieldValidation": "Strict", **({"dryRun": "All"} if dry_run else {})}
        path = path_of(kind, namespace_of(value), name_of(value))
        headers = {"Content-Type": _PATCH}
        return self._send(
            "PATCH",
            path,
            reference(value),
            kind,
            body=operations,
            parameters=parameters,
            headers=headers,
            repeat="once",
        )

    def delete(
        self, kind: Kind, name: str, namespace: str = "", *, uid: str, version: str = "", dry_run: bool = False
    ) -> None:
        """See the port."""
        conditions = {"uid": uid, **({"resourceVersion": version} if version else {})}
        body: dict[str, object] = {"preconditions": conditions, "propagationPolicy": "Background"}
        if dry_run:
            body["dryRun"] = ["All"]
        response = self._request("DELETE", path_of(kind, namespace, name), body=body, repeat="once")
        if response.status_code != 404:
            _answer(response, f"{kind.kind} {f'{namespace}/{name}' if namespace else name}", kind)

    def events(self, namespace: str) -> tuple[Json, ...]:
        """See the port."""
        return tuple(sorted(self.list(_EVENT, namespace), key=_moment))

    def log(self, namespace: str, pod: str) -> str:
        """All that the one container of a pod has printed. Raises KubernetesError."""
        response = self._request("GET", f"/api/v1/namespaces/{namespace}/pods/{pod}/log")
        if response.status_code >= 400:
            _answer(response, f"log of {namespace}/{pod}")
        return response.text

    def allowed(self, verb: str, group: str, resource: str, namespace: str = "", name: str = "") -> bool:
        """See the port."""
        plural, _, part = resource.partition("/")
        asked = {
            "verb": verb,
            "group": group,
            "resource": plural,
            "subresource": part,
            "namespace": namespace,
            "name": name,
        }
        body = {
            "apiVersion": _ACCESS_REVIEW.api_version,
            "kind": _ACCESS_REVIEW.kind,
            "spec": {"resourceAttributes": {key: item for key, item in asked.items() if item}},
        }
        answer = self._send("POST", path_of(_ACCESS_REVIEW), "SelfSubjectAccessReview", body=body)
        return at(answer, "status", "allowed") is True

    def _send(
        self,
        method: str,
        path: str,
        subject: str,
        kind: Kind | None = None,
        *,
        body: Json | Sequence[Json] | None = None,
        parameters: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        repeat: Repeat = "safe",
    ) -> Json:
        response = self._request(method, path, body=body, parameters=parameters, headers=headers, repeat=repeat)
        return _answer(response, subject, kind)

    def _request(
        self,
        method: str,
        path: str,
        *,
        body: Json | Sequence[Json] | None = None,
        parameters: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        repeat: Repeat = "safe",
    ) -> httpx2.Response:
        content = None if body is None else json.dumps(body).encode()
        sent = {"Accept": "application/json", "Content-Type": "application/json", **(headers or {})}
        for pause in (*_PAUSES, None):
            try:
                response = self._client.request(method, path, content=content, params=parameters, headers=sent)
            except httpx2.TransportError as error:
                never_sent = isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout)
                if (problem := _distrust(error)) is not None:
                    raise ServerUnreachable(
                        f"{self._address} is not who the context expects: {problem}", hint=_CA_HINT
                    ) from error
                if pause is None or not (never_sent or repeat == "safe"):
                    raise ServerUnreachable(f"{self._address} does not answer: {_why(error)}") from error
                self._clock.sleep(pause)
                continue
            # 429 says that the request was not looked at; after the others it may have been carried out.
            again = response.status_code == 429 or (response.status_code in _PASSING and repeat == "safe")
            if pause is None or not again or is_final(response.status_code, response.text):
                return response
            self._clock.sleep(max(pause, _asked_pause(response)))
        raise AssertionError("unreachable")


def _answer(response: httpx2.Response, subject: str, kind: Kind | None = None) -> Json:
    """The JSON of a good answer. Raises the error that the answer means."""
    try:
        data: Any = response.json()
    except ValueError:
        data = None
    if response.status_code >= 400:
        status = object_at(data) or {"message": cut(response.text)}
        raise error_of(response.status_code, status, subject, secret=kind is not None and kind.kind == "Secret")
    if not isinstance(data, dict):
        raise KubernetesError(f"{subject}: what answers is no API server", hint="check the server's address")
    return data


def _asked_pause(response: httpx2.Response) -> float:
    asked = response.headers.get("retry-after", "")
    return min(float(asked), _LONGEST_PAUSE) if asked.isascii() and asked.isdigit() else 0.0


def _distrust(error: Exception) -> str | None:
    """Why the server's certificate was not believed; None: that is not the trouble, or asking again may help."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return cut(cause.verify_message)
        cause = cause.__cause__ or cause.__context__
    return None


def _why(error: Exception) -> str:
    if isinstance(error, httpx2.TimeoutException):
        return "no answer in time"
    return cut(str(error)) or type(error).__name__


def _moment(event: Json) -> str:
    return (
        text_at(event, "lastTimestamp")
        or text_at(event, "eventTime")
        or text_at(event, "metadata", "creationTimestamp")
    )
