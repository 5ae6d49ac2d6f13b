"""Sections of Google Cloud: from the file to the model."""

import pytest

from rayfence.model import gke as model
from rayfence.spec.v1alpha1 import cloud
from tests.sim.platforms import LEVEL, gke

KEY = "projects/acme-kms/locations/us-central1/keyRings/r/cryptoKeys/k"


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"key": KEY}, model.Encryption(wanted=True, key=KEY)),
        ({"make": None}, model.Encryption(wanted=True)),
        ({"make": {"rotationDays": 30}}, model.Encryption(wanted=True, rotation_days=30)),
        ({"googleManaged": {}}, model.Encryption(wanted=False)),
    ],
)
def test_encryption(spec: dict[str, object], expected: model.Encryption) -> None:
    assert cloud.EncryptionSpec.model_validate(spec).to_model() == expected


def test_defaults_are_the_models() -> None:
    assert cloud.ObservabilitySpec().to_model() == model.Observability()
    assert cloud.SupplyChainSpec().to_model() == model.SupplyChain()
    assert cloud.PatchingSpec().to_model() == model.Patching()


def test_every_section_reaches_the_model() -> None:
    data = gke()
    iap = cloud.ExposureSpec.model_validate(data["exposure"]).iap
    assert iap is not None
    exposed = iap.to_model()
    assert (exposed.zone, exposed.zone_domain, exposed.zone_private) == (None, "example.com", True)
    patching = cloud.PatchingSpec.model_validate(data["patching"]).to_model()
    assert patching.window is not None and patching.exclusions[0].name == "year-end"
    seen = cloud.ObservabilitySpec.model_validate(data["observability"]).to_model()
    assert seen.sinks[0].destination == "storage.googleapis.com/acme-audit"
    perimeter = cloud.PerimeterSpec.model_validate(data["perimeter"]).to_model()
    assert perimeter == model.Perimeter("12345", False, ("acme-data",), (LEVEL,))
    assert cloud.WorkbenchSpec.model_validate(data["workbench"]).to_model().owner == "sam@example.com"
    chain = cloud.SupplyChainSpec.model_validate(data["supplyChain"]).to_model()
    assert chain.attestors == ("projects/acme-ml/attestors/ci",)
    internal = cloud.ExposureSpec.model_validate(data["exposure"]).internal
    assert internal is not None and internal.to_model().subnetwork == "lb"


def test_actors_that_are_named_reach_the_model() -> None:
    named = {duty.actor: duty for duty in cloud.ActorsSpec.model_validate(gke()["actors"]).to_model()}
    assert list(named) == ["platform-admin", "auditor", "ci", "scanner", "operator-installer"]
    assert named["operator-installer"].until == "2026-12-24T18:00:00Z"
    assert cloud.ActorsSpec().to_model() == ()
