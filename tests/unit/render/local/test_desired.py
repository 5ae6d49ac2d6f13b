"""The whole desired state: complete, deterministic, without secrets."""

import json
from dataclasses import asdict

from rayfence.catalog.routes import load_routes
from rayfence.model.desired import Account, Desired
from rayfence.render.local.desired import render
from tests.unit.policy.test_resolve import resolved


def desired() -> Desired:
    return render(resolved(), load_routes("2.60.0"))


def test_rendering_is_deterministic() -> None:
    assert desired() == desired()


def test_folders_come_before_what_lies_in_them() -> None:
    seen: set[str] = set()
    for folder in desired().folders:
        parents = {other.path for other in desired().folders if folder.path.startswith(f"{other.path}/")}
        assert parents <= seen
        seen.add(folder.path)
        assert folder.mode == 0o700


def test_rays_folders_are_never_inside_the_gateways() -> None:
    ours = [folder.path for folder in desired().folders if folder.account is Account.OPERATOR]
    rays = [folder.path for folder in desired().folders if folder.account is Account.RAY]
    assert rays
    assert not any(ray.startswith(f"{mine}/") for ray in rays for mine in ours)


def test_the_two_authorities_share_nothing() -> None:
    signers = {leaf.name: leaf.authority for leaf in desired().certificates}
    assert signers["gateway"] == "front-ca"
    assert {signer for name, signer in signers.items() if name != "gateway"} == {"node-ca"}


def test_ray_gets_copies_and_never_a_path_of_the_state_folder() -> None:
    token = next(secret for secret in desired().secrets if secret.name == "ray-token")
    assert token.copies == (("/run/rayfence/0.r/token", Account.RAY),)


def test_every_file_is_named_once_and_can_be_printed() -> None:
    value = desired()
    paths = [file.path for file in value.files]
    assert len(paths) == len(set(paths))
    json.dumps(asdict(value))
