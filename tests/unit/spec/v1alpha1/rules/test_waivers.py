"""Weakenings need a waiver, and waivers a weakening."""

from typing import Any

import pytest

from rayfence.spec.load import load
from rayfence.spec.v1alpha1.rules.waivers import CONTROLS
from tests.sim.platforms import changed, gke, kubernetes, mistakes, text, waived

#: control -> changes that need it, with the field that is told
WEAKER: dict[str, tuple[list[tuple[str, object]], str]] = {
    "zonal-cluster": ([("target.gke.location", "us-central1-a")], "target.gke.location"),
    "node-image": ([("target.gke.pools.0.imageType", "UBUNTU_CONTAINERD")], "target.gke.pools.0.imageType"),
    "node-identity": (
        [("target.gke.pools.1.nodeIdentity", True), ("tenants.0.identity", {"mode": "node"})],
        "target.gke.pools.1.nodeIdentity",
    ),
    "service-account-key": (
        [("tenants.0.identity", {"mode": "keyFile", "maxAgeDays": 30})],
        "tenants.0.identity.mode",
    ),
    "binary-authorization": ([("supplyChain.dryRun", True)], "supplyChain.dryRun"),
    "iap-members": ([("exposure.iap.allow.1", "user:sam@example.com")], "exposure.iap.allow.1"),
    "admin-grant": ([("tenants.0.access.0.role", "roles/bigquery.admin")], "tenants.0.access.0.role"),
    "public-control-plane": (
        [("target.gke.controlPlane.authorized.1", "203.0.112.0/22")],
        "target.gke.controlPlane.authorized.1",
    ),
    "flow-logs": ([("target.gke.network.spoke.flowLogs", False)], "target.gke.network.spoke.flowLogs"),
    "alerts": ([("observability.alerts", False)], "observability.alerts"),
}


def test_every_control_is_tried_here() -> None:
    planned = {name for name, control in CONTROLS.items() if control.planned}
    assert set(WEAKER) == set(CONTROLS) - planned - {"network-policy"}
    assert planned == {"workload-identity"}


@pytest.mark.parametrize("control", WEAKER)
def test_needs_the_waiver_and_no_other(control: str) -> None:
    changes, field = WEAKER[control]
    weaker = changed(gke(), *changes)
    assert any(
        told.startswith(f"{field}: means") and f"a waiver of control `{control}`" in told for told in mistakes(weaker)
    )
    load(text(changed(weaker, waived(control))))
    other = next(name for name in WEAKER if name != control)
    assert len(mistakes(changed(weaker, waived(other)))) >= 2


def test_unknown_and_idle_waivers_are_refused() -> None:
    assert mistakes(changed(gke(), waived("node-imag", "alerts"))) == (
        f"waivers.0.control: unknown control, did you mean 'node-image'?; allowed: {', '.join(CONTROLS)}",
        "waivers.1.control: nothing in this spec needs this waiver; remove it",
    )


@pytest.mark.parametrize("field", ["reason", "owner", "expires"])
def test_a_waiver_is_owned_reasoned_and_ends(field: str) -> None:
    data: Any = changed(gke(), *WEAKER["alerts"][0], waived("alerts"))
    assert mistakes(changed(data, (f"waivers.0.{field}", ...))) == (f"waivers.0.{field}: is required",)
    assert mistakes(changed(data, (f"waivers.0.{field}", "  ")))


def test_what_only_a_plan_can_tell_is_neither_needed_nor_idle() -> None:
    load(text(changed(gke(), waived("workload-identity"))))
    assert mistakes(changed(kubernetes(), waived("workload-identity"))) == (
        "waivers.0.control: nothing in this spec needs this waiver; remove it",
    )


def test_a_cluster_without_enforcement() -> None:
    weaker = changed(kubernetes(), ("target.kubernetes.datapath", "none"))
    assert mistakes(weaker)[0].startswith("target.kubernetes.datapath: means tenants that nothing keeps apart; that")
    load(text(changed(weaker, waived("network-policy"))))
