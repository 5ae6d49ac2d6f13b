"""Ancestors and tags as gcloud prints them."""

import pytest

from rayfence.organization.formats.hierarchy import ancestors, is_ancestors, is_project, is_tags, project, tags
from rayfence.organization.formats.policies import NotAPolicy

BINDING = {"tagKey": "tagKeys/1", "tagValue": "tagValues/2", "namespacedTagValue": "1/env/prod"}


def test_ancestors() -> None:
    data: list[object] = [{"id": "p", "type": "project"}, {"id": "1", "type": "organization"}]
    assert is_ancestors(data)
    assert ancestors(data) == ("projects/p", "organizations/1")
    assert not is_ancestors([{"id": "p", "type": "user"}])
    with pytest.raises(NotAPolicy):
        ancestors([{"id": "x y", "type": "folder"}])


def test_projects() -> None:
    data = {"projectId": "p", "projectNumber": "77", "parent": {"id": "2", "type": "folder"}}
    assert is_project(data)
    assert project(data) == ("projects/p", "folders/2", "77")
    assert project({"projectId": "p", "projectNumber": 77}) == ("projects/p", "", "77")
    for change in (
        {"projectId": "P P"},
        {"projectNumber": "x"},
        {"parent": {"id": "2", "type": "user"}},
        {"parent": 1},
    ):
        with pytest.raises(NotAPolicy):
            project({**data, **change})


def test_tags_must_be_the_effective_list() -> None:
    assert is_tags([BINDING])
    assert tags([BINDING]) == ("1/env=prod", "tagKeys/1=tagValues/2")
    with pytest.raises(NotAPolicy, match="--effective"):
        tags([{"name": "tagBindings/x", "parent": "//x", "tagValue": "tagValues/2"}])
