"""Loads the route catalogue of a Ray version: Ray's routes, the gateway's own, and the role matrix.

1. Decode each file strictly.
2. Refuse contradictions within one route (a public route with a permission, a body on a GET, …).
3. Refuse doubled names, permissions nobody holds, permissions no route asks for, views without visible fields.
4. Refuse routes no request can reach because earlier ones take all of theirs: the first match wins, so a shadowed
   route is a permission that silently never applies.
"""

from collections.abc import Mapping
from functools import cache
from typing import Final, TypeVar

from rayfence.catalog.documents import as_items, as_mapping, as_text, check_keys, parse_document, read_data
from rayfence.catalog.matching import match, route_methods
from rayfence.catalog.paths import parse_template
from rayfence.catalog.ray_versions import load_ray_versions
from rayfence.catalog.roles import load_matrix
from rayfence.errors import CatalogError
from rayfence.model.routes import Backend, Ownership, RoleMatrix, Route, RouteCatalog, Surface

_METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_REQUIRED: Final = ("name", "path", "permission")
_OPTIONAL: Final = (
    *("methods", "backend", "surfaces", "ownership", "write", "streaming", "websocket", "max_body_bytes"),
    *("public", "fixed_body", "why", "view", "ray_path"),
)
_Member = TypeVar("_Member", Backend, Ownership, Surface)


@cache
def load_routes(ray_version: str) -> RouteCatalog:
    """All routes for `ray_version` (e.g. "2.60.0"). Raises CatalogError: unknown version, or inconsistent data."""
    if ray_version not in load_ray_versions().supported:
        raise CatalogError(f"no route catalogue for Ray {ray_version}")
    minor = ".".join(ray_version.split(".")[:2])
    # That each shipped route is reached is a test's to say: trying every one against all others takes long.
    return build_catalog(ray_version, shipped_texts(minor), load_matrix(), try_all=False)


def shipped_texts(minor: str) -> Mapping[str, str]:
    """Name to text of the route files of a release such as `2.60`, in matching order. Raises CatalogError."""
    return {name: read_data(f"routes/{name}") for name in ("gateway.yaml", f"ray-{minor}.yaml")}


def build_catalog(
    ray_version: str, texts: Mapping[str, str], matrix: RoleMatrix, *, try_all: bool = True
) -> RouteCatalog:
    """Parse route files (name -> text, in matching order) and check the whole. Raises CatalogError.

    `try_all`: also that every route is reached by some request, and none is taken by those before it.
    """
    routes: list[Route] = []
    for name, text in texts.items():
        document = parse_document(text, name)
        check_keys(document, {"routes"}, (), name)
        for number, item in enumerate(as_items(document["routes"], name)):
            routes.append(_route(item, f"{name}: routes[{number}]"))
    catalog = RouteCatalog(ray_version=ray_version, routes=tuple(routes), matrix=matrix)
    _check_names(catalog)
    _check_permissions(catalog)
    if try_all:
        _check_reachable(catalog)
    return catalog


def _route(value: object, where: str) -> Route:
    item = as_mapping(value, where)
    check_keys(item, _REQUIRED, _OPTIONAL, where)
    permission, surfaces, body = (
        item["permission"],
        item.get("surfaces", ["api", "dashboard"]),
        item.get("max_body_bytes", 0),
    )
    if not isinstance(body, int) or isinstance(body, bool) or body < -1:
        raise CatalogError("max_body_bytes is a number of bytes, or -1 for a stream", where=where)
    route = Route(
        name=as_text(item["name"], where),
        methods=tuple(as_text(method, where) for method in as_items(item.get("methods", ["GET"]), where)),
        path=as_text(item["path"], where),
        permission=None if permission is None else as_text(permission, where),
        backend=_member(Backend, item.get("backend", "ray"), where),
        surfaces=tuple(_member(Surface, surface, where) for surface in as_items(surfaces, where)),
        ownership=_member(Ownership, item.get("ownership", "none"), where),
        write=_flag(item, "write", where),
        streaming=_flag(item, "streaming", where),
        websocket=_flag(item, "websocket", where),
        max_body_bytes=body,
        public=_flag(item, "public", where),
        fixed_body=as_text(item.get("fixed_body", ""), where),
        why=as_text(item.get("why", ""), where),
        view=as_text(item.get("view", ""), where),
        ray_path=as_text(item.get("ray_path", ""), where),
    )
    problem = _contradiction(route)
    if problem:
        raise CatalogError(problem, where=f"{where} ({route.name})")
    return route


def _contradiction(route: Route) -> str:
    """What is wrong with one route taken alone; empty when nothing is."""
    try:
        template = parse_template(route.path)
    except ValueError as error:
        return str(error)
    reading = set(route.methods) <= {"GET"}
    rules = (
        (not route.methods or not set(route.methods) <= _METHODS, "methods are upper case and known; HEAD follows GET"),
        (not route.surfaces or len(set(route.surfaces)) != len(route.surfaces), "surfaces: at least one, each once"),
        (route.public and route.permission is not None, "a public route asks for no permission"),
        (route.permission is None and not route.public and not route.why, "a blocked route says why"),
        (Surface.DASHBOARD in route.surfaces and not reading, "the dashboard's cookie may only read"),
        (reading and (route.write or route.max_body_bytes), "a GET neither writes nor has a body"),
        ((route.backend is Backend.FIXED) != bool(route.fixed_body), "fixed_body goes with backend fixed"),
        (bool(route.view) and route.backend is not Backend.SERVICE, "a view needs the service to filter it"),
        (
            route.ownership in {Ownership.JOB, Ownership.LOG_SELECTOR} and route.backend is not Backend.RAY,
            "Envoy asks about objects only where it passes the request to Ray; the service decides for itself",
        ),
        (
            route.ownership is Ownership.JOB and "submission_id" not in template.parameters,
            "ownership job needs the parameter submission_id",
        ),
    )
    return next((message for wrong, message in rules if wrong), "")


def _check_names(catalog: RouteCatalog) -> None:
    names = [route.name for route in catalog.routes]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise CatalogError(f"route names used twice: {doubled}")


def _check_permissions(catalog: RouteCatalog) -> None:
    asked = {route.permission for route in catalog.routes if route.permission is not None}
    held = {permission for permission, _ in catalog.matrix.permissions}
    if asked != held:
        raise CatalogError(f"permissions without holder {sorted(asked - held)}, without route {sorted(held - asked)}")
    views = {route.view for route in catalog.routes if route.view}
    missing = sorted(view for view in views if not catalog.matrix.fields(view))
    if missing:
        raise CatalogError(f"views without visible fields: {missing}")


def _check_reachable(catalog: RouteCatalog) -> None:
    for route in catalog.routes:
        samples = parse_template(route.path).samples
        for surface in route.surfaces:
            for method in route_methods(route):
                if not any(_reaches(catalog, route, surface, method, sample) for sample in samples):
                    raise CatalogError(f"route {route.name}: {method} on {surface} is taken by earlier routes")


def _reaches(catalog: RouteCatalog, route: Route, surface: Surface, method: str, path: str) -> bool:
    found = match(catalog, surface, method, path)
    return found is not None and found[0] is route


def _flag(item: Mapping[str, object], key: str, where: str) -> bool:
    value = item.get(key, False)
    if not isinstance(value, bool):
        raise CatalogError(f"{key} is true or false", where=where)
    return value


def _member(kind: type[_Member], value: object, where: str) -> _Member:
    try:
        return kind(as_text(value, where))
    except ValueError as error:
        raise CatalogError(str(error), where=where) from error
