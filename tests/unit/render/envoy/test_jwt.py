from rayfence.catalog.matching import find_route
from rayfence.model.routes import Backend, Ownership, Surface
from rayfence.render.envoy.jwt import jwt_of_route, jwt_of_surface, jwt_resource, no_jwt
from tests.unit.render.envoy.example import CATALOG, SETTINGS, at


def test_each_surface_takes_one_carrier_and_one_audience() -> None:
    providers = at(jwt_resource(SETTINGS), "resources", 0, "typed_config", "providers")
    assert isinstance(providers, dict)
    carriers = {
        name: (provider["audiences"], provider.get("from_cookies"), "from_headers" in provider)
        for name, provider in providers.items()
    }
    assert carriers == {
        "api": (["demo:api"], None, True),
        "api_told": (["demo:api"], None, True),
        "dashboard": (["demo:dashboard"], ["__Host-rayfence"], False),
        "dashboard_told": (["demo:dashboard"], ["__Host-rayfence"], False),
        "login_bearer": (["demo:login"], None, True),
        "login_cookie": (["demo:login"], ["__Host-rayfence-login"], False),
    }


def test_no_provider_is_lax() -> None:
    providers = at(jwt_resource(SETTINGS), "resources", 0, "typed_config", "providers")
    assert isinstance(providers, dict)
    for provider in providers.values():
        assert provider["require_expiration"] is True
        assert provider["forward"] is False
        assert provider["issuer"] == SETTINGS.issuer
        assert "subjects" in provider and "max_lifetime" in provider
        assert "from_params" not in provider


def test_every_surface_has_its_requirement() -> None:
    requirements = at(jwt_resource(SETTINGS), "resources", 0, "typed_config", "requirement_map")
    assert isinstance(requirements, dict)
    assert set(requirements) == {f"{surface}{end}" for surface in Surface for end in ("", "_told")}


def test_claims_go_to_the_service_from_the_routes_that_it_hears_of_and_no_other() -> None:
    config = at(jwt_resource(SETTINGS), "resources", 0, "typed_config")
    providers, requirements = at(config, "providers"), at(config, "requirement_map")
    assert isinstance(providers, dict) and isinstance(requirements, dict)
    for route in CATALOG.routes:
        for surface in route.surfaces:
            if route.public or surface is Surface.LOGIN:
                continue
            name = jwt_of_route(route, surface)["requirement_name"]
            provider = providers[requirements[name]["provider_name"]]
            told = route.backend is Backend.SERVICE or route.ownership is not Ownership.NONE
            assert ("forward_payload_header" in provider) is told, route.name
    assert all("forward_payload_header" in providers[name] for name in ("login_bearer", "login_cookie"))


def test_only_public_routes_ask_for_no_token() -> None:
    assert jwt_of_route(find_route(CATALOG, "login.page"), Surface.LOGIN) == no_jwt()
    asked = jwt_of_route(find_route(CATALOG, "api.whoami"), Surface.LOGIN)
    assert asked == jwt_of_surface(Surface.LOGIN, told=True)
    assert asked["requirement_name"] == "login_told"
