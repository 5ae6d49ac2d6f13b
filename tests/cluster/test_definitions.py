"""Definitions made from schemas: named, served and structural as the API server wants them."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.harness.places import ClusterError
from tests.cluster.objects.definitions import MADE, OPEN, SCHEMAS, definitions, manifests


def test_one_definition_for_all_versions_of_a_kind() -> None:
    schema: dict[str, Any] = {"type": "object", "properties": {"spec": {"type": "object"}}}
    made = definitions({"a.dev/v1beta1/HealthPolicy": schema, "a.dev/v1/HealthPolicy": schema})
    assert [item["metadata"]["name"] for item in made] == ["healthpolicies.a.dev"]
    versions = made[0]["spec"]["versions"]
    assert [(version["name"], version["storage"]) for version in versions] == [("v1", True), ("v1beta1", False)]
    assert "status" in versions[0]["schema"]["openAPIV3Schema"]["properties"]
    assert "status" not in schema["properties"]


def test_a_list_whose_key_may_be_missing_is_one_value() -> None:
    def listed(required: list[str]) -> dict[str, Any]:
        items = {"type": "object", "properties": {"port": {"type": "integer"}}, "required": required}
        keyed = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["port"]}
        return {"type": "object", "properties": {"ports": {"type": "array", "items": items, **keyed}}}

    def made(required: list[str]) -> dict[str, Any]:
        item = definitions({"a.dev/v1/A": listed(required)})[0]
        ports: dict[str, Any] = item["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["ports"]
        return ports

    assert "x-kubernetes-list-map-keys" in made(["port"])
    assert "x-kubernetes-list-map-keys" not in made([]) and "x-kubernetes-list-type" not in made([])


@pytest.mark.parametrize("chosen", sorted(MADE))
def test_every_kept_schema_becomes_a_definition(chosen: str, tmp_path: Path) -> None:
    (path,) = manifests(chosen, tmp_path)
    made = json.loads(Path(path).read_text(encoding="utf-8"))["items"]
    served = {
        f"{item['spec']['group']}/{version['name']}/{item['spec']['names']['kind']}"
        for item in made
        for version in item["spec"]["versions"]
    }
    kept = set(json.loads(gzip.decompress((SCHEMAS / f"{MADE[chosen]}.json.gz").read_bytes())))
    assert served == (kept | set(OPEN) if chosen == "gke" else kept)


def test_unknown_kinds_are_an_error_that_names_the_known(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match="kueueu") as caught:
        manifests("kueueu", tmp_path)
    assert "kueue" in caught.value.hint
