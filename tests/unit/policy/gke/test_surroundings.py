"""Around the cluster: project, perimeter, notebook, logs and alerts."""

from dataclasses import replace

import pytest

from rayfence.model.gke import Observability, Perimeter, Workbench
from rayfence.policy.gke.surroundings import IP_FORWARD
from rayfence.policy.gke.surroundings import NOTEBOOK_NETWORKS as NETWORKS
from tests.unit.policy.platforms import allow, decision, deny, minimal, on, refused, resolved, waiver

NOTEBOOK = Workbench("notebook", "us-central1-a", "ada@acme.com")


def test_a_made_project_is_billed() -> None:
    assert "target.gke.create.billingAccount" in refused(resolved(minimal(make_project="folders/1")))
    made = resolved(minimal(make_project="folders/1", billing_account="0"))
    assert made.conflicts == ()
    assert decision(made, "gke.project").irreversible


def test_forwarding_is_a_told_risk_unless_exempted() -> None:
    rule, managed = IP_FORWARD
    assert any(text.startswith(rule) for text in resolved(minimal(), deny(rule)).warnings)
    assert not any(
        text.startswith(rule) for text in resolved(minimal(), allow(rule, "under:projects/acme-ml")).warnings
    )
    assert any(text.startswith(managed) for text in resolved(minimal(), on(managed)).warnings)


def test_alerts_are_off_by_waiver_only() -> None:
    quiet = minimal(observability=Observability(alerts=False))
    assert "alerts" in refused(resolved(quiet))
    assert resolved(replace(quiet, waivers=(waiver("alerts"),))).conflicts == ()
    told = minimal(observability=Observability(channels=("projects/p/notificationChannels/1",)))
    assert not any("channels" in text for text in resolved(told).warnings)


def test_a_perimeter_runs_dry_first() -> None:
    assert decision(resolved(minimal(perimeter=Perimeter("1"))), "gke.perimeter").value == "dry run"
    assert decision(resolved(minimal(perimeter=Perimeter("1", True))), "gke.perimeter").value == "enforced"


def test_a_notebook_stands_in_the_clusters_network() -> None:
    rule = NETWORKS
    good = resolved(minimal(workbench=NOTEBOOK), allow(rule, "projects/acme-ml/global/networks/ml"))
    assert good.conflicts == ()
    assert decision(good, "gke.workbench").rules == (rule,)
    assert "workbench" in refused(resolved(minimal(workbench=NOTEBOOK), allow(rule, "under:projects/other")))
    encrypted = resolved(minimal(workbench=NOTEBOOK), deny("compute.restrictNonConfidentialComputing"))
    assert decision(encrypted, "gke.workbench.confidential").value == "SEV"


@pytest.mark.parametrize("zone", ["europe-west4-a", "us-central1", "x"])
def test_a_notebook_elsewhere_is_refused(zone: str) -> None:
    assert "workbench.zone" in refused(resolved(minimal(workbench=replace(NOTEBOOK, zone=zone))))


def test_an_enforced_perimeter_that_lets_nobody_in_is_warned_of() -> None:
    level = "accessPolicies/1/accessLevels/pipeline"
    shut = resolved(minimal(perimeter=Perimeter("1", True)))
    assert any("accessLevels" in text for text in shut.warnings)
    for other in (Perimeter("1", True, access_levels=(level,)), Perimeter("1")):
        assert not any("accessLevels" in text for text in resolved(minimal(perimeter=other)).warnings)
