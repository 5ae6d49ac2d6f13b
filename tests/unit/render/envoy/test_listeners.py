from rayfence.model.routes import Surface
from rayfence.render.envoy.listeners import listeners_resource
from tests.unit.render.envoy.example import CATALOG, SETTINGS, at, objects
from tests.unit.render.envoy.pods import ANSWERS, TRAIN


def manager(number: int) -> dict[str, object]:
    """The connection manager of a listener."""
    path = ("resources", number, "filter_chains", 0, "filters", 0, "typed_config")
    found = at(listeners_resource(SETTINGS, CATALOG), *path)
    assert isinstance(found, dict)
    return found


FRONT, RAY_CLIENT = manager(0), manager(1)


def names(found: dict[str, object]) -> list[str]:
    """Filters in order."""
    return [str(one["name"]).rpartition("http.")[2] for one in objects(found, "http_filters")]


def test_identity_comes_first_and_cost_comes_last() -> None:
    wanted = ("jwt_authn", "rayfence.revocations", "rayfence.origin", "rbac", "rayfence.identity")
    last = ("local_ratelimit", "ext_authz", "custom_response", "router")
    order = names(FRONT)
    places = [order.index(name) for name in (*wanted, *last)]
    assert places == sorted(places)
    assert order[-1] == "router"
    assert set(wanted) <= set(names(RAY_CLIENT))


def test_route_and_policy_see_the_path_that_ray_sees() -> None:
    for found in (FRONT, RAY_CLIENT):
        assert found["normalize_path"] is True
        assert found["merge_slashes"] is True
        assert found["path_with_escaped_slashes_action"] == "REJECT_REQUEST"


def test_underscores_are_for_ray_client_only() -> None:
    key = ("common_http_protocol_options", "headers_with_underscores_action")
    assert at(FRONT, *key) == "REJECT_REQUEST"
    assert at(RAY_CLIENT, *key) == "ALLOW"


def test_nobody_in_front_speaks_for_the_client() -> None:
    assert FRONT["use_remote_address"] is True
    assert "xff_num_trusted_hops" not in FRONT
    assert at(FRONT, "http_protocol_options", "allow_absolute_url") is False
    assert at(FRONT, "http_protocol_options", "accept_http_10") is False


def test_both_listeners_are_on_loopback_with_tls() -> None:
    listeners = objects(listeners_resource(SETTINGS, CATALOG), "resources")
    ports = [at(one, "address", "socket_address") for one in listeners]
    assert ports == [
        {"address": "127.0.0.1", "port_value": 8443},
        {"address": "127.0.0.1", "port_value": 8449},
    ]
    for one in listeners:
        context = at(one, "filter_chains", 0, "transport_socket", "typed_config", "common_tls_context")
        assert at(context, "tls_params", "tls_minimum_protocol_version") == "TLSv1_2"


def test_streams_of_ray_client_have_no_deadline_for_the_request() -> None:
    assert RAY_CLIENT["request_timeout"] == "0s"
    assert FRONT["request_timeout"] == "60s"
    assert str(Surface.RAY_CLIENT) in str(RAY_CLIENT["access_log"])


def test_ray_objects_come_and_go_without_a_change_of_the_listeners() -> None:
    """A changed listener drains, and cuts the log tails of every other object."""
    one, two = listeners_resource(TRAIN, CATALOG), listeners_resource(TRAIN, CATALOG, [(ANSWERS, CATALOG)])
    assert one == two
    assert at(one, "resources", 0, "address", "socket_address", "port_value") == 8443
    assert "rayfence:workload" in str(one)
    assert "rayfence:workload" not in str(listeners_resource(SETTINGS, CATALOG))
