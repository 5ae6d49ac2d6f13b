"""Changes tried before any is made."""

from dataclasses import replace

import pytest

from rayfence.apply.kubernetes.order import prospect
from rayfence.apply.kubernetes.rehearsal import Conflicts, argument, from_argument, rehearse
from rayfence.errors import Refused
from rayfence.model.api_objects import Json, reference
from tests.sim.kubernetes.stand import Stand, one_of_each, two_tenants


def _applied() -> Stand:
    stand = Stand()
    stand.apply(two_tenants())
    stand.settle()
    stand.cluster.writes.clear()
    return stand


def test_names_go_to_the_command_line_and_back() -> None:
    for name in ("Deployment vision-gateway/gateway", "Namespace vision"):
        assert from_argument(argument(name)) == name
    for text in ("gateway", "a//b", "a/b/c/d", "/x", ""):
        with pytest.raises(ValueError, match="names no object"):
            from_argument(text)


def test_all_refusals_are_told_together_and_nothing_is_kept() -> None:
    stand = _applied()
    for tenant in ("vision", "speech"):
        stand.cluster.edit(f"Namespace {tenant}", "eve", lambda v: v["metadata"]["labels"].pop("rayfence.dev/role"))

    def no(verb: str, value: Json) -> None:
        if value.get("kind") == "Namespace":
            raise Refused(f"{reference(value)}: denied request: no", "Forbidden", hint="ask")

    stand.cluster.admission.append(no)
    ahead = prospect(two_tenants(), stand.where())
    with pytest.raises(Refused) as caught:
        rehearse(two_tenants(), stand.where(), ahead)
    assert "Namespace vision" in str(caught.value) and "Namespace speech" in str(caught.value)
    assert caught.value.hint == "ask" and stand.cluster.writes == []


def test_conflicts_come_before_other_refusals() -> None:
    stand = _applied()
    stand.cluster.edit("StatefulSet vision-gateway/gateway", "eve", lambda v: v["spec"].update(replicas=0))
    with pytest.raises(Conflicts, match="set by eve"):
        rehearse(two_tenants(), stand.where(), prospect(two_tenants(), stand.where()))


def test_what_others_put_beside_our_fields_is_a_conflict_until_it_is_forced_away() -> None:
    stand = _applied()
    name = "NetworkPolicy vision/default-deny"

    def let_in(value: dict[str, object]) -> None:
        value["spec"]["ingress"] = [{}]  # type: ignore[index]

    stand.cluster.edit(name, "kubectl-edit", let_in)
    with pytest.raises(Conflicts, match=r"spec.ingress \(set by kubectl-edit\)"):
        stand.apply(two_tenants())
    assert stand.cluster.writes == []
    receipt = stand.apply(replace(two_tenants(), forced=frozenset({name})))
    assert [item.reference for item in receipt.done] == [name]
    assert "ingress" not in stand.cluster.find(name)["spec"]
    stand.settle()
    assert prospect(two_tenants(), stand.where()).drift.objects == ()


def test_outside_a_dry_run_only_what_is_there_is_tried() -> None:
    stand = Stand()
    ahead = prospect(one_of_each(), stand.where())
    assert rehearse(one_of_each(), stand.where(), ahead) == ()
    tried = rehearse(replace(one_of_each(), dry_run=True), stand.where(), ahead)
    assert len(tried) == len(ahead.changes)


def test_what_refers_to_something_that_is_not_there_yet_is_not_judged() -> None:
    stand = Stand()

    def no_role(verb: str, value: Json) -> None:
        if value.get("kind") == "ValidatingAdmissionPolicyBinding":
            raise Refused("policy not found", "NotFound")

    stand.cluster.admission.append(no_role)
    order = replace(one_of_each(), dry_run=True)
    tried = rehearse(order, stand.where(), prospect(order, stand.where()))
    notes = {item.reference.split()[0]: item.note for item in tried}
    assert "refers to" in notes["ValidatingAdmissionPolicyBinding"]
