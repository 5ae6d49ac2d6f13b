"""Twin of rayfence.render.kubernetes.network.services."""

from rayfence.model.cluster_platform import Datapath
from rayfence.render.kubernetes.network.services import api_server, dns, flagged, google, uses_google
from tests.unit.render.kubernetes.resolutions import SPEECH, VISION, at, existing, on_gke
from tests.unit.render.kubernetes.schemas import check


def test_gke_answers_names_at_the_node_too() -> None:
    for resolution, blocks in ((existing(), 1), (on_gke(), 2)):
        peers = at(dns("n", resolution.kubernetes), "spec", "egress", 0, "to")
        assert isinstance(peers, list)
        assert len(peers) == 1 + blocks


def test_the_api_server_is_named_as_the_datapath_wants_it() -> None:
    by_address = api_server("n", {"a": "b"}, existing().kubernetes)
    assert at(by_address, "spec", "egress", 0, "to") == [{"ipBlock": {"cidr": "10.9.0.2/32"}}]
    cilium = api_server("n", {"a": "b"}, existing(datapath=Datapath.CILIUM).kubernetes)
    assert cilium["kind"] == "CiliumNetworkPolicy"
    assert at(cilium, "spec", "egress", 0, "toEntities") == ["kube-apiserver"]
    check(cilium, "1.7.0")
    # Dataplane V2 is Cilium, but takes no policies of its kind from users.
    assert api_server("n", {"a": "b"}, on_gke().kubernetes)["kind"] == "NetworkPolicy"


def test_an_unknown_address_is_wide_and_says_so() -> None:
    value = api_server("n", {"a": "b"}, existing(api_server_cidrs=()).kubernetes)
    assert "wide" in str(at(value, "metadata", "annotations"))
    assert at(value, "spec", "egress", 0, "to", 0, "ipBlock", "except") == ["169.254.0.0/16"]


def test_google_is_for_those_who_use_it() -> None:
    gke = on_gke()
    assert uses_google(gke.platform.tenants[0], gke.kubernetes)
    assert uses_google(SPEECH, gke.kubernetes)  # the mirror of packages is Google's
    assert not uses_google(SPEECH, on_gke(pip_index=None).kubernetes)
    assert google(VISION, existing()) == ()
    assert len(google(gke.platform.tenants[0], gke)) == 2


def test_only_an_unenforced_policy_is_flagged() -> None:
    policies = (dns("n", existing().kubernetes),)
    assert flagged(policies, existing().kubernetes) == policies
    marked = flagged(policies, existing(datapath=Datapath.NONE).kubernetes)
    assert "not enforced" in str(at(marked[0], "metadata", "annotations"))
