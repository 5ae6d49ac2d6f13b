"""The Google Cloud half holds a value for every setting, and the Kubernetes half stands on it."""

from dataclasses import fields

from rayfence.model.cluster_platform import Datapath
from rayfence.model.gke import Encryption, GkeMode
from rayfence.model.gke_settings import GkeSettings
from rayfence.policy.google import google
from tests.unit.policy.platforms import KEY, case, minimal

#: Settings whose decision is recorded under another name, or that identify what a decision names already.
ELSEWHERE = {
    "project_number",
    "role_grants",
    "make_project",
    "billing_account",
    "network",
    "control_plane",
    "pools",
    "account",
    "account_made",
    "observability",
    "workbench",
    "exclusions",
}


def test_every_setting_has_a_decision() -> None:
    item = case(minimal())
    settings, _ = google(item)
    paths = {decision.path for decision in item.decisions}
    missing = {field.name for field in fields(GkeSettings) if f"gke.{field.name}" not in paths} - ELSEWHERE
    assert missing == {"gateway_class"}  # there is no IAP
    assert settings.pools


def test_the_ground_of_the_kubernetes_half() -> None:
    item = case(minimal(encryption=Encryption(key=KEY)))
    _, ground = google(item)
    assert (ground.datapath, ground.on_gke, ground.isolated, ground.key) == (Datapath.CILIUM, True, True, KEY)
    assert ground.prefix == "us-central1-docker.pkg.dev/acme-ml/ml-images/"


def test_nodes_that_gke_makes_have_the_shared_account() -> None:
    settings, ground = google(case(minimal(mode=GkeMode.AUTOPILOT)))
    assert settings.account_made
    assert settings.pools == ()
    assert ground.autopilot
    assert not ground.metadata_server
