"""Whether policies are enforced, and that nothing is claimed where the probe itself sees nothing."""

from rayfence.model.evidence import Evidence
from rayfence.model.verdict import Verdict
from rayfence.verify.kubernetes.inside.network import CLOSED, OPEN, SELF, Ground, network_rows
from rayfence.verify.kubernetes.inside.sightings import Report, no_report
from tests.unit.verify.kubernetes.inside.reports import HELLO, open_ground, report, spot, walled

SERVICE = "service/vision-gateway"


def rows(ground: Ground) -> dict[str, Evidence]:
    return {row.attack: row for row in network_rows(ground, "ml", ("vision",))}


def reaching(*services: str, listeners: tuple[str, ...] = (OPEN, SELF)) -> Report:
    found = report(listeners)
    return Report({**found.spots, **{name: spot((443, HELLO)) for name in services}}, {}, {})


def test_where_they_hold_everything_passes() -> None:
    found = rows(walled(reaching(), reaching(SERVICE), speech=report((SELF,))))
    assert {name: row.verdict for name, row in found.items()} == {
        "network.enforced": Verdict.PASS,
        "network.egress.speech": Verdict.PASS,
        "network.gateway.vision": Verdict.PASS,
    }


def test_who_reaches_a_closed_listener_has_shown_that_nothing_enforces() -> None:
    everywhere = (OPEN, CLOSED, SELF)
    found = rows(Ground(reaching(SERVICE, listeners=everywhere), reaching(SERVICE), {"speech": report(everywhere)}))
    assert {row.verdict for row in found.values()} == {Verdict.FAIL}
    assert (found["network.enforced"].fix, found["network.enforced"].field) == (
        "the cluster's network plugin",
        "target.kubernetes.datapath",
    )
    assert found["network.egress.speech"].fix == "NetworkPolicy speech/default-deny"
    assert found["network.gateway.vision"].fix == "NetworkPolicy vision-gateway/allow-clients"


def test_a_policy_that_is_gone_where_others_hold_is_named_without_blaming_the_network() -> None:
    found = rows(walled(reaching(SERVICE), reaching(SERVICE), speech=report((OPEN, SELF))))
    assert found["network.enforced"].verdict is Verdict.PASS
    hole = found["network.egress.speech"]
    assert (hole.verdict, hole.fix, hole.field) == (Verdict.FAIL, "NetworkPolicy speech/default-deny", "")
    assert found["network.gateway.vision"].verdict is Verdict.FAIL


def test_a_neighbour_that_reaches_nothing_shows_nothing() -> None:
    found = rows(walled(report((SELF,)), reaching(SERVICE), speech=report((SELF,))))
    assert found["network.enforced"].verdict is Verdict.UNKNOWN
    assert found["network.egress.speech"].verdict is Verdict.UNKNOWN


def test_a_gateway_that_not_even_clients_reach_is_no_proof() -> None:
    assert rows(walled(reaching(), reaching()))["network.gateway.vision"].verdict is Verdict.UNKNOWN


def test_probes_that_say_nothing() -> None:
    found = rows(walled(no_report("evicted"), no_report("evicted"), speech=no_report("evicted")))
    assert {row.verdict for row in found.values()} == {Verdict.UNKNOWN}
    assert all("evicted" in row.seen for row in found.values())


def test_a_tenants_pod_counts_as_an_attacker_only_if_its_silence_means_something() -> None:
    assert walled(speech=report((SELF,))).control("speech").yes
    assert not walled(speech=report(())).control("speech").yes
    assert not open_ground(speech=report((SELF,))).control("speech").yes
    assert open_ground(speech=report((OPEN,))).control("speech").yes
    assert walled().enforced is True and open_ground().enforced is False and walled(report(())).enforced is None
