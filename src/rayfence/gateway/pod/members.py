"""Who the cluster's API server knows as members of the tenant's roles: pods by their service accounts, people by the
groups that it takes them for. No secret of ours is involved.

A pod asks Kubernetes for a token made for this gateway (its audience), and only the API server can say whose it is:
TokenReview also knows that the account or the pod is gone since. A token of a service account that was made for the API
server itself is refused, so that what a gateway is shown opens nothing else.

People have no other token than the one they show to the API server: its authenticators of people know no audiences. So
theirs is taken where the platform says so (`people`), and never with a name or a group that begins with `system:`:
those are the API server's own, and every service account of a namespace is in some of them. See
docs/adr/0015-people-of-a-cluster.md. Source: authentication.k8s.io/v1 TokenReview.
"""

from collections.abc import Iterable
from typing import Final

from rayfence.catalog.roles import ROLE_ORDER
from rayfence.gateway.answers import busy
from rayfence.gateway.login.authentication import ACCOUNT_PREFIX, claims_of
from rayfence.gateway.pod.api import ApiFailure, ApiServer
from rayfence.gateway.service import Member, Proof
from rayfence.model.gateway_pod import Holder
from rayfence.model.routes import Right, Role

_PATH: Final = "/apis/authentication.k8s.io/v1/tokenreviews"
#: Names and groups of the API server's own; nobody gets a role by one of them.
_RESERVED: Final = "system:"
_GROUP: Final = "group"
_LONGEST_NAME: Final = 256


class ClusterMembers:
    """`service.Members` for those whom the API server vouches for. `people`: not only service accounts."""

    def __init__(
        self, api: ApiServer, audience: str, holders: Iterable[Holder], *, people: bool = False, reserved: str = ""
    ) -> None:
        """`reserved`: a subject of the gateway's own, which nobody else may bear."""
        listed = tuple(holders)
        self._api = api
        self._audience = audience
        self._reserved = reserved
        self._accounts = {member.subject: member for one in listed if (member := _account(one)) is not None}
        self._groups = {name: one for one in listed if (name := _group(one))} if people else {}

    @property
    def people(self) -> bool:
        """See `Members`."""
        return bool(self._groups)

    async def proven(self, token: str) -> Proof:
        """See `Members`."""
        claimed, _ = claims_of(token)
        # The claim only says how to ask; whose the token is says the answer.
        if not self._groups or claimed.startswith(ACCOUNT_PREFIX):
            return self._account_of(await self._review(token, self._audience))
        return self._person_of(await self._review(token, ""))

    async def _review(self, token: str, audience: str) -> dict[str, object]:
        spec: dict[str, object] = {"token": token, **({"audiences": [audience]} if audience else {})}
        review = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": spec}
        try:
            answer = await self._api.post(_PATH, review)
        except ApiFailure as failure:
            raise busy("the cluster's API server can't say whose this token is; try again", 5) from failure
        status = answer.get("status")
        return status if isinstance(status, dict) and status.get("authenticated") is True else {}

    def _account_of(self, status: dict[str, object]) -> Proof:
        audiences = status.get("audiences")
        # A server that does not know audiences leaves them out: then the token may be made for anybody.
        if not isinstance(audiences, list) or self._audience not in audiences:
            return Proof()
        name = _name_of(status)
        return Proof(name) if name.startswith(ACCOUNT_PREFIX) else Proof()

    def _person_of(self, status: dict[str, object]) -> Proof:
        name, user = _name_of(status), status.get("user")
        if not name or name.startswith(_RESERVED) or name == self._reserved or not isinstance(user, dict):
            return Proof()
        told = user.get("groups")
        listed = told if isinstance(told, list) else []
        groups = (one for one in listed if isinstance(one, str) and not one.startswith(_RESERVED))
        return Proof(name, tuple(groups))

    def find(self, proof: Proof) -> Member | None:
        """See `Members`."""
        if proof.subject.startswith(ACCOUNT_PREFIX):
            return self._accounts.get(proof.subject)
        held = [self._groups[name] for name in dict.fromkeys(proof.groups) if name in self._groups]
        return _together(proof.subject, held) if held else None

    def still(self, subject: str, role: Role, rights: Iterable[Right]) -> Member | None:
        """See `Members`. What a person's groups were was said at the log-in, and is not known any more: the roles that
        groups give at all bound it, and the session ends with what proved it.
        """
        if subject.startswith(ACCOUNT_PREFIX):
            return self._accounts.get(subject)
        if subject.startswith(_RESERVED) or not self._groups:
            return None
        given = _together(subject, list(self._groups.values()))
        if given.role is None:
            return None
        kept = role if ROLE_ORDER.index(role) <= ROLE_ORDER.index(given.role) else given.role
        return Member(subject, kept, tuple(right for right in rights if right in given.rights))


def _together(subject: str, held: list[Holder]) -> Member:
    """The highest role of some holders, and every right."""
    roles = [one.role for one in held if one.role is not None]
    rights = dict.fromkeys(right for one in held for right in one.rights)
    return Member(subject, max(roles, key=ROLE_ORDER.index, default=None), tuple(rights))


def _name_of(status: dict[str, object]) -> str:
    user = status.get("user")
    name = user.get("username") if isinstance(user, dict) else None
    return name if isinstance(name, str) and 0 < len(name) <= _LONGEST_NAME and name.isprintable() else ""


def _account(holder: Holder) -> Member | None:
    kind, _, name = holder.member.partition(":")
    namespace, slash, account = name.partition("/")
    if kind != "serviceAccount" or not slash:
        return None
    return Member(f"{ACCOUNT_PREFIX}{namespace}:{account}", holder.role, holder.rights)


def _group(holder: Holder) -> str:
    kind, _, name = holder.member.partition(":")
    return name if kind == _GROUP and not name.startswith(_RESERVED) else ""
