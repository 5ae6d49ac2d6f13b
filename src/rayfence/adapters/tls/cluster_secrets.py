"""Makes a platform's Secrets where they are used, through the port: what is missing, what ends soon, nothing else.

1. Read each Secret of the requests, authorities first.
2. Find out what it should hold; a living one is left alone.
3. Make it (it must not be there yet), or replace exactly the version that was read: whoever came in between wins, and
   the next run looks again.

Leaves out where apply calls this (`apply/kubernetes/order.py`, `SecretMaker`).
"""

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from rayfence.adapters.tls.cluster_material import (
    TOKEN_KEY,
    Data,
    authority_data,
    authority_of,
    keys_data,
    leaf_data,
    token_data,
    tokens_data,
)
from rayfence.apply.kubernetes.lanes import side_by_side
from rayfence.apply.kubernetes.order import Told
from rayfence.errors import Forbidden, StateError
from rayfence.model.api_objects import FIELD_MANAGER, Json, Kind, Kinds, name_of, namespace_of, object_at, text_at
from rayfence.model.cluster_secrets import ClusterSecret, ClusterSecretKind
from rayfence.plan.live.fields.secrets import DIGESTS, digests
from rayfence.ports.kubernetes import KubernetesApi, KubernetesReads

_SECRET: Final = Kind("v1", "Secret", "secrets", True)
_ORIGINALS: Final = frozenset({ClusterSecretKind.AUTHORITY, ClusterSecretKind.RAY_TOKEN})
_CONFIG_MAP: Final = Kind("v1", "ConfigMap", "configmaps", True)
_TYPES: Final = {ClusterSecretKind.LEAF: "kubernetes.io/tls"}


def utc_now() -> datetime:
    """The time in UTC."""
    return datetime.now(UTC)


class ClusterSecrets:
    """`apply.kubernetes.order.SecretMaker` for these requests. `labels` go on every Secret that is made.

    `lanes`: how many are sent at once.
    """

    def __init__(
        self,
        requests: Sequence[ClusterSecret],
        labels: Mapping[str, str],
        clock: Callable[[], datetime] = utc_now,
        lanes: int = 1,
    ) -> None:
        self._requests = tuple(requests)
        self._labels = dict(labels)
        self._clock = clock
        self._lanes = lanes

    def missing(self, api: KubernetesReads, kinds: Kinds) -> tuple[str, ...]:
        """References of Secrets that are not there, lack a part, or end soon. Changes nothing."""
        return tuple(change.request.reference for change in self._changes(api, kinds))

    def make(self, api: KubernetesApi, reads: KubernetesReads, kinds: Kinds, did: Told) -> None:
        """Make and renew; `did` is told the reference of each that was written, and `renewed`.

        Raises KubernetesError, StateError (an authority that may not certify a name).
        """

        def written(change: _Change) -> _Change:
            value = self._object(change)
            kind = _CONFIG_MAP if change.request.public else kinds.get(("v1", "Secret"), _SECRET)
            if change.before is None:
                api.create(kind, value, manager=FIELD_MANAGER)
            else:
                api.replace(kind, value, manager=FIELD_MANAGER)
            return change

        def told(change: _Change) -> None:
            did(change.request.reference, "" if change.before is None else "renewed")

        changes = tuple(self._changes(reads, kinds))
        # What others are made from goes first: a copy without its original could not be told from a foreign one.
        for is_first in (True, False):
            some = tuple(change for change in changes if (change.request.kind in _ORIGINALS) is is_first)
            side_by_side(some, written, told, self._lanes)

    def _changes(self, api: KubernetesReads, kinds: Kinds) -> Iterator["_Change"]:
        kind, now = kinds.get(("v1", "Secret"), _SECRET), self._clock()
        wanted: dict[tuple[str, str], Data] = {}
        listed = self._listed(api, kind)

        def read(namespace: str, name: str) -> Json | None:
            return listed.get((namespace, name)) or api.get(kind, name, namespace)

        def original(namespace: str, name: str) -> bytes | None:
            data = wanted.get((namespace, name)) or _data(read(namespace, name))
            return data.get(TOKEN_KEY) if data else None

        for request in self._requests:
            if request.public:
                live = api.get(_CONFIG_MAP, request.name, request.namespace)
                held = _public_data(live)
            else:
                live = read(request.namespace, request.name)
                held = _data(live)
            data = self._wanted(request, held, wanted, original, now)
            wanted[request.namespace, request.name] = data
            if held is None or data != held:
                yield _Change(request, live, data)

    def _listed(self, api: KubernetesReads, kind: Kind) -> dict[tuple[str, str], Json]:
        """Those that carry our labels, in one request; where listing is forbidden each is asked for by name."""
        try:
            return {(namespace_of(one), name_of(one)): one for one in api.list(kind, labels=self._labels)}
        except Forbidden:
            return {}

    @staticmethod
    def _wanted(
        request: ClusterSecret,
        held: Data | None,
        wanted: Mapping[tuple[str, str], Data],
        original: Callable[[str, str], bytes | None],
        now: datetime,
    ) -> Data:
        match request.kind:
            case ClusterSecretKind.AUTHORITY:
                return authority_data(request, held, now)
            case ClusterSecretKind.CERTIFICATE:
                return {"ca.crt": wanted[request.authority_namespace, request.authority]["ca.crt"]}
            case ClusterSecretKind.LEAF:
                signer = authority_of(wanted.get((request.authority_namespace, request.authority)))
                if signer is None:
                    raise StateError(f"{request.reference} is signed by an authority that nobody asked for")
                return leaf_data(request, held, signer, now)
            case ClusterSecretKind.SIGNING_KEYS | ClusterSecretKind.STAMP_KEYS:
                return keys_data(request, held, now)
            case ClusterSecretKind.RAY_TOKEN:
                return token_data(held)
            case ClusterSecretKind.RAY_TOKENS:
                return tokens_data(request, held, original)

    def _object(self, change: "_Change") -> Json:
        request, live = change.request, change.before
        metadata: dict[str, object] = {
            "name": request.name,
            "namespace": request.namespace,
            "labels": {**object_at(live, "metadata", "labels"), **self._labels},
        }
        if live is not None:
            metadata["resourceVersion"] = text_at(live, "metadata", "resourceVersion")
        if request.public:
            data = {name: value.decode("ascii") for name, value in sorted(change.data.items())}
            return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
        data = {name: base64.b64encode(value).decode() for name, value in sorted(change.data.items())}
        # By these a look finds what somebody else put in, without comparing bytes.
        metadata["annotations"] = {**object_at(live, "metadata", "annotations"), DIGESTS: digests(data)}
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": metadata,
            "type": text_at(live, "type") or _TYPES.get(request.kind, "Opaque"),
            "data": data,
        }


class _Change:
    """A Secret to write: what it was (None: not there) and what it should hold."""

    def __init__(self, request: ClusterSecret, before: Json | None, data: Data) -> None:
        self.request, self.before, self.data = request, before, data


def _public_data(live: Json | None) -> Data | None:
    """What a ConfigMap holds."""
    if live is None:
        return None
    return {name: str(value).encode() for name, value in object_at(live, "data").items()}


def _data(live: Json | None) -> Data | None:
    """What a Secret holds; what can't be read is as if it were not there, and is made anew."""
    if live is None:
        return None
    found: dict[str, bytes] = {}
    for name, value in object_at(live, "data").items():
        try:
            found[name] = base64.b64decode(str(value), validate=True)
        except (binascii.Error, ValueError):
            continue
    return found
