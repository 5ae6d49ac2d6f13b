"""The key: demanded by services, refused by place and project, and said to be undecided where evidence is missing."""

from dataclasses import replace

import pytest

from rayfence.model.decision import Source
from rayfence.model.gke import Encryption, Protection, Workbench
from rayfence.model.orgpolicy import EffectivePolicy
from rayfence.policy.gke.keys import AGENTS, demanding
from tests.unit.policy.platforms import (
    KEY,
    allow,
    case,
    decision,
    deny,
    minimal,
    on,
    open_question,
    refused,
    resolved,
)

SERVICES = "gcp.restrictNonCmekServices"
PROJECTS = "gcp.restrictCmekCryptoKeyProjects"
SECRETS = "container.managed.enableSecretsEncryption"


def test_without_demand_there_is_none() -> None:
    resolution = resolved(minimal())
    assert resolution.gke is not None
    assert resolution.gke.key is None
    assert not resolution.gke.encrypt_secrets


@pytest.mark.parametrize(
    "policy", [deny(SERVICES, "compute.googleapis.com"), on(SECRETS), open_question(SERVICES), deny(SERVICES)]
)
def test_a_demand_makes_a_key_that_everything_uses(policy: EffectivePolicy) -> None:
    resolution = resolved(minimal(), policy)
    assert resolution.conflicts == ()
    assert resolution.gke is not None
    key = resolution.gke.key
    assert key is not None
    assert (key.made, key.project, key.location, key.protection) == (True, "acme-ml", "us-central1", Protection.HSM)
    assert key.name == f"projects/acme-ml/locations/us-central1/keyRings/{key.ring}/cryptoKeys/{key.short_name}"
    assert key.agents == tuple(AGENTS.values())
    assert resolution.gke.encrypt_secrets
    made = decision(resolution, "gke.key")
    assert made.source is Source.CONSTRAINT
    assert made.irreversible
    assert made.costs
    assert "cloudkms.googleapis.com" in resolution.gke.services


def test_services_that_store_nothing_of_ours_demand_nothing() -> None:
    assert demanding(case(minimal(), deny(SERVICES, "spanner.googleapis.com"))) == ()
    notebook = minimal(workbench=Workbench("n", "us-central1-a", "a@acme.com"))
    assert demanding(case(notebook, deny(SERVICES, "notebooks.googleapis.com"))) == ("notebooks.googleapis.com",)


def test_the_spec_may_not_decline_a_demand() -> None:
    resolution = resolved(minimal(encryption=Encryption(wanted=False)), deny(SERVICES, "compute.googleapis.com"))
    (conflict,) = resolution.conflicts
    assert conflict.fields == ("encryption.googleManaged",)
    assert conflict.request
    assert resolution.gke is not None
    assert resolution.gke.key is not None
    assert "encryption.googleManaged" in refused(resolved(minimal(encryption=Encryption(wanted=False)), on(SECRETS)))


def test_a_named_key_must_be_a_key_of_the_region() -> None:
    named = resolved(minimal(encryption=Encryption(key=KEY)))
    assert named.conflicts == ()
    assert named.gke is not None
    assert named.gke.key is not None
    assert (named.gke.key.project, named.gke.key.made, named.gke.key.short_name) == ("acme-kms", False, "nodes")
    assert "encryption.key" in refused(resolved(minimal(encryption=Encryption(key="my-key"))))
    elsewhere = Encryption(key=KEY.replace("us-central1", "europe-west4"))
    assert "encryption.key" in refused(resolved(minimal(encryption=elsewhere)))
    placed = resolved(minimal(encryption=elsewhere), allow("gcp.resourceLocations", "in:us-locations"))
    assert "gcp.resourceLocations" in refused(placed)


def test_the_keys_project_is_decided_by_its_ancestry() -> None:
    platform = minimal(encryption=Encryption(key=KEY))
    assert resolved(platform, allow(PROJECTS, "under:folders/9")).conflicts == ()
    assert resolved(platform, allow(PROJECTS, "projects/acme-kms")).conflicts == ()
    (no,) = resolved(platform, allow(PROJECTS, "under:folders/2")).conflicts
    assert no.rules == (PROJECTS,)
    assert "`projects/acme-kms`" in no.request
    strange = minimal(encryption=Encryption(key=KEY.replace("acme-kms", "other-kms")))
    (unknown,) = resolved(strange, allow(PROJECTS, "under:folders/9")).conflicts
    assert "the folders and organisation above projects/other-kms" in unknown.problem
    made = minimal(encryption=Encryption(wanted=True, project="acme-kms"))
    assert resolved(made, allow(PROJECTS, "under:folders/9")).conflicts == ()
    assert "encryption.make.project" in refused(resolved(made, allow(PROJECTS, "under:folders/2")))


def test_external_keys_are_named_and_rotate_at_home() -> None:
    bare = Encryption(wanted=True, protection=Protection.EXTERNAL_VPC)
    assert refused(resolved(minimal(encryption=bare))) == {
        "encryption.make.externalKey",
        "encryption.make.ekmConnection",
    }
    whole = replace(bare, external_key="v0/keys/a", ekm_connection="projects/p/locations/us-central1/ekmConnections/c")
    resolution = resolved(minimal(encryption=whole))
    assert resolution.conflicts == ()
    assert resolution.gke is not None
    assert resolution.gke.key is not None
    assert resolution.gke.key.rotation_days == 0
    never = Encryption(wanted=True, rotation_days=0)
    assert "encryption.make.rotationDays" in refused(resolved(minimal(encryption=never)))
