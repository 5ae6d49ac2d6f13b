"""Every mistake at once, each with its place."""

from pathlib import Path

import pytest

from rayfence.errors import SpecError
from rayfence.model.platform import LocalPlatform
from rayfence.spec.load import DEFAULT_SPEC, json_schema, load

HEAD = "apiVersion: rayfence.dev/v1alpha1\nkind: Platform\n"


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(SpecError) as caught:
        load(text, "p.yaml")
    return caught.value.problems


def test_the_default_spec_is_the_shortest_and_legal() -> None:
    platform = load(DEFAULT_SPEC)
    assert isinstance(platform, LocalPlatform)
    assert platform.name == "default"
    assert sum(group.replicas for group in platform.tenant.cluster.workers) == 1


def test_all_mistakes_are_reported_in_the_order_of_the_file() -> None:
    text = HEAD + "metadata:\n  name: A_b\ntarget: {local: {gatewy: {}}}\nlimitz: 3\ntenants: []\n"
    found = problems(text)
    assert [problem.split(": ")[0] for problem in found] == ["p.yaml:4:3", "p.yaml:5:18", "p.yaml:6:1", "p.yaml:7:1"]
    assert "did you mean 'gateway'?" in found[1]
    assert "did you mean 'limits'?" in found[2]


def test_unknown_key_lists_what_is_allowed_there() -> None:
    assert "allowed here: port, rayClientPort, apiHosts" in problems(HEAD + "target: {local: {gateway: {zzz: 1}}}\n")[0]


def test_later_targets_are_said_to_be_later() -> None:
    assert problems(HEAD + "target: {gke: {}}\n") == (
        "p.yaml:3:10: target.gke: this target is not built yet; allowed: local",
    )


@pytest.mark.parametrize("text", ["", "[]", "just text", "3"])
def test_a_spec_is_a_mapping(text: str) -> None:
    assert "a spec is a mapping" in problems(text)[0]


def test_another_version_is_named() -> None:
    assert "'v9' is not supported; allowed: rayfence.dev/v1alpha1" in problems("apiVersion: v9\n")[0]


def test_the_schema_is_closed() -> None:
    assert json_schema()["additionalProperties"] is False


def test_the_example_shows_every_field_with_its_default() -> None:
    text = (Path(__file__).parents[3] / "examples/platform.yaml").read_text(encoding="utf-8")
    assert load(text) == load(DEFAULT_SPEC)
    fields = {alias for alias in _aliases(json_schema()) if f"{alias}:" not in text}
    assert fields == set(), "fields missing from the example"


def _aliases(schema: object) -> set[str]:
    if isinstance(schema, list):
        return {name for item in schema for name in _aliases(item)}
    if not isinstance(schema, dict):
        return set()
    names = set(schema.get("properties", {}))
    return names | {name for value in schema.values() for name in _aliases(value)}
