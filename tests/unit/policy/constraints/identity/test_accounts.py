"""Accounts and keys at their edges: foreign projects, default accounts, providers, exposed keys."""

import pytest

from rayfence.model.outcome import Outcome
from rayfence.policy.constraints.identity.accounts import CRITERIA, home_project
from tests.unit.policy.constraints.fixtures import FIXTURES
from tests.unit.policy.constraints.platforms import (
    NODE_ACCOUNT,
    listed,
    made,
    workbench,
)


@pytest.mark.parametrize(
    ("account", "outcome"),
    [
        (NODE_ACCOUNT, Outcome.SATISFIED_BY),
        ("123456-compute@developer.gserviceaccount.com", Outcome.SATISFIED_BY),
        ("9-compute@developer.gserviceaccount.com", Outcome.VIOLATED),
        ("nodes@other.iam.gserviceaccount.com", Outcome.VIOLATED),
        ("nodes@ml.acme.com.iam.gserviceaccount.com", Outcome.VIOLATED),
        ("nobody", Outcome.UNKNOWN),
    ],
)
def test_accounts_of_other_projects(account: str, outcome: Outcome) -> None:
    name = "iam.disableCrossProjectServiceAccountUsage"
    assert made().set("NodePool", "config.serviceAccount", account).judge()[name].outcome is outcome
    unnumbered = made().settings(project_number=None).set("NodePool", "config.serviceAccount", account)
    if account.startswith(("9-", "1")):
        assert unnumbered.judge()[name].outcome is Outcome.UNKNOWN


def test_a_notebooks_account_counts_and_projects_of_a_domain_are_read() -> None:
    name = "iam.disableCrossProjectServiceAccountUsage"
    foreign = workbench(serviceAccounts=[{"email": "n@other.iam.gserviceaccount.com"}])
    platform = made().add("notebooks.googleapis.com/Instance", "n", foreign, "google_workbench_instance")
    assert platform.judge()[name].outcome is Outcome.VIOLATED
    domain = (
        made()
        .settings(project="acme.com:ml")
        .each("NodePool", "config.serviceAccount", "n@ml.acme.com.iam.gserviceaccount.com")
    )
    domain.set("Cluster", "nodeConfig.serviceAccount", "n@ml.acme.com.iam.gserviceaccount.com")
    assert domain.judge()[name].outcome is Outcome.SATISFIED_BY


def test_pool_providers_are_unknown_for_gkes_own_pool() -> None:
    name = "iam.workloadIdentityPoolProviders"
    policy = listed(name, "https://idp.acme.com")
    assert made().judge([policy])[name].outcome is Outcome.UNKNOWN
    assert made().set("Cluster", "workloadIdentityConfig", None).judge([policy])[name].outcome is Outcome.NOT_RELEVANT
    block = "google_iam_workload_identity_pool_provider"
    body: dict[str, object] = {"oidc": {"issuerUri": "https://other.example"}}
    provider = made().add("iam.googleapis.com/WorkloadIdentityPoolProvider", "ci", body, block)
    assert provider.judge([policy])[name].outcome is Outcome.VIOLATED


def test_key_files_matter_to_the_answer_to_exposed_keys_only() -> None:
    name = "iam.serviceAccountKeyExposureResponse"
    policy = listed(name, "DISABLE_KEY")
    assert made().judge([policy])[name].outcome is Outcome.NOT_RELEVANT
    assert (
        FIXTURES["iam.disableServiceAccountKeyCreation"].violating().judge([policy])[name].outcome is Outcome.SATISFIED
    )


def test_home_projects() -> None:
    assert {criterion.constraint for criterion in CRITERIA} >= {"iam.disableServiceAccountCreation"}
    assert home_project("a@p.iam.gserviceaccount.com") == "p"
    assert home_project("a@ml.acme.com.iam.gserviceaccount.com") == "acme.com:ml"
    assert home_project("service-1@compute-system.iam.gserviceaccount.com") == ""
    assert home_project("person@acme.com") == ""
