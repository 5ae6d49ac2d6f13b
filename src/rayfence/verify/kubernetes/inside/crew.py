"""The probe's pods and namespaces as objects. Pure.

A neighbour that belongs to nobody, one in a tenant's own namespace, a friend that network policies let in (the
control), and two listeners of which one is closed off by a policy: whoever reaches that one shows that nothing enforces
policies here. All run the gateway's image with the rights of nothing: no API token, restricted Pod Security, read-only
root, and an end of their own, should nobody come to remove them.
"""

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from rayfence.model.frozen import dataclass
from rayfence.render.kubernetes.names import (
    CLIENT_PREFIX,
    SCRAPER,
    WORKER_ACCOUNT,
    friend_namespace,
    probe_namespace,
)
from rayfence.render.kubernetes.network.flows import policy
from rayfence.render.kubernetes.shape import MANAGED_BY, Json
from rayfence.render.kubernetes.tenant.namespaces import namespace
from rayfence.verify.kubernetes.server.admission import probe_pod

#: Of every probe pod: the platform it attacks. By this label it is found, whoever left it.
PROBE: Final = "rayfence.dev/probe-of"
#: Of every probe pod: what it is.
PART: Final = "rayfence.dev/probe"
LISTEN: Final = 8080
#: After so many seconds a pod ends by itself.
LIFE: Final = 900
TOKENS: Final = "/var/run/rayfence-probe"
_TOKEN_SECONDS: Final = 600  # the least that Kubernetes gives


@dataclass(frozen=True, slots=True)
class Member:
    """One pod: what it is, where, and under which name."""

    part: str
    namespace: str
    name: str


def namespaces_of(platform: str, tenants: Iterable[str]) -> tuple[Json, ...]:
    """The neighbour's, and the friend's, whose labels let it in."""
    labels = {f"{CLIENT_PREFIX}{tenant}": "true" for tenant in tenants}
    return (
        namespace(probe_namespace(platform), platform, "probe"),
        namespace(friend_namespace(platform), platform, "probe-friend", {**labels, SCRAPER: "true"}),
    )


def closing_policy(platform: str) -> Json:
    """Nobody in: for the listener that must not be reached where policies are enforced."""
    return policy("closed", probe_namespace(platform), {PART: "closed"}, ingress=[])


def members_of(platform: str, run: str, attackers: Iterable[str]) -> tuple[Member, ...]:
    """Listeners, neighbour, friend, then one in the namespace of each of `attackers` (tenants)."""
    home = probe_namespace(platform)
    return (
        Member("open", home, f"open-{run}"),
        Member("closed", home, f"closed-{run}"),
        Member("neighbour", home, f"neighbour-{run}"),
        Member("friend", friend_namespace(platform), f"friend-{run}"),
        *(Member("tenant", tenant, f"verify-{run}") for tenant in attackers),
    )


def pod(
    member: Member, platform: str, image: str, code: str, wish: Mapping[str, object], audiences: Mapping[str, str]
) -> dict[str, Any]:
    """The pod. `wish`: what the program is told. `audiences`: file to audience of tokens that it shows to gateways."""
    account = WORKER_ACCOUNT if member.part == "tenant" else "default"
    made = probe_pod(member.namespace, member.name, image, account)
    made["metadata"]["labels"] = {MANAGED_BY: "rayfence", PROBE: platform, PART: member.part}
    told = base64.b64encode(json.dumps(wish).encode()).decode()
    spec, container = made["spec"], made["spec"]["containers"][0]
    spec["activeDeadlineSeconds"] = LIFE
    spec["terminationGracePeriodSeconds"] = 1
    container["command"] = ["python", "-I", "-c", code]
    container["args"] = [told]
    if audiences:
        sources = [
            {"serviceAccountToken": {"path": name, "audience": audience, "expirationSeconds": _TOKEN_SECONDS}}
            for name, audience in audiences.items()
        ]
        spec["volumes"] = [{"name": "tokens", "projected": {"defaultMode": 0o440, "sources": sources}}]
        container["volumeMounts"] = [{"name": "tokens", "mountPath": TOKENS, "readOnly": True}]
    return made
