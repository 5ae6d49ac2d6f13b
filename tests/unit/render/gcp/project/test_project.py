"""The project, where it is made."""

from dataclasses import replace

from rayfence.render.gcp.project.project import project_resources
from tests.unit.render.gcp.settings import MADE_PROJECT, STANDARD


def test_a_project_is_made_without_a_default_network_and_kept() -> None:
    (made,) = project_resources(MADE_PROJECT)
    assert made.attributes["folder_id"] == "12" and "org_id" not in made.attributes
    assert made.attributes["auto_create_network"] is False
    assert made.attributes["lifecycle"] == {"prevent_destroy": True}
    assert made.body["parent"] == "folders/12" and made.irreversible


def test_parents_may_be_the_organisation_and_existing_projects_are_left_alone() -> None:
    (made,) = project_resources(replace(MADE_PROJECT, make_project="organizations/1"))
    assert made.attributes["org_id"] == "1" and "folder_id" not in made.attributes
    assert project_resources(STANDARD) == ()
