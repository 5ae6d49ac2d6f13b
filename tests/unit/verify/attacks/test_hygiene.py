"""Malformed requests are malformed, and forged identities are somebody else's."""

from rayfence.verify.attacks.hygiene import hygiene_attacks
from tests.sim.scene import make_scene

SCENE = make_scene()
ATTACKS = {attack.id: attack for attack in hygiene_attacks(SCENE)}


def test_two_lengths_are_sent_as_they_are() -> None:
    raw = ATTACKS["framing.cl-te"].shots[0].raw
    assert b"Content-Length: 4\r\n" in raw
    assert b"Transfer-Encoding: chunked\r\n" in raw
    assert raw.endswith(b"\r\n\r\n")


def test_every_raw_request_reaches_its_end() -> None:
    raws = {name: attack.shots[0].raw for name, attack in ATTACKS.items() if name.startswith("framing.")}
    assert all(b"\n\n" in raw or b"\r\n\r\n" in raw for name, raw in raws.items() if name != "framing.plain-on-tls")


def test_forged_identities_name_the_operator_and_must_not_be_believed() -> None:
    attack = ATTACKS["forged.x-forwarded-user"]
    assert ("X-Forwarded-User", "root") in attack.shots[0].headers
    assert '"subject":"root"' in attack.expect.hides
    assert '"subject":"verify-0a1b2c3d-me"' in attack.control.says[0]


def test_overrides_are_sent_by_a_viewer() -> None:
    shot = ATTACKS["override.x-http-method-override-delete"].shots[0]
    assert (shot.method, dict(shot.headers)["X-HTTP-Method-Override"]) == ("GET", "DELETE")


def test_underscores_stay_underscores() -> None:
    assert "X_Rayfence_Payload" in dict(ATTACKS["underscore.x_rayfence_payload"].shots[0].headers)
