"""Which route of the catalogue a request names. Envoy's route table is compiled from the same order and expressions."""

from rayfence.catalog.paths import match_template, parse_template
from rayfence.model.routes import Route, RouteCatalog, Surface


def route_methods(route: Route) -> tuple[str, ...]:
    """Methods a route answers: its own, and HEAD wherever GET is."""
    return (*route.methods, "HEAD") if "GET" in route.methods and "HEAD" not in route.methods else route.methods


def surface_methods(route: Route, surface: Surface) -> tuple[str, ...]:
    """Methods a route answers on one surface.

    The dashboard's cookie only reads, whatever the catalogue says: jobs can influence what its page does.
    """
    methods = route_methods(route)
    if surface is not Surface.DASHBOARD or route.public:
        return methods
    return tuple(method for method in methods if method in {"GET", "HEAD"})


def match(catalog: RouteCatalog, surface: Surface, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The first route of `surface` that answers `method` on `path`, with its path parameters; None: refuse.

    `path` is normalised and has no query. Methods and paths are case-sensitive. Blocked routes (`permission` None,
    not public) are found too, so that their refusal can say why.
    """
    for route in catalog.routes:
        if surface in route.surfaces and method in surface_methods(route, surface):
            values = match_template(parse_template(route.path), path)
            if values is not None:
                return route, values
    return None


def find_route(catalog: RouteCatalog, name: str) -> Route:
    """The route called `name`. Raises KeyError."""
    for route in catalog.routes:
        if route.name == name:
            return route
    raise KeyError(name)
