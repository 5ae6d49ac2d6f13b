"""Right tokens in wrong places."""

from rayfence.verify.tokens.carriers import carrier_attacks
from tests.sim.scene import make_scene

SCENE = make_scene()
ATTACKS = {attack.id: attack for attack in carrier_attacks(SCENE)}


def test_two_headers_are_really_two() -> None:
    names = [name.lower() for name, _ in ATTACKS["carrier.two-good"].shots[0].headers]
    assert names.count("authorization") == 2


def test_a_token_in_the_query_is_nowhere_else() -> None:
    shot = ATTACKS["carrier.query"].shots[0]
    assert "access_token=" in shot.target
    assert "authorization" not in {name.lower() for name, _ in shot.headers}


def test_every_surface_is_tried_with_every_other_surfaces_token() -> None:
    crossed = {name for name in ATTACKS if name.startswith("surface.") and "-on-" in name}
    assert len(crossed) == 6


def test_rays_own_token_is_tried_in_each_of_rays_carriers() -> None:
    told = [
        attack.shots[0]
        for name, attack in ATTACKS.items()
        if name.startswith("carrier.ray-raw") and SCENE.ray_token in str(attack.shots[0])
    ]
    assert len(told) == 4
