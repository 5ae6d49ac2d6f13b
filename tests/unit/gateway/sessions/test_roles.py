"""Roles in the order people know."""

from rayfence.access.principal import Principal
from rayfence.gateway.sessions.roles import highest_role, lower_role, right_names, role_names
from rayfence.model.routes import Right, Role


def test_order() -> None:
    alice = Principal("alice", frozenset({Role.OPERATOR, Role.VIEWER, Role.SUBMITTER}), frozenset())
    assert highest_role(alice) is Role.OPERATOR
    assert highest_role(Principal("x", frozenset(), frozenset())) is None
    assert lower_role(Role.ADMIN, Role.SUBMITTER) is Role.SUBMITTER
    assert role_names(alice.roles) == ["viewer", "submitter", "operator"]
    assert right_names(Right) == ["ray-client", "serve:call"]
