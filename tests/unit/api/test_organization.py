"""Policies come from the files that the spec names, or live."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from rayfence.adapters.gcp.access_token import NoAccessToken
from rayfence.api.organization import organization_of, read_files
from rayfence.errors import OrganizationError
from rayfence.model.cluster_platform import ClusterPlatform, OrganizationInput
from rayfence.model.orgpolicy import OrgFacts
from rayfence.spec import load
from tests.arch.tree import ROOT
from tests.sim.google_apis import SimGoogle
from tests.sim.platforms import gke, kubernetes, text

POLICY = '{"name": "projects/acme-ray/policies/compute.requireOsLogin", "spec": {"rules": [{"enforce": true}]}}'


def platform_of(spec: dict[str, object]) -> ClusterPlatform:
    """A decoded spec."""
    platform = load(text(spec))
    assert isinstance(platform, ClusterPlatform)
    return platform


def test_files_are_named_from_their_folder_on_and_hidden_ones_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "org"
    (folder / "folders" / "2").mkdir(parents=True)
    (folder / "folders" / "2" / "a.json").write_text(POLICY)
    for hidden in (".git.json", "readme.md"):
        (folder / hidden).write_text("{}")
    assert read_files(folder) == (("org/folders/2/a.json", POLICY.encode()),)


def test_a_file_alone_is_read(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text(POLICY)
    assert read_files(file) == (("a.json", POLICY.encode()),)


@pytest.mark.parametrize("make", ["nothing", "empty"])
def test_a_place_without_policies_is_an_error_not_an_empty_organisation(make: str, tmp_path: Path) -> None:
    place = tmp_path / "org"
    if make == "empty":
        place.mkdir()
    with pytest.raises(OrganizationError, match=str(place)):
        read_files(place)


@pytest.mark.parametrize("kind", ["dangling", "looping", "pipe", "folder"])
def test_a_policy_that_can_not_be_read_is_never_taken_for_absent(kind: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(POLICY)
    odd = tmp_path / ("up" if kind == "folder" else "b.json")
    if kind == "pipe":
        os.mkfifo(odd)
    else:
        odd.symlink_to({"dangling": "nowhere", "looping": "b.json", "folder": "."}[kind])
    with pytest.raises(OrganizationError, match=odd.name):
        read_files(tmp_path)


def test_links_to_files_and_folders_are_followed(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "a.json").write_text(POLICY)
    place = tmp_path / "org"
    place.mkdir()
    (place / "a.json").symlink_to(tmp_path / "there" / "a.json")
    (place / "folders-2").symlink_to(tmp_path / "there")
    assert [name for name, _ in read_files(place)] == ["org/a.json", "org/folders-2/a.json"]


def test_given_policies_stand_in_place_of_those_of_the_spec(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text(POLICY.replace("acme-ray", "acme-ml"))
    spec = {**gke(), "target": {"gke": {**gke()["target"]["gke"], "project": "acme-ml"}}}
    facts = organization_of(platform_of(spec), ROOT, file)
    assert facts.policies["compute.requireOsLogin"].enforced is True


def test_another_kubernetes_is_bound_by_no_organisation(tmp_path: Path) -> None:
    assert organization_of(platform_of(kubernetes()), tmp_path, None) == OrgFacts()


def test_a_live_organisation_is_read_where_the_spec_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    rule = {"rules": [{"enforce": True}]}
    policy = {"name": "organizations/1/policies/compute.requireShieldedVm", "spec": rule}
    platform = replace(platform_of(gke()), organization=OrganizationInput(live=True))
    with SimGoogle(policies={"organizations/1": [policy]}) as google:
        for service, address in google.overrides.items():
            monkeypatch.setenv(f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{service.upper()}", address)
        monkeypatch.setenv("CLOUDSDK_AUTH_DISABLE_CREDENTIALS", "1")
        monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
        facts = organization_of(platform, tmp_path, None)
    assert facts.policies["compute.requireShieldedVm"].enforced is True
    assert "organizations/1" in facts.policies["compute.requireShieldedVm"].source


def test_without_a_token_nothing_is_taken_for_granted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    platform = replace(platform_of(gke()), organization=OrganizationInput(live=True))
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("GOOGLE_OAUTH_ACCESS_TOKEN", "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE", "CLOUDSDK_AUTH_DISABLE_CREDENTIALS"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(NoAccessToken):
        organization_of(platform, tmp_path, None)
