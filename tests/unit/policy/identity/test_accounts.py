"""Accounts of nodes: their own, of this project, and made only where the organisation lets us."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfence.model.gke import GkeMode, NodePool
from rayfence.policy.identity.accounts import LONGEST, made_account, short_name
from tests.unit.policy.platforms import decision, minimal, on, refused, resolved

CREATION = "iam.disableServiceAccountCreation"
CROSS = "iam.disableCrossProjectServiceAccountUsage"
OWN = "nodes@acme-ml.iam.gserviceaccount.com"


def pool(account: str | None) -> NodePool:
    return NodePool("workers", "n2d-standard-8", 0, 4, service_account=account)


@given(st.lists(st.from_regex(r"[a-z][a-z0-9]{0,39}", fullmatch=True), min_size=1, max_size=3))
def test_names_are_what_google_takes_and_stay_apart(parts: list[str]) -> None:
    name = short_name(*parts)
    assert 6 <= len(name) <= LONGEST
    assert name == short_name(*parts)
    assert name != short_name(*parts, "x")


def test_an_account_of_ours() -> None:
    account = made_account("acme-ml", "ml", "nodes")
    assert (account.email, account.made, account.short) == (
        "ml-nodes@acme-ml.iam.gserviceaccount.com",
        True,
        "ml-nodes",
    )


def test_where_none_may_be_made_the_field_is_named() -> None:
    resolution = resolved(minimal(pools=(pool(None),)), on(CREATION))
    (conflict,) = resolution.conflicts
    assert conflict.fields == ("target.gke.pools[0].serviceAccount",)
    assert "matchTag" in conflict.request
    assert resolved(minimal(pools=(pool(OWN),)), on(CREATION)).conflicts == ()
    autopilot = minimal(mode=GkeMode.AUTOPILOT)
    assert "target.gke.serviceAccount" in refused(resolved(autopilot, on(CREATION)))
    assert resolved(minimal(mode=GkeMode.AUTOPILOT, service_account=OWN), on(CREATION)).conflicts == ()


@pytest.mark.parametrize("account", ["default", "123456-compute@developer.gserviceaccount.com"])
def test_the_default_account_is_never_taken(account: str) -> None:
    fields = refused(resolved(minimal(pools=(pool(account),))))
    assert "target.gke.pools[0].serviceAccount" in fields


def test_accounts_of_other_projects() -> None:
    foreign = minimal(pools=(pool("nodes@other.iam.gserviceaccount.com"),))
    assert any("another project" in text for text in resolved(foreign).warnings)
    assert CROSS in refused(resolved(foreign, on(CROSS)))


def test_constraints_on_default_accounts_are_served() -> None:
    rule = "container.managed.disallowDefaultComputeServiceAccount"
    assert decision(resolved(minimal(), on(rule)), "gke.pools.ray.account").rules == (rule,)
