"""Accounts of nodes."""

from dataclasses import replace

from rayfence.model.gke_settings import Repository
from rayfence.render.gcp.identity.nodes import NODE_ROLE, made_accounts, node_account_resources, readable
from rayfence.render.gcp.identity.readers import READER
from tests.unit.render.gcp.settings import STANDARD, pool


def test_nodes_have_the_role_of_a_node_and_read_our_images() -> None:
    assert made_accounts(STANDARD) == ("ray-gpu", "ray-nodes", "ray-system")
    made = [item for item in node_account_resources(STANDARD) if "ray-gpu" in item.label]
    assert [item.attributes.get("role") for item in made] == [None, NODE_ROLE, READER, READER]
    assert made[2].attributes["repository"] == "${google_artifact_registry_repository.ray-images.name}"


def test_accounts_of_others_are_left_alone() -> None:
    theirs = replace(STANDARD, account_made=False, pools=(pool("system", account_made=False),))
    assert node_account_resources(theirs) == ()


def test_nodes_read_the_repositories_of_others_that_images_come_from() -> None:
    elsewhere = Repository("acme-ci", "us", "ray")
    chosen = replace(STANDARD, image_sources=(elsewhere,))
    assert (elsewhere, "acme-ci-us-ray") in list(readable(chosen))
    made = [item for item in node_account_resources(chosen) if item.attributes.get("repository") == "ray"]
    assert len(made) == 3 and {item.attributes["project"] for item in made} == {"acme-ci"}
