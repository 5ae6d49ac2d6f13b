"""The role matrix answers with the weakest holder, and denies what it does not know."""

from rayfence.model.routes import Right, Role, RoleMatrix

MATRIX = RoleMatrix((("jobs:read", Role.VIEWER), ("serve:call", Right.SERVE_CALL)), (("job", ("status",)),))


def test_holders() -> None:
    assert MATRIX.holder("jobs:read") is Role.VIEWER
    assert MATRIX.holder("serve:call") is Right.SERVE_CALL
    assert MATRIX.holder("unknown") is None


def test_fields_of_an_unknown_view_are_none() -> None:
    assert MATRIX.fields("job") == ("status",)
    assert MATRIX.fields("unknown") == ()
