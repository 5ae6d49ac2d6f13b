"""The published schema accepts what loads, and refuses what it can refuse."""

from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from rayfence.spec.draft import Draft, spec_text
from rayfence.spec.load import DEFAULT_SPEC
from rayfence.spec.schema import json_schema
from rayfence.spec.v1alpha1.platform import WaiverSpec
from tests.sim.platforms import changed, gke, kubernetes, paths

EXAMPLES = sorted((Path(__file__).parents[3] / "examples").rglob("platform.yaml"))
SCHEMA: Any = json_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def plain(text: str) -> Any:
    """As editors read it: dates and times are text there."""
    return _dates(yaml.safe_load(text))


def _dates(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _dates(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_dates(inner) for inner in value]
    return value.isoformat() if hasattr(value, "isoformat") else value


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_every_example_is_valid(path: Path) -> None:
    VALIDATOR.validate(plain(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("data", [gke(), kubernetes(), plain(DEFAULT_SPEC), plain(spec_text(Draft()))])
def test_what_loads_is_valid(data: Any) -> None:
    VALIDATOR.validate(data)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("target.gke.project", 'x"'),
        ("target.gke.projct", "acme-ml"),
        ("target.gke.network.own", {}),
        ("target.gke.network.spoke.nodesCidr", "10.0.0.0"),
        ("target.gke.pools.0.imageType", "COS"),
        ("target.gke.controlPlane.access", "public"),
        ("tenants.0.clusters.0.ray.image", "ray:latest"),
        ("tenants.0.roles.viewer.0", "user:bob@example.com"),
        ("encryption", {}),
        ("images", ...),
    ],
)
def test_mistakes_are_seen_in_an_editor(path: str, value: object) -> None:
    assert not VALIDATOR.is_valid(changed(gke(), (path, value)))


def test_fields_of_another_target_are_refused() -> None:
    assert not VALIDATOR.is_valid(changed(kubernetes(), ("encryption", {"make": {}})))
    assert not VALIDATOR.is_valid(plain(DEFAULT_SPEC) | {"images": {"registries": ["a.example.com/x"]}})


def test_every_mapping_is_closed_and_described() -> None:
    for name, definition in SCHEMA["$defs"].items():
        assert definition["additionalProperties"] is False, name
        assert definition["description"], name


def test_the_full_specs_of_the_tests_use_every_field() -> None:
    known = {key for path, _ in paths(SCHEMA["$defs"]) if path[-2:-1] == ("properties",) for key in path[-1:]}
    used = {path[-1] for data in (gke(), kubernetes()) for path, _ in paths(data) if path}
    alternatives = {"own", "existing", "sharedVpc", "hostProject", "key", "googleManaged", "zone", "attestorKey"}
    others = {"local", "gateway", "port", "rayClientPort", "apiHosts", "objectStoreMib", "replicas"}
    assert known - used <= alternatives | others | {"rotationDays", "maxAgeDays", *WaiverSpec.model_fields}
