"""The published attacks are there, each with its source."""

from rayfence.model.routes import Surface
from rayfence.verify.attacks.published import ABSENT, published_attacks
from tests.sim.scene import CATALOG, make_scene

SCENE = make_scene()
ATTACKS = {attack.id: attack for attack in published_attacks(SCENE)}


def test_every_known_hole_is_tried() -> None:
    sources = {attack.source for attack in ATTACKS.values()}
    assert sources >= {
        *("CVE-2023-48022", "CVE-2023-48023", "CVE-2023-6019", "CVE-2023-6020", "CVE-2023-6021"),
        *("CVE-2025-62593", "CVE-2026-27482", "CVE-2026-32981", "ray#62531"),
    }


def test_shadowray_carries_no_identity() -> None:
    shot = ATTACKS["published.shadowray"].shots[0]
    assert (shot.method, shot.target) == ("POST", "/api/jobs/")
    assert not {name.lower() for name, _ in shot.headers} & {"authorization", "cookie"}


def test_its_control_is_a_real_submission() -> None:
    control = ATTACKS["published.shadowray"].control
    assert control.shot.body == ATTACKS["published.shadowray"].shots[0].body
    assert (set(control.statuses), control.says) == ({200}, ("submission_id",))


def test_rebinding_comes_with_a_right_token_under_a_foreign_name() -> None:
    shot = ATTACKS["rebinding.attacker"].shots[0]
    fields = dict(shot.headers)
    assert fields["Host"].startswith("attacker.example")
    assert fields["Authorization"].startswith("Bearer ")


def test_what_ray_lacks_is_in_no_catalogue() -> None:
    named = {
        (method, route.path) for route in CATALOG.routes if Surface.API in route.surfaces for method in route.methods
    }
    assert not {(method, target.partition("?")[0]) for method, target, _ in ABSENT} & named


def test_what_would_run_is_harmless_and_findable() -> None:
    bodies = [shot.body for attack in ATTACKS.values() for shot in attack.shots if b"entrypoint" in shot.body]
    assert bodies
    assert all(b'"true # rayfence-verify-attack"' in body for body in bodies)
