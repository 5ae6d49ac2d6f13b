"""Sections that both cluster targets share."""

from rayfence.model import cluster_platform as model
from rayfence.spec.v1alpha1.platform import ImagesSpec, LimitSpec, OperatorSpec, OrganizationSpec, Tokens, limits_of


def test_a_registry_ends_in_a_slash() -> None:
    images = ImagesSpec.model_validate({"registries": ["r.example.com/ray", "r.example.com/x/"]}).to_model()
    assert images.registries == ("r.example.com/ray/", "r.example.com/x/")


def test_defaults_are_the_models() -> None:
    assert OperatorSpec().to_model() == model.Operator()
    assert OrganizationSpec().to_model() == model.OrganizationInput()


def test_values_reach_the_model() -> None:
    operator = OperatorSpec.model_validate({"source": "addon", "version": "1.6.0"}).to_model()
    assert (operator.source, operator.version) == (model.OperatorSource.ADDON, "1.6.0")
    limits = limits_of(LimitSpec.model_validate({"maxPackageMib": 2}), Tokens.model_validate({"tokenMinutes": 5}))
    assert (limits.max_package_bytes, limits.token_seconds) == (2 * 1024 * 1024, 300)
