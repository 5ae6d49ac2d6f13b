"""`verify` notices: against the real Envoy nothing is found, and each defence taken away is found by its attack."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rayfence.adapters.envoy.accesslines import AccessLines
from rayfence.adapters.net.rawhttp import RawWire
from rayfence.catalog.routes import load_routes
from rayfence.model.gateway import Limits
from rayfence.model.routes import RouteCatalog
from rayfence.model.verdict import Verdict
from rayfence.verify.attack import Attack
from rayfence.verify.attacks.hygiene import hygiene_attacks
from rayfence.verify.attacks.published import published_attacks
from rayfence.verify.attacks.rayclient import rayclient_attacks
from rayfence.verify.attacks.sweeps import Subjects, anonymous_attacks, blocked_attacks, role_attacks
from rayfence.verify.campaign import run
from rayfence.verify.jws import Signer, stranger
from rayfence.verify.scene import Scene
from rayfence.verify.tokens import algorithm_attacks, carrier_attacks, claim_attacks, signature_attacks
from tests.envoy.stand import Stand, put, start_stand
from tests.sim.scene import make_scene

pytestmark = pytest.mark.envoy

CATALOG = load_routes("2.60.0")
#: Until Envoy has read a changed file.
PATIENCE_SECONDS = 10.0


@pytest.fixture(scope="module")
def stand() -> Iterator[Stand]:
    """One Envoy for this file; whoever changes it puts it right again."""
    with start_stand(CATALOG, Limits(submits_per_minute=1_000_000)) as started:
        yield started


def attacks(stand: Stand, only: str = "") -> tuple[tuple[Attack, ...], Scene]:
    key: Any = stand.mint.key.private_key
    scene = replace(
        make_scene(),
        settings=stand.settings,
        signer=Signer(stand.mint.kid, key),
        stranger=stranger(stand.mint.kid),
        now=int(time.time()),
    )
    subjects = Subjects("mine-1", serve_idle=True)
    found = (
        *(algorithm_attacks(scene) + claim_attacks(scene) + signature_attacks(scene) + carrier_attacks(scene)),
        *(anonymous_attacks(scene, subjects) + role_attacks(scene, subjects) + blocked_attacks(scene, subjects)),
        *(published_attacks(scene) + hygiene_attacks(scene) + rayclient_attacks(scene)),
    )
    return tuple(attack for attack in found if only in ("", attack.id)), scene


def verdict(stand: Stand, name: str) -> Verdict:
    chosen, scene = attacks(stand, name)
    (row,) = run(chosen, RawWire(), AccessLines(stand.settings.access_log), scene.catalog, lambda _: None)
    return row.verdict


def becomes(stand: Stand, name: str, wanted: Callable[[Verdict], bool]) -> bool:
    """Whether the attack's verdict becomes what is wanted, while Envoy takes up a change."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if wanted(verdict(stand, name)):
            return True
        time.sleep(0.2)
    return False


def is_hole(seen: Verdict) -> bool:
    return seen is Verdict.FAIL


def is_none(seen: Verdict) -> bool:
    return seen is not Verdict.FAIL


def holes(stand: Stand, chosen: Sequence[Attack], catalog: RouteCatalog) -> list[str]:
    rows = run(chosen, RawWire(), AccessLines(stand.settings.access_log), catalog, lambda _: None)
    return [f"{row.attack}: {row.seen}" for row in rows if row.verdict is Verdict.FAIL]


def test_no_hostile_token_gets_through(stand: Stand) -> None:
    """What the recording upstream can't answer as Ray does stays unproved; a hole would be seen all the same."""
    chosen, scene = attacks(stand)
    tokens = [attack for attack in chosen if attack.group == "tokens"]
    assert len(tokens) > 200
    assert not holes(stand, tokens, scene.catalog)


@pytest.mark.exhaustive
def test_nothing_is_found_where_nothing_is_wrong(stand: Stand) -> None:
    """All but those that are judged by words which only Ray says."""
    chosen, scene = attacks(stand)
    assert not holes(stand, [attack for attack in chosen if not attack.expect.says], scene.catalog)


def widened(name: str, **changes: object) -> RouteCatalog:
    routes = tuple(
        replace(route, **changes) if route.name == name else route  # type: ignore[arg-type]
        for route in CATALOG.routes
    )
    return replace(CATALOG, routes=routes)


@pytest.mark.parametrize(
    ("catalog", "attack"),
    [
        (widened("serve.apps.put", permission="ui:read"), "role.serve.apps.put"),
        pytest.param(
            widened("nodes.list", public=True, permission=None), "anonymous.nodes.list", marks=pytest.mark.exhaustive
        ),
        pytest.param(widened("blocked.dump", permission="ui:read"), "blocked.dump", marks=pytest.mark.exhaustive),
        pytest.param(
            widened("profile.worker_cpu", permission="jobs:write"),
            "profiling.worker-cpu_profile",
            marks=pytest.mark.exhaustive,
        ),
        pytest.param(widened("jobs.submit", permission="ui:read"), "override.query", marks=pytest.mark.exhaustive),
    ],
)
def test_a_route_that_lets_in_too_many_is_found(stand: Stand, catalog: RouteCatalog, attack: str) -> None:
    stand.write(catalog)
    try:
        assert becomes(stand, attack, is_hole)
    finally:
        stand.write(CATALOG)
        assert becomes(stand, attack, is_none)


def providers(document: Any) -> Any:
    return document["resources"][0]["typed_config"]["providers"]


def no_expiry(document: Any) -> None:
    for provider in providers(document).values():
        provider["require_expiration"] = False
        del provider["max_lifetime"]


def any_issuer(document: Any) -> None:
    for provider in providers(document).values():
        del provider["issuer"]


def any_carrier(document: Any) -> None:
    del providers(document)["api"]["from_headers"]


def no_filter(name: str) -> Callable[[Any], None]:
    def edit(document: Any) -> None:
        for listener in document["resources"]:
            manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
            manager["http_filters"] = [one for one in manager["http_filters"] if one["name"] != name]

    return edit


@pytest.mark.parametrize(
    ("file", "edit", "attack"),
    [
        ("ecds_jwt.yaml", no_expiry, "token.time-no-expiry"),
        pytest.param("ecds_jwt.yaml", any_issuer, "token.issuer-other", marks=pytest.mark.exhaustive),
        pytest.param("ecds_jwt.yaml", any_carrier, "carrier.query", marks=pytest.mark.exhaustive),
        ("lds.yaml", no_filter("rayfence.token_form"), "token.crit-unknown"),
    ],
)
def test_a_check_that_is_missing_is_found(stand: Stand, file: str, edit: Callable[[Any], None], attack: str) -> None:
    path = Path(stand.settings.envoy_dir, file)
    right = path.read_bytes()
    document = json.loads(right)
    edit(document)
    put(path, json.dumps(document).encode())
    try:
        assert becomes(stand, attack, is_hole), stand.log()[-2000:]
    finally:
        put(path, right)
        assert becomes(stand, attack, is_none)
