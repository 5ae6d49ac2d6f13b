"""The cases of the differential test: catalogue, callers and mutations, from a seed."""

import random
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from rayfence.catalog.matching import route_methods
from rayfence.catalog.paths import parse_template
from rayfence.model.routes import Route, RouteCatalog, Surface
from tests.envoy.callers import Caller
from tests.envoy.mutations import ABSOLUTE, HEADERS, HOST_NAMES, METHODS, PATHS, QUERIES, Mutation
from tests.envoy.stand import HOSTS
from tests.envoy.wire import Wire, base

FRONT: Final = (Surface.API, Surface.DASHBOARD, Surface.LOGIN)
Callers = dict[Surface, tuple[Caller, ...]]

#: Callers whose requests are bent; the plain suite sends all of them.
_BENT: Final = ("anonymous", "viewer", "submitter", "operator", "admin", "viewer+rights", "wrong-audience", "expired")


def samples(route: Route) -> tuple[str, ...]:
    """Paths of a route; one names a job that the stub service calls the caller's own."""
    found = parse_template(route.path).samples
    return (*found, found[0].replace("zq-0", "mine-1")) if "{" in route.path else found


def plain(catalog: RouteCatalog, callers: Callers) -> Iterator[Wire]:
    """Every route, on every surface, from every caller, as an honest client would send it."""
    for route in catalog.routes:
        yield from plain_of(route, callers, FRONT)


def plain_of(route: Route, callers: Callers, surfaces: Iterable[Surface]) -> Iterator[Wire]:
    """The plain suite of one route; its second sample only from callers with a role."""
    for surface in surfaces:
        for caller in callers[surface]:
            for path in samples(route):
                for method in route_methods(route):
                    yield base(surface, method, path, caller)


def bent(catalog: RouteCatalog, callers: Callers, port: int, count: int, seed: int) -> Iterator[Wire]:
    """`count` bent requests: one mutation of each kind in turn, on a route and from a caller drawn by the seed."""
    rng = random.Random(seed)  # noqa: S311 - repeatable on purpose
    families: Sequence[tuple[Mutation, ...]] = (PATHS, HEADERS, PATHS, HOST_NAMES, QUERIES, METHODS, ABSOLUTE, HEADERS)
    turns = [0] * len(families)
    for number in range(count):
        which = number % len(families)
        family = families[which]
        mutation = family[turns[which] % len(family)]
        turns[which] += 1
        wire = _drawn(catalog, callers, rng)
        wire = mutation(wire, rng)
        if rng.random() < 0.3:
            second = rng.choice(families[rng.randrange(len(families))])
            wire = second(wire, rng)
        if rng.random() < 0.1:
            origin = rng.choice(_own_origins(port))
            wire = wire.plus(f"origin {origin}", ("Origin", origin))
        h2 = rng.random() < 0.4 and _speaks_h2(wire)
        yield Wire(wire.note, wire.method, wire.target, wire.host, wire.headers, h2)


def _drawn(catalog: RouteCatalog, callers: Callers, rng: random.Random) -> Wire:
    route = rng.choice([one for one in catalog.routes if Surface.RAY_CLIENT not in one.surfaces])
    surface = rng.choice(route.surfaces) if rng.random() < 0.8 else rng.choice(FRONT)
    caller = rng.choice([one for one in callers[surface] if one.name in _BENT])
    return base(surface, rng.choice(route_methods(route)), rng.choice(samples(route)), caller)


def _own_origins(port: int) -> tuple[str, ...]:
    return tuple(f"https://{host}:{port}" for host in ("localhost", "LOCALHOST", HOSTS.dashboard, HOSTS.login))


def _speaks_h2(wire: Wire) -> bool:
    """HTTP/2 has no absolute targets and no connection headers; what it does with them is tested by itself."""
    names = {name.lower() for name, _ in wire.headers}
    return wire.target.startswith("/") and not names & {"connection", "upgrade"}
