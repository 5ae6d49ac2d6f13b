"""Verdicts on a gateway's answers."""

import json
from dataclasses import replace

import pytest

from rayfence.model.evidence import Evidence
from rayfence.model.verdict import Verdict
from rayfence.render.kubernetes.gateway.settings import pod_settings
from rayfence.render.kubernetes.gateway.site import site_of
from rayfence.verify.kubernetes.inside.gateway import Door, audiences_of, gateway_rows, requests_of
from rayfence.verify.kubernetes.inside.sightings import Reply, Report, no_report
from tests.unit.render.kubernetes.resolutions import SPEECH, VISION, existing

NOW = 1_764_000_000


def door(name: str, *, accounts: bool = True) -> Door:
    tenant = VISION if name == "vision" else SPEECH
    settings = pod_settings(site_of(tenant, existing()), tenant.roles).first
    return Door(name, settings, f"rayfence:ml:{name}:clients" if accounts else "")


DOORS = {"vision": door("vision"), "speech": door("speech")}
REFUSED = json.dumps({"error": "unauthenticated", "message": "", "required": "", "request_id": "1"})
NAMES = ("nobody", "submit", "unsigned", "forged", "headers", "audience", "tenant")


def answers(**changed: Reply) -> Report:
    """What gateways that hold answer, but for some."""
    replies: dict[str, Reply] = {}
    for tenant in DOORS:
        usual = {name: Reply(401, REFUSED, "") for name in NAMES}
        usual |= {"health": Reply(200, "{}", ""), "account": Reply(403, REFUSED, ""), "host": Reply(421, REFUSED, "")}
        replies |= {f"gateway/{tenant}/{name}": changed.get(name, reply) for name, reply in usual.items()}
    greetings = {
        f"gateway/{tenant}/{version}": words
        for tenant in DOORS
        for version, words in (("TLSv1", "refused"), ("TLSv1_1", "refused"), ("TLSv1_2", "accepted (TLSv1.2)"))
    }
    return Report({}, replies, greetings)


def rows(friend: Report, doors: dict[str, Door] = DOORS) -> dict[str, Evidence]:
    return {row.attack: row for row in gateway_rows(doors, friend, NOW)}


def test_gateways_that_hold_pass_everything() -> None:
    found = rows(answers())
    assert {row.verdict for row in found.values()} == {Verdict.PASS}
    assert len(found) == 2 * (len(NAMES) + 2)


def test_everything_that_is_judged_was_sent_and_nothing_else_but_controls() -> None:
    requests, greetings, tokens = requests_of(DOORS, NOW)
    judged = {name.replace("gateway.", "gateway/").replace(".", "/") for name in rows(answers())}
    controls = {f"gateway/{tenant}/{name}" for tenant in DOORS for name in ("health", "account")}
    versions = {f"gateway/{tenant}/old-tls" for tenant in DOORS}
    assert set(requests) - controls == judged - versions
    assert set(greetings) == {f"gateway/{t}/{v}" for t in DOORS for v in ("TLSv1", "TLSv1_1", "TLSv1_2")}
    assert set(tokens) == {"for-vision", "for-speech", "for-nobody"} == set(audiences_of(DOORS, "ml"))


def test_an_answer_to_nobody_is_a_hole_that_names_the_configuration() -> None:
    hole = rows(answers(nobody=Reply(200, '{"ray_version": "2.60.0"}', "")))["gateway.vision.nobody"]
    assert (hole.verdict, hole.fix) == (Verdict.FAIL, "ConfigMap vision-gateway/gateway-config")


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        (Reply(401, "Unauthorized", ""), Verdict.FAIL),  # Ray's own refusal: the request went through
        (Reply(503, REFUSED, ""), Verdict.UNKNOWN),
        (Reply(0, "", "ConnectionRefusedError"), Verdict.UNKNOWN),
        (Reply(403, REFUSED, ""), Verdict.FAIL),
    ],
)
def test_other_answers(reply: Reply, verdict: Verdict) -> None:
    assert rows(answers(forged=reply))["gateway.vision.forged"].verdict is verdict


@pytest.mark.parametrize(
    ("control", "reply", "lost"),
    [
        ("health", Reply(503, "", ""), {"nobody", "submit", "unsigned", "forged", "headers"}),
        ("account", Reply(401, REFUSED, ""), {"audience", "tenant"}),
    ],
)
def test_a_control_that_does_not_work_leaves_its_attacks_unknown(control: str, reply: Reply, lost: set[str]) -> None:
    found = rows(answers(**{control: reply}))
    unknown = {name.rpartition(".")[2] for name, row in found.items() if row.verdict is Verdict.UNKNOWN}
    assert unknown == lost
    assert "did not work" in found[f"gateway.vision.{min(lost)}"].control


def test_old_tls() -> None:
    def verdict(**said: str) -> Verdict:
        report = answers()
        greetings = {**report.greetings, **{f"gateway/vision/{name}": words for name, words in said.items()}}
        return rows(replace(report, greetings=greetings))["gateway.vision.old-tls"].verdict

    assert verdict(TLSv1_1="accepted (TLSv1.1)") is Verdict.FAIL
    assert verdict(TLSv1="unreachable") is Verdict.UNKNOWN
    assert verdict(TLSv1_2="refused") is Verdict.UNKNOWN


def test_a_probe_that_told_nothing_shows_nothing() -> None:
    assert {row.verdict for row in rows(no_report("evicted")).values()} == {Verdict.UNKNOWN}
    assert {row.verdict for row in rows(Report({}, {}, {})).values()} == {Verdict.UNKNOWN}


def test_without_service_accounts_among_the_members_their_tokens_are_not_applicable() -> None:
    alone = {"vision": door("vision", accounts=False)}
    found = rows(answers(), alone)
    assert found["gateway.vision.audience"].verdict is Verdict.NOT_APPLICABLE
    assert audiences_of(alone, "ml") == {} and requests_of(alone, NOW)[2] == {}
