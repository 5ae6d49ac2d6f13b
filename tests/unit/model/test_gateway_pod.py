"""Twin of rayfence.model.gateway_pod: the file form is strict."""

import json

import pytest

from rayfence.model.gateway_pod import PodSettings
from rayfence.model.routes import Right
from rayfence.model.tenancy import Roles
from rayfence.render.kubernetes.gateway.settings import pod_settings
from rayfence.render.kubernetes.gateway.site import site_of
from tests.unit.render.kubernetes.resolutions import VISION, existing

SETTINGS = pod_settings(
    site_of(VISION, existing()), Roles(viewer=("group:a@b.c",), ray_client=("serviceAccount:ci/runner",))
)


def test_reads_back_what_it_wrote() -> None:
    assert PodSettings.from_json(SETTINGS.to_json()) == SETTINGS
    assert SETTINGS.first is SETTINGS.served[0]
    assert SETTINGS.holders[1].rights == (Right.RAY_CLIENT,)


@pytest.mark.parametrize(
    ("change", "word"), [({"surprise": 1}, "surprise"), ({"state": None}, "state"), ({"served": []}, "no Ray object")]
)
def test_what_is_wrong_is_named(change: dict[str, object], word: str) -> None:
    data = {**json.loads(SETTINGS.to_json()), **change}
    kept = {name: value for name, value in data.items() if value is not None}
    with pytest.raises(ValueError, match=word):
        PodSettings.from_json(json.dumps(kept))
