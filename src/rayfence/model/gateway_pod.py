"""`gateway.json` of a gateway in a cluster: one service for every Ray object of a tenant.

No secret bytes: paths of what Kubernetes mounts. `render/kubernetes/gateway` makes this value; `to_json` and
`from_json` are its only file form.
"""

import json
from dataclasses import MISSING, field, fields

from rayfence.model.frozen import dataclass, fields_of
from rayfence.model.gateway import GatewaySettings
from rayfence.model.routes import Right, Role


@dataclass(frozen=True, slots=True)
class Holder:
    """What a member of the tenant's roles may do. `role` None: rights alone, which open nothing by themselves."""

    member: str  # as in the spec: `group:ml@acme.com`, `serviceAccount:ci/runner`
    role: Role | None
    rights: tuple[Right, ...] = ()


@dataclass(frozen=True, slots=True)
class Mounts:
    """Where Kubernetes puts what the service reads. Folders of keys hold `<seconds of birth>.<key id>.<kind>`."""

    signing_keys: str
    stamp_keys: str
    ray_tokens: str  # one file per Ray object, named by its workload
    api_token: str  # of the gateway's own account, short-lived
    api_ca: str


@dataclass(frozen=True, slots=True)
class PodSettings:
    """Everything the service of one pod is told.

    `served`: one per Ray object, the first is the tenant's main one; all share keys, audiences, limits and paths.
    `state`: name of the ConfigMap in `namespace` by which replicas share revocations and lock-outs. `client_audience`:
    what service accounts of in-cluster clients must have their tokens made for; empty: nobody is admitted. `people`:
    whether those whom the API server takes for members of a holder's group are admitted by the token they show to it.
    """

    tenant: str
    namespace: str
    served: tuple[GatewaySettings, ...]
    holders: tuple[Holder, ...]
    mounts: Mounts
    state: str
    client_audience: str
    people: bool
    api: str = field(default="https://kubernetes.default.svc")

    @property
    def first(self) -> GatewaySettings:
        """Settings of the main Ray object, and what all share."""
        return self.served[0]

    def to_json(self) -> str:
        """The file form; stable key order. On one line: what breaks lines takes ten times as long."""
        return json.dumps(self, sort_keys=True, default=fields_of) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "PodSettings":
        """Read the file form strictly. Raises ValueError naming missing or unknown keys, TypeError, KeyError."""
        data = json.loads(text)
        known = {each.name for each in fields(cls)}
        needed = {each.name for each in fields(cls) if each.default is MISSING}
        if wrong := sorted((set(data) - known) | (needed - set(data))):
            raise ValueError(f"settings of the pod: missing or unknown keys {wrong}")
        if not data["served"]:
            raise ValueError("settings of the pod: no Ray object is served")
        data["served"] = tuple(GatewaySettings.from_json(json.dumps(one)) for one in data["served"])
        data["holders"] = tuple(_holder(**one) for one in data["holders"])
        data["mounts"] = Mounts(**data["mounts"])
        return cls(**data)


def _holder(member: str, role: str | None, rights: list[str]) -> Holder:
    return Holder(member, None if role is None else Role(role), tuple(Right(right) for right in rights))
