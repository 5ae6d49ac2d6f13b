"""Twin of rayfence.render.kubernetes.gateway.config."""

from dataclasses import replace

import pytest

from rayfence.errors import RenderError
from rayfence.model.gateway_pod import PodSettings
from rayfence.model.tenancy import Roles
from rayfence.render.kubernetes.gateway.config import LIMIT, gateway_config, read_at_start, shared_state
from rayfence.render.kubernetes.gateway.site import RayObject, site_of
from rayfence.render.kubernetes.workloads.listing import Kind
from tests.unit.render.kubernetes.resolutions import ROLES, VISION, at, existing

SITE = site_of(VISION, existing())


def _data(config: object) -> dict[str, str]:
    found = at(config, "data")
    assert isinstance(found, dict)
    return found


def test_it_holds_what_both_processes_read() -> None:
    data = _data(gateway_config(SITE, ROLES))
    assert {"bootstrap.yaml", "lds.yaml", "rds.yaml", "cds.yaml", "ecds_jwt.yaml", "gateway.json"} <= set(data)
    assert list(data) == sorted(data)
    assert PodSettings.from_json(data["gateway.json"]).tenant == "vision"
    assert gateway_config(SITE, ROLES) == gateway_config(SITE, ROLES)


def test_only_what_is_read_at_start_replaces_pods() -> None:
    config = gateway_config(SITE, ROLES)
    watched = {**config, "data": {**_data(config), "rds.yaml": "other", "cds.yaml": "other", "lds.yaml": "other"}}
    assert read_at_start(watched) == read_at_start(config)
    roles = Roles(viewer=("group:others@acme.com",))
    assert read_at_start(gateway_config(SITE, roles)) != read_at_start(config)


def test_more_than_a_config_map_holds_is_refused() -> None:
    many = tuple(RayObject(Kind.CLUSTER, f"c{number}", "2.60.0") for number in range(40))
    with pytest.raises(RenderError, match=f"40 Ray objects, and a ConfigMap holds {LIMIT:,}") as caught:
        gateway_config(replace(SITE, objects=many), ROLES)
    assert "divide the tenant" in caught.value.hint
    ten = replace(SITE, objects=many[:10])
    assert sum(map(len, _data(gateway_config(ten, ROLES)).values())) < LIMIT // 2


def test_the_shared_object_is_made_empty() -> None:
    """Fields that are not applied are not ours: applying again leaves what replicas wrote."""
    state = shared_state(SITE)
    assert at(state, "metadata", "name") == "gateway-state"
    assert "data" not in state
