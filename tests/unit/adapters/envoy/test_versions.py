import json

from hypothesis import given
from hypothesis import strategies as st

from rayfence.adapters.envoy.versions import not_in_force, refused_resources, running_versions, wanted_versions

TYPE = "type.googleapis.com/"
LISTENERS = TYPE + "envoy.admin.v3.ListenersConfigDump"
ROUTES = TYPE + "envoy.admin.v3.RoutesConfigDump"


def file(version: str, kind: str, *names: str) -> str:
    """A rendered file."""
    resources = [{"@type": TYPE + kind, "name": name} for name in names]
    return json.dumps({"version_info": version, "resources": resources})


def listeners(version: str, *names: str) -> dict[str, object]:
    """A dump with these listeners."""
    rows = [{"name": name, "active_state": {"version_info": "older"}} for name in names]
    return {"configs": [{"@type": LISTENERS, "version_info": version, "dynamic_listeners": rows}]}


WANTED = wanted_versions([file("v2", "envoy.config.listener.v3.Listener", "front", "ray_client"), '{"node": {}}'])


def test_a_file_in_force_is_no_difference() -> None:
    assert not_in_force(WANTED, running_versions(listeners("v2", "front", "ray_client"))) == ()


def test_an_absent_listener_and_an_old_version_are_named() -> None:
    found = not_in_force(WANTED, running_versions(listeners("v1", "front")))
    assert found == ("listeners front: runs v1, not v2", "listeners ray_client: absent")


def test_a_route_tables_version_is_its_own() -> None:
    row = {"version_info": "r1", "route_config": {"name": "front"}}
    dump = {"configs": [{"@type": ROUTES, "dynamic_route_configs": [row]}]}
    wanted = wanted_versions([file("r1", "envoy.config.route.v3.RouteConfiguration", "front")])
    assert not_in_force(wanted, running_versions(dump)) == ()


def test_envoys_own_reasons_are_found_wherever_they_stand() -> None:
    dump = {"configs": [{"rows": [{"error_state": {"details": "no such field"}}]}]}
    assert refused_resources(dump) == ("no such field",)


values = st.recursive(st.none() | st.integers() | st.text(), lambda v: st.lists(v) | st.dictionaries(st.text(), v))


@given(values)
def test_a_strange_dump_is_no_crash(value: object) -> None:
    row = {"name": value, "active_state": value}
    assert isinstance(running_versions({"configs": [{"@type": LISTENERS, "dynamic_listeners": [row]}]}), dict)
    assert isinstance(refused_resources({"configs": [value]}), tuple)
