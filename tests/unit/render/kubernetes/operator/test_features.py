"""Twin of rayfence.render.kubernetes.operator.features."""

import pytest

from rayfence.errors import RenderError
from rayfence.model.cluster_platform import Operator, OperatorSource
from rayfence.render.kubernetes.operator.features import (
    demand,
    gate_settings,
    has_gate,
    mutual_tls,
    names_tokens,
    own_policies,
    release,
    wanted_gates,
)
from tests.unit.render.kubernetes.resolutions import OPERATOR_IMAGE, SPEECH, existing


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("1.7.0", (1, 7, 0)), ("v1.7", (1, 7, 0)), ("1.10.2", (1, 10, 2)), ("1.6.1-gke.4", (1, 6, 1))],
)
def test_releases(text: str, numbers: tuple[int, int, int]) -> None:
    assert release(text) == numbers


@pytest.mark.parametrize("text", ["", "1", "latest", "1.7.0.1", "1..0", "1.7.x", "\u0661.7.0"])
def test_what_is_no_release_is_refused(text: str) -> None:
    with pytest.raises(RenderError, match="can't be read"):
        release(text)


def test_gated_fields_need_release_and_gate() -> None:
    gates = ("RayClusterMTLS", "RayClusterNetworkPolicy")
    for version, on in (("1.7.0", True), ("1.6.2", False)):
        settings = existing(operator_version=version, gates=gates).kubernetes
        assert mutual_tls(settings) == own_policies(settings) == on
    assert not mutual_tls(existing().kubernetes)
    assert has_gate(existing(gates=("RayCronJob",)).kubernetes, "RayCronJob", (1, 6, 0))


def test_every_gate_of_the_release_is_written_out() -> None:
    gates = gate_settings(existing(gates=("RayClusterMTLS",)))
    assert gates["RayClusterMTLS"] is True
    assert gates["RayCronJob"] is True  # a job has a schedule
    assert gates["RayClusterHistoryServer"] is False
    assert gates["RayServiceIncrementalUpgrade"] is False
    assert len(gates) == 11
    assert gate_settings(existing(SPEECH, operator_version="1.5.1")).keys() < gates.keys()
    assert gate_settings(existing(SPEECH, operator_version="1.9.0", gates=("New",))) == {"New": True}
    assert wanted_gates(existing(SPEECH)) == frozenset()


def test_what_the_operator_can_not_do_is_refused() -> None:
    demand(existing())
    with pytest.raises(RenderError, match="no feature gate Rocket"):
        demand(existing(gates=("Rocket",)))
    with pytest.raises(RenderError, match="RayCronJob"):
        demand(existing(operator=Operator(source=OperatorSource.ADDON)))
    with pytest.raises(RenderError, match="authOptions"):
        demand(existing(SPEECH, operator=Operator(image=OPERATOR_IMAGE), operator_version="1.4.2"))


@pytest.mark.parametrize(("version", "named"), [("1.5.1", False), ("1.6.0", True), ("1.7.0", True)])
def test_tokens_are_named_from_the_release_that_can_be_told(version: str, named: bool) -> None:
    assert names_tokens(existing(SPEECH, operator_version=version).kubernetes) is named
