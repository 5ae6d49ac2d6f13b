"""Wrong catalogues: each differs from the right one in one rule. Whoever compares with the right one must notice."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from rayfence.model.routes import Backend, Ownership, Right, Role, Route, RouteCatalog, Surface
from tests.envoy.suite import FRONT


@dataclass(frozen=True, slots=True)
class Mutant:
    """`changed` stands in Envoy's catalogue where `route` stands in the right one; None: it is missing there."""

    note: str
    route: Route
    changed: Route | None


def wrong_catalog(catalog: RouteCatalog, batch: Iterable[Mutant]) -> RouteCatalog:
    """The catalogue with all these changes, which are of different routes."""
    changes = {mutant.route.name: mutant.changed for mutant in batch}
    routes = (changes.get(route.name, route) for route in catalog.routes)
    return replace(catalog, routes=tuple(route for route in routes if route is not None))


def batches(every: Iterable[Mutant], size: int) -> Iterator[list[Mutant]]:
    """Mutants put together so that no two change the same route: each is noticed by its own route's requests."""
    waiting = list(every)
    while waiting:
        batch: list[Mutant] = []
        left: list[Mutant] = []
        for mutant in waiting:
            fits = len(batch) < size and all(mutant.route.path != other.route.path for other in batch)
            (batch if fits else left).append(mutant)
        waiting = left
        yield batch


def mutants(catalog: RouteCatalog) -> Iterator[Mutant]:
    """Every way to delete or widen one rule: the route, its permission, its surfaces, its methods, its checks."""
    for route in catalog.routes:
        if Surface.RAY_CLIENT in route.surfaces:
            continue
        yield Mutant(f"{route.name} deleted", route, None)
        for note, changed in _wider(route, catalog):
            yield Mutant(f"{route.name} {note}", route, changed)


def _wider(route: Route, catalog: RouteCatalog) -> Iterator[tuple[str, Route]]:
    holder = catalog.matrix.holder(route.permission) if route.permission else None
    if route.permission is None and not route.public:
        yield "opened", replace(route, permission="users:admin")
    if isinstance(holder, Right):
        yield "given to viewers", replace(route, permission="ui:read")
    if isinstance(holder, Role) and holder is not Role.VIEWER:
        below = {Role.SUBMITTER: "ui:read", Role.OPERATOR: "jobs:write", Role.ADMIN: "cluster:debug"}[holder]
        yield f"lowered to {below}", replace(route, permission=below)
    if not route.public and route.backend is not Backend.FIXED:
        yield "made public", replace(route, public=True)
    if set(FRONT) - set(route.surfaces) and not (route.permission is None and not route.public):
        yield "on every surface", replace(route, surfaces=FRONT)
    if route.ownership is not Ownership.NONE:
        yield "without its owner's check", replace(route, ownership=Ownership.NONE)
    if route.write:
        yield "without its Origin's check", replace(route, write=False)
    if not route.websocket and "GET" in route.methods and route.backend is not Backend.FIXED and route.permission:
        yield "opening sockets", replace(route, websocket=True)
    if route.permission and "DELETE" not in route.methods and Surface.API in route.surfaces:
        yield "with DELETE", replace(route, methods=(*route.methods, "DELETE"))
