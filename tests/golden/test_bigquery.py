"""The article's BigQuery case: who may read the data set, and from where, word for word as Terraform is given it.

One tenant's pods read one data set: by bindings on the data set alone, and inside a perimeter that holds the platform's
project and the data's. Whoever has a credential of the tenant outside the perimeter is refused; so is every other
identity inside. With the data's project outside, the same three identities may cross to it, for BigQuery alone.

A change of the text is a change of what an organisation has reviewed: look at it, then write the files anew from the
failing test's output.
"""

import difflib
import json
from pathlib import Path

import pytest

from rayfence.render.gcp.terraform import serialised
from tests.sim.artefacts import artefacts

HERE = Path(__file__).parent
BLOCKS = {"google_access_context_manager_service_perimeter", "google_bigquery_dataset_iam_member"}
CASES = {"article": "bigquery-inside.tf.json", "data outside the perimeter": "bigquery-outside.tf.json"}


def rendered(name: str) -> str:
    """Perimeter and bindings of a platform, as in its files."""
    found: dict[str, dict[str, object]] = {}
    for made in artefacts(name).cloud.resources:
        if made.block in BLOCKS:
            found.setdefault(made.block, {})[made.label] = made.attributes
    return serialised({"resource": found})


@pytest.mark.parametrize("name", CASES)
def test_the_text_is_the_reviewed_one(name: str) -> None:
    expected = (HERE / CASES[name]).read_text(encoding="utf-8")
    text = rendered(name)
    assert text == expected, "\n".join(difflib.unified_diff(expected.splitlines(), text.splitlines(), lineterm=""))


def test_what_the_text_must_say_whatever_else_changes() -> None:
    inside = json.loads((HERE / CASES["article"]).read_text(encoding="utf-8"))["resource"]
    bindings = inside["google_bigquery_dataset_iam_member"].values()
    assert {item["role"] for item in bindings} == {"roles/bigquery.dataViewer"}
    assert {(item["project"], item["dataset_id"]) for item in bindings} == {("acme-data", "features")}
    accounts = {item["member"].partition("/subject/")[2] for item in bindings}
    assert accounts == {f"ns/research/sa/ray-{part}" for part in ("head", "worker", "autoscaler")}
    (perimeter,) = inside["google_access_context_manager_service_perimeter"].values()
    assert perimeter["use_explicit_dry_run_spec"] is True and "status" not in perimeter
    assert "bigquery.googleapis.com" in perimeter["spec"]["restricted_services"]
    assert len(perimeter["spec"]["resources"]) == 2
    assert not [rule for rule in perimeter["spec"]["egress_policies"] if "bigquery" in json.dumps(rule)]

    outside = json.loads((HERE / CASES["data outside the perimeter"]).read_text(encoding="utf-8"))["resource"]
    (perimeter,) = outside["google_access_context_manager_service_perimeter"].values()
    (crossing,) = (rule for rule in perimeter["spec"]["egress_policies"] if "bigquery" in json.dumps(rule))
    assert set(crossing["egress_from"]["identities"]) == {item["member"] for item in bindings}
    assert crossing["egress_to"]["resources"] == ["projects/${data.google_project.project__acme-data.number}"]
    assert len(perimeter["spec"]["resources"]) == 1
