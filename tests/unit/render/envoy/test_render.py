import json

from rayfence.access.revocation import revocations_text
from rayfence.render.envoy.render import envoy_resources, initial_revocations, render_envoy
from tests.unit.render.envoy.example import CATALOG, SETTINGS
from tests.unit.render.envoy.pods import ANSWERS, TRAIN


def test_what_is_referred_to_is_written_first() -> None:
    names = [file.path.rpartition("/")[2] for file in render_envoy(SETTINGS, CATALOG)]
    assert names == [
        "ray-token.yaml",
        "sds.yaml",
        "ecds_jwt.yaml",
        "cds.yaml",
        "rds.yaml",
        "rds_ray_client.yaml",
        "lds.yaml",
        "bootstrap.yaml",
    ]


def test_rendering_is_deterministic_json_in_one_folder() -> None:
    first, second = render_envoy(SETTINGS, CATALOG), render_envoy(SETTINGS, CATALOG)
    assert first == second
    assert all(isinstance(json.loads(file.content), dict) for file in first)
    assert {file.path.rpartition("/")[0] for file in first} == {SETTINGS.envoy_dir}


def test_the_service_and_the_renderer_agree_on_no_revocations() -> None:
    assert initial_revocations(SETTINGS).content == revocations_text()
    assert initial_revocations(SETTINGS).path == "/s/envoy/ecds_revocations.yaml"


def test_a_gateway_of_several_ray_objects_has_the_same_files() -> None:
    names = list(envoy_resources(TRAIN, CATALOG, [(ANSWERS, CATALOG)]))
    assert names[:3] == ["sds.yaml", "sds_client.yaml", "sds_sidecars.yaml"]
    assert set(names) - {"sds_client.yaml", "sds_sidecars.yaml"} == set(envoy_resources(SETTINGS, CATALOG))
