"""The real Envoy against the reference: no request may be answered otherwise than `access.authorize` says."""

from collections.abc import Iterator

import pytest

from rayfence.catalog.routes import load_routes
from rayfence.model.gateway import Limits
from rayfence.model.routes import Surface
from tests.envoy.bench import Bench
from tests.envoy.stand import start_stand
from tests.envoy.suite import FRONT, bent, plain

pytestmark = pytest.mark.envoy

#: Complaints shown; the rest is of the same kind as a rule.
SHOWN = 25


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    """One Envoy for all comparisons of this file."""
    catalog = load_routes("2.60.0")
    with start_stand(catalog, Limits(submits_per_minute=1_000_000)) as stand:
        yield Bench(stand, catalog)


def test_a_sample_of_plain_and_bent_requests(bench: Bench) -> None:
    """The everyday part: a slice of the plain suite, and every mutation several times."""
    some = [wire for number, wire in enumerate(plain(bench.catalog, bench.callers)) if number % 23 == 0]
    count, found = bench.complaints([*some, *bent(bench.catalog, bench.callers, bench.stand.settings.port, 1500, 1)])
    assert not found, "\n".join(found[:SHOWN])
    assert count > 1800


@pytest.mark.exhaustive
def test_every_route_from_every_caller(bench: Bench) -> None:
    """Catalogue times callers times surfaces."""
    count, found = bench.complaints(plain(bench.catalog, bench.callers))
    assert not found, f"{len(found)} of {count}\n" + "\n".join(found[:SHOWN])
    assert count > 10_000


@pytest.mark.exhaustive
def test_ten_thousand_bent_requests(bench: Bench) -> None:
    """Catalogue times callers times mutations."""
    count, found = bench.complaints(bent(bench.catalog, bench.callers, bench.stand.settings.port, 10_000, 2))
    assert not found, f"{len(found)} of {count}\n" + "\n".join(found[:SHOWN])


def test_the_surfaces_of_the_suite_are_all_but_ray_clients() -> None:
    """Ray Client has a listener and a test of its own."""
    assert {*FRONT, Surface.RAY_CLIENT} == set(Surface)
