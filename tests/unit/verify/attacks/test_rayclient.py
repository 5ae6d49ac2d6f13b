"""Ray Client's door."""

from rayfence.verify.attacks.rayclient import rayclient_attacks
from tests.sim.scene import make_scene

SCENE = make_scene()
ATTACKS = {attack.id: attack for attack in rayclient_attacks(SCENE)}


def test_attacks_go_to_the_door_of_ray_client_over_http2() -> None:
    ports = {attack.shots[0].port for name, attack in ATTACKS.items() if name.startswith("ray-client.")}
    assert ports == {SCENE.settings.ray_client_port}
    assert ATTACKS["ray-client.nobody"].shots[0].http2
    assert not ATTACKS["ray-client.http1"].shots[0].http2


def test_only_the_control_speaks_grpc() -> None:
    control = ATTACKS["ray-client.nobody"].control.shot
    assert dict(control.headers)["content-type"] == "application/grpc"
    assert dict(ATTACKS["ray-client.nobody"].shots[0].headers)["content-type"] == "application/json"


def test_the_front_door_is_tried_over_http2_too() -> None:
    front = [attack for name, attack in ATTACKS.items() if name.startswith("http2.")]
    assert front
    assert all(attack.shots[0].port == SCENE.settings.port and attack.shots[0].http2 for attack in front)
