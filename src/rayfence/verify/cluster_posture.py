"""The posture table of a platform in a cluster: sightings in, verdicts out. Pure.

Covers what a look through the API server and one request to each gateway show. Leaves out attacks, and whether network
policies are enforced: that only an attack shows (`rayfence verify`). What could not be looked at is UNKNOWN, never
PASS.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from rayfence.model.frozen import dataclass
from rayfence.model.live import ObjectDrift, ObjectState
from rayfence.model.verdict import Posture, Verdict
from rayfence.verify.posture import LeafSighting, Row


@dataclass(frozen=True, slots=True)
class RayObjectSighting:
    """A live Ray object's own words. `version` and `auth_mode` empty: it does not say. `tls`: between its pods."""

    name: str
    version: str
    auth_mode: str
    tls: bool


@dataclass(frozen=True, slots=True)
class GatewaySighting:
    """One request to a gateway each: without a token, and under a foreign host. `problem`: why there is no answer."""

    tenant: str
    anonymous_status: int | None
    foreign_host_status: int | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ClusterSightings:
    """Everything a status of a cluster looks at.

    `parts`: (name, phase). `wanted`: kind to how many objects of it the spec asks for. `drift`: what differs, `unknown`
    ones included. `missing_secrets` by reference; None: they may not be read. `leaves` None: the same. `last` of the
    cluster's receipt: outcome, end, author, digest; None: there is none. `enforced`: whether the spec says that
    something enforces network policies.
    """

    parts: tuple[tuple[str, str], ...]
    wanted: Mapping[str, int]
    drift: tuple[ObjectDrift, ...]
    missing_secrets: tuple[str, ...] | None
    ray: tuple[RayObjectSighting, ...]
    ray_floor: str
    operator: str
    gateways: tuple[GatewaySighting, ...]
    leaves: tuple[LeafSighting, ...] | None
    last: tuple[str, str, str, str] | None
    digest: str
    enforced: bool


def cluster_posture(seen: ClusterSightings) -> tuple[Posture, ...]:
    """One row per control, in the order of `CONTROLS`."""
    return tuple(Posture(control, title, *judge(seen)) for control, title, judge in CONTROLS)


def _parts(seen: ClusterSightings) -> Row:
    if not seen.parts:
        return Verdict.FAIL, "nothing of the platform is there"
    waiting = [f"{name} {phase}" for name, phase in seen.parts if phase != "ready"]
    return (Verdict.FAIL, _some(waiting)) if waiting else (Verdict.PASS, f"{len(seen.parts)} parts ready")


def _applied(seen: ClusterSightings) -> Row:
    if seen.last is None:
        return Verdict.FAIL, "there is no receipt: nothing says that an apply came to its end"
    outcome, ended, author, digest = seen.last
    told = f"{outcome} at {ended or 'no time'} by {author or 'nobody'}"
    if outcome != "complete":
        return Verdict.FAIL, f"the last apply is {told}"
    if digest != seen.digest:
        return Verdict.FAIL, f"the last apply, {told}, was of another spec, policies or release of rayfence"
    changed = [str(item.key) for item in seen.drift if item.state in (ObjectState.CHANGED, ObjectState.MISSING)]
    if changed:
        return Verdict.FAIL, f"not as it was applied: {_some(changed)}; `rayfence diff` says what and by whom"
    if (unread := _unread(seen.drift)) is not None:
        return Verdict.UNKNOWN, unread
    return Verdict.PASS, f"{told}, and {sum(seen.wanted.values())} objects are still so"


def _version(seen: ClusterSightings) -> Row:
    if not seen.ray:
        return Verdict.UNKNOWN, "no Ray object is there"
    old = [f"{one.name} {one.version}" for one in seen.ray if _below(one.version, seen.ray_floor)]
    if old:
        return Verdict.FAIL, f"below {seen.ray_floor}, with known holes, or of no known version: {_some(old)}"
    return Verdict.PASS, ", ".join(f"{one.name} {one.version}" for one in seen.ray)


def _token(seen: ClusterSightings) -> Row:
    if not seen.ray:
        return Verdict.UNKNOWN, "no Ray object is there"
    lax = [f"{one.name} ({one.auth_mode or 'no mode'})" for one in seen.ray if one.auth_mode != "token"]
    if lax:
        return Verdict.FAIL, f"Ray's authentication is not `token`: {_some(lax)}"
    return (
        Verdict.PASS,
        f"authOptions.mode is token in {len(seen.ray)} Ray objects (`rayfence verify` shows its effect)",
    )


def _mutual_tls(seen: ClusterSightings) -> Row:
    if not seen.ray:
        return Verdict.UNKNOWN, "no Ray object is there"
    plain = [one.name for one in seen.ray if not one.tls]
    if plain:
        return (
            Verdict.FAIL,
            f"Ray's pods speak without TLS (KubeRay {seen.operator}; it can from 1.7 on): {_some(plain)}",
        )
    return Verdict.PASS, f"tlsOptions are on in {len(seen.ray)} Ray objects"


def _guards(*kinds: str) -> Callable[[ClusterSightings], Row]:
    def judge(seen: ClusterSightings) -> Row:
        count = sum(seen.wanted.get(kind, 0) for kind in kinds)
        if not count:
            return Verdict.NOT_APPLICABLE, "the spec asks for none"
        own = [item for item in seen.drift if item.key.kind in kinds and item.state is not ObjectState.EXTRA]
        wrong = [f"{item.state} {item.key}" for item in own if item.state is not ObjectState.UNKNOWN]
        if wrong:
            return Verdict.FAIL, _some(wrong)
        if own:
            return Verdict.UNKNOWN, f"could not be read: {_some([str(item.key) for item in own])}"
        return Verdict.PASS, f"{count} objects, as in the spec"

    return judge


def _enforced(seen: ClusterSightings) -> Row:
    if not seen.enforced:
        return Verdict.FAIL, "the spec says that nothing enforces network policies here (datapath: none)"
    return Verdict.UNKNOWN, "only an attack shows it: `rayfence verify`"


def _gateway(seen: ClusterSightings) -> Row:
    return _answers(seen.gateways, lambda one: one.anonymous_status, 401, "a request without a token was answered")


def _hosts(seen: ClusterSightings) -> Row:
    return _answers(seen.gateways, lambda one: one.foreign_host_status, 421, "a foreign Host was answered")


def _answers(
    gateways: Sequence[GatewaySighting], status: Callable[[GatewaySighting], int | None], right: int, words: str
) -> Row:
    if not gateways:
        return Verdict.UNKNOWN, "there is no gateway"
    wrong = [f"{one.tenant}: {words} {found}" for one in gateways if (found := status(one)) not in (None, right)]
    if wrong:
        return Verdict.FAIL, _some(wrong)
    silent = [f"{one.tenant}: {one.problem or 'no answer'}" for one in gateways if status(one) is None]
    if silent:
        return Verdict.UNKNOWN, _some(silent)
    return Verdict.PASS, f"{right} at {', '.join(one.tenant for one in gateways)}"


def _leaves(seen: ClusterSightings) -> Row:
    if seen.leaves is None:
        return Verdict.UNKNOWN, "Secrets may not be read"
    if not seen.leaves:
        return Verdict.UNKNOWN, "no certificate found"
    expired = [leaf.name for leaf in seen.leaves if leaf.hours_left <= 0]
    if expired:
        return Verdict.FAIL, f"expired: {_some(expired)}; run `rayfence apply`"
    ageing = [leaf.name for leaf in seen.leaves if leaf.hours_left < leaf.warn_hours]
    if ageing:
        return Verdict.FAIL, f"to be renewed: {_some(ageing)}; run `rayfence apply`"
    first = min(seen.leaves, key=lambda leaf: leaf.hours_left)
    days = first.hours_left / 24
    return Verdict.PASS, f"{len(seen.leaves)} certificates; the first to expire, {first.name}, has {days:.0f} days"


def _secrets(seen: ClusterSightings) -> Row:
    if seen.missing_secrets is None:
        return Verdict.UNKNOWN, "Secrets may not be read"
    tampered = [str(item.key) for item in seen.drift if item.key.kind == "Secret"]
    if tampered:
        return Verdict.FAIL, f"others wrote into {_some(tampered)}"
    if seen.missing_secrets:
        return Verdict.FAIL, f"missing or ending: {_some(seen.missing_secrets)}; run `rayfence apply`"
    return Verdict.PASS, "every Secret is there and holds what was made"


def _trail(_seen: ClusterSightings) -> Row:
    return Verdict.UNKNOWN, "not read here: `rayfence trail verify`"


def _unread(drift: Sequence[ObjectDrift]) -> str | None:
    found = [str(item.key) for item in drift if item.state is ObjectState.UNKNOWN]
    return f"could not be read: {_some(found)}" if found else None


def _below(version: str, floor: str) -> bool:
    """Whether a version is older than the floor; one that is no release is not known to be younger."""
    try:
        return tuple(map(int, version.split("."))) < tuple(map(int, floor.split(".")))
    except ValueError:
        return True


def _some(names: Sequence[str], most: int = 3) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


#: Stable id, title, judge.
CONTROLS: Final[tuple[tuple[str, str, Callable[[ClusterSightings], Row]], ...]] = (
    ("platform.parts", "every part runs", _parts),
    ("platform.applied", "the cluster is as it was applied", _applied),
    ("ray.version", "Ray without known holes", _version),
    ("ray.token", "Ray asks for its token", _token),
    ("ray.mtls", "Ray's pods ask for a certificate", _mutual_tls),
    (
        "kubernetes.admission",
        "admission policies are in place",
        _guards("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"),
    ),
    ("kubernetes.network", "network policies are in place", _guards("NetworkPolicy", "CiliumNetworkPolicy")),
    ("kubernetes.enforcement", "network policies are enforced", _enforced),
    ("kubernetes.bounds", "quotas and limits are in place", _guards("ResourceQuota", "LimitRange")),
    (
        "kubernetes.rights",
        "accounts and rights are as in the spec",
        _guards("ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"),
    ),
    ("gateway.identity", "the gateway asks who is calling", _gateway),
    ("gateway.hosts", "the gateway answers to its own names only", _hosts),
    ("certificates", "certificates are in date", _leaves),
    ("secrets", "secrets are as they were made", _secrets),
    ("trail", "the trail is whole", _trail),
)
