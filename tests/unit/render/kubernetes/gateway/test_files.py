"""Twin of rayfence.render.kubernetes.gateway.files: naming afterwards gives what the direct way gives."""

from dataclasses import replace

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from rayfence.errors import RenderError
from rayfence.model.cluster_resolution import ClusterResolution
from rayfence.model.gateway import Limits
from rayfence.render.kubernetes.gateway.files import envoy_files, site_resources
from rayfence.render.kubernetes.gateway.site import RayObject, Site, site_of
from rayfence.render.kubernetes.workloads.listing import Kind
from tests.unit.render.kubernetes.resolutions import VISION, existing, on_gke

NAMES = st.from_regex(r"[a-z]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
#: The reader in C where there is one: the tables are large.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _read(text: str) -> dict[str, object]:
    value = LOADER(text).get_single_data()
    assert isinstance(value, dict)
    return value


def _same(site: Site) -> None:
    files = envoy_files(site)
    direct = site_resources(site)
    assert set(files) == set(direct)
    for name, value in direct.items():
        read = _read(files[name])
        assert {**read, "version_info": ""} == {**value, "version_info": ""}, name
        assert ("version_info" in read) == ("version_info" in value)


@pytest.mark.parametrize("resolution", [existing(), on_gke()])
def test_named_afterwards_is_as_rendered_directly(resolution: ClusterResolution) -> None:
    _same(site_of(VISION, resolution))


@settings(max_examples=12, deadline=None)
@given(NAMES, NAMES, st.lists(st.tuples(st.sampled_from(Kind), NAMES), min_size=1, max_size=2, unique=True))
def test_no_name_changes_what_is_said(platform: str, tenant: str, objects: list[tuple[Kind, str]]) -> None:
    listed = tuple(RayObject(kind, name, "2.60.0") for kind, name in objects)
    _same(Site(platform, tenant, Limits(), None, listed, people=True))


def test_a_changed_limit_is_not_answered_from_memory() -> None:
    site = site_of(VISION, existing())
    other = replace(site, limits=Limits(submits_per_minute=7))
    assert envoy_files(site)["rds.yaml"] != envoy_files(other)["rds.yaml"]
    assert envoy_files(site) == envoy_files(replace(site))


def test_the_version_changes_with_the_content() -> None:
    site = site_of(VISION, existing())
    one, two = (_read(envoy_files(each)["cds.yaml"]) for each in (site, replace(site, tenant="visions")))
    assert one["version_info"] != two["version_info"]


def test_envoy_reads_each_token_where_kubernetes_puts_it() -> None:
    token = envoy_files(site_of(VISION, existing()))["sds_token_cluster-train.yaml"]
    assert "/etc/rayfence/ray-tokens/cluster-train" in token


def test_a_ray_without_routes_is_refused_with_a_way_out() -> None:
    site = site_of(VISION, existing())
    with pytest.raises(RenderError, match=r"no routes for Ray 2\.59\.0 \(cluster 'train'\)") as caught:
        envoy_files(replace(site, objects=(RayObject(Kind.CLUSTER, "train", "2.59.0"),)))
    assert "images.gateway" in caught.value.hint


@pytest.mark.parametrize("name", ['a"b', "a.b", "", "A", "zqtenantzq", "a\nb", "-a"])
def test_what_is_no_name_is_not_written_anywhere(name: str) -> None:
    with pytest.raises(RenderError, match="host name"):
        envoy_files(replace(site_of(VISION, existing()), tenant=name))
