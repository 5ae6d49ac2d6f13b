"""The settings' file form is strict."""

import json

import pytest

from rayfence.model.gateway import GatewaySettings
from tests.unit.render.local.test_settings import settings


def test_reads_back_what_it_wrote() -> None:
    assert GatewaySettings.from_json(settings().to_json()) == settings()


@pytest.mark.parametrize("change", ["missing", "unknown"])
def test_missing_and_unknown_keys_are_named(change: str) -> None:
    data = json.loads(settings().to_json())
    if change == "missing":
        del data["issuer"]
    else:
        data["surprise"] = 1
    with pytest.raises(ValueError, match="issuer" if change == "missing" else "surprise"):
        GatewaySettings.from_json(json.dumps(data))
