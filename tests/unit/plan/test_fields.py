"""Fields of the spec lead to the settings that they decide."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfence.model.cluster_platform import ClusterPlatform
from rayfence.plan.fields import settings_of
from rayfence.spec import load
from tests.arch.tree import ROOT


def article() -> ClusterPlatform:
    """A platform with every part."""
    platform = load((ROOT / "examples" / "article" / "platform.yaml").read_text(encoding="utf-8"))
    assert isinstance(platform, ClusterPlatform)
    return platform


@pytest.mark.parametrize(
    ("field", "setting"),
    [
        ("target.gke", "gke"),
        ("target.gke.network.own.nodesCidr", "gke.network.nodes_cidr"),
        ("target.gke.pools.1.confidential", "gke.pools.workers.confidential"),
        ("target.gke.pools[1].confidential", "gke.pools.workers.confidential"),
        ("target.gke.pools.9.confidential", "gke.pools[9].confidential"),
        ("encryption.key", "gke.key.key"),
        ("exposure.iap.allow", "gke.iap.allow"),
        ("images.pipIndex", "kubernetes.pip_index"),
        ("tenants.0.access.1", "tenants.research.access[1]"),
        ("observability.alerts", "gke.alerts"),
    ],
)
def test_the_closest_setting_comes_first(field: str, setting: str) -> None:
    assert next(settings_of(field, article())) == setting


def test_what_follows_is_left_out_piece_by_piece_but_never_down_to_everything() -> None:
    assert list(settings_of("patching.window.start", article())) == ["gke.window.start", "gke.window"]
    assert list(settings_of("encryption.key", article())) == ["gke.key.key", "gke.key"]
    assert list(settings_of("nothing.of.it", article())) == []


@given(st.text(alphabet="tenas.[]0123456789", max_size=40))
def test_any_text_is_taken(text: str) -> None:
    assert all(isinstance(found, str) for found in settings_of(f"tenants.{text}", article()))
