"""Service accounts of the cluster as members of the tenant's roles: notebooks and CI in pods, without a secret of ours.

A pod asks Kubernetes for a token made for this gateway (its audience), and only the API server can say whose it is:
TokenReview also knows that the account or the pod is gone since. A token made for the API server itself is refused, so
that what a gateway is shown opens nothing else. Source: authentication.k8s.io/v1 TokenReview.
"""

from collections.abc import Iterable
from typing import Final

from rayfence.gateway.answers import busy
from rayfence.gateway.pod.api import ApiFailure, ApiServer
from rayfence.gateway.service import Member
from rayfence.model.gateway_pod import Holder

_PATH: Final = "/apis/authentication.k8s.io/v1/tokenreviews"
_PREFIX: Final = "system:serviceaccount:"


class ServiceAccounts:
    """`service.Members` for the holders that are accounts of this cluster."""

    def __init__(self, api: ApiServer, audience: str, holders: Iterable[Holder]) -> None:
        self._api = api
        self._audience = audience
        self._members = {member.subject: member for holder in holders if (member := _member(holder)) is not None}

    async def proven(self, token: str) -> str:
        """See `Members`."""
        review = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenReview",
            "spec": {"token": token, "audiences": [self._audience]},
        }
        try:
            answer = await self._api.post(_PATH, review)
        except ApiFailure as failure:
            raise busy("the cluster's API server can't say whose this token is; try again", 5) from failure
        status = answer.get("status")
        if not isinstance(status, dict) or status.get("authenticated") is not True:
            return ""
        audiences, user = status.get("audiences"), status.get("user")
        # A server that does not know audiences leaves them out: then the token may be made for anybody.
        if not isinstance(audiences, list) or self._audience not in audiences or not isinstance(user, dict):
            return ""
        name = user.get("username")
        return name if isinstance(name, str) and name.startswith(_PREFIX) else ""

    def find(self, subject: str) -> Member | None:
        """See `Members`."""
        return self._members.get(subject)


def _member(holder: Holder) -> Member | None:
    kind, _, name = holder.member.partition(":")
    namespace, slash, account = name.partition("/")
    if kind != "serviceAccount" or not slash:
        return None
    return Member(f"{_PREFIX}{namespace}:{account}", holder.role, holder.rights)
