"""Where hostile tokens are shown."""

from rayfence.verify.attack import FORBIDDEN, UNAUTHENTICATED
from rayfence.verify.tokens.target import bearer_attacks, control
from tests.sim.scene import make_scene

SCENE = make_scene()


def test_each_row_is_one_bearer_against_one_control() -> None:
    first, second = bearer_attacks(SCENE, (("one", "a.b.c", "why"), ("two", "d.e.f", "why", FORBIDDEN)))
    assert first.id == "token.one"
    assert ("Authorization", "Bearer a.b.c") in first.shots[0].headers
    assert (first.expect, second.expect) == (UNAUTHENTICATED, FORBIDDEN)
    assert first.control.id == second.control.id == control(SCENE).id
    assert control(SCENE).says == ("ray_version",)
