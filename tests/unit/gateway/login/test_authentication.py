"""What an account grants now bounds what a session may still make."""

import pytest

from rayfence.access.principal import Principal
from rayfence.gateway.answers import Refused
from rayfence.gateway.login.authentication import current_grant
from rayfence.model.routes import Right, Role
from tests.sim.gateway import SimGateway

pytestmark = pytest.mark.anyio


def session(subject: str, *roles: Role, rights: tuple[Right, ...] = ()) -> Principal:
    """A session as its token lists it."""
    return Principal(subject, frozenset(roles), frozenset(rights))


async def test_the_lesser_of_account_and_session(gateway: SimGateway) -> None:
    service = gateway.service
    service.accounts.add("alice", Role.SUBMITTER, (Right.RAY_CLIENT,), "h")
    both = current_grant(service, session("alice", *Role, rights=tuple(Right)))
    assert (both.role, both.rights) == (Role.SUBMITTER, (Right.RAY_CLIENT,))
    less = current_grant(service, session("alice", Role.VIEWER))
    assert (less.role, less.rights) == (Role.VIEWER, ())


async def test_who_is_gone_gets_nothing(gateway: SimGateway) -> None:
    with pytest.raises(Refused) as refused:
        current_grant(gateway.service, session("alice", *Role))
    assert refused.value.status == 401


async def test_the_operator_needs_no_account_and_a_role(gateway: SimGateway) -> None:
    assert current_grant(gateway.service, session("root", *Role)).role is Role.ADMIN
    with pytest.raises(Refused):
        current_grant(gateway.service, session("root"))
