"""What hands can do to a platform on a real API server: each change is found, named with its author, and put right."""

import json
from dataclasses import replace
from typing import Any

import pytest

from rayfence.apply.kubernetes import execute
from rayfence.apply.kubernetes.order import prospect
from rayfence.apply.kubernetes.rehearsal import Conflicts
from rayfence.model.live import ObjectDrift, ObjectState
from rayfence.model.receipt import Outcome
from tests.cluster.site import Site

pytestmark = pytest.mark.cluster

HEAD = "/spec/headGroupSpec/template/spec"
POD = "/spec/template/spec"


class Hands:
    """Somebody with kubectl, under a name."""

    def __init__(self, site: Site) -> None:
        self.site, self.home = site, f"{site.name}-a"
        self.gateway = f"{self.home}-gateway"

    def patch(self, namespace: str, what: str, *operations: tuple[str, str, Any]) -> None:
        """Change fields of one object, as mallory."""
        place = ("-n", namespace) if namespace else ()
        listed = [{"op": op, "path": path, "value": value} for op, path, value in operations]
        words = ("patch", what, *place, "--type=json", "--field-manager=mallory", "-p", json.dumps(listed))
        self.site.kubectl(*words)

    def guard(self, part: str) -> str:
        """Name of one of the platform's bindings of admission policies."""
        words = (
            "get",
            "validatingadmissionpolicybindings",
            "-l",
            f"rayfence.dev/platform={self.site.name}",
            "-o",
            "name",
        )
        return next(name for name in self.site.kubectl(*words).split() if part in name)

    def everything(self) -> dict[str, tuple[str, str]]:
        """Do it all; reference to a part of the field's path, and who did it."""
        home, gateway = self.home, self.gateway
        binding = self.guard("ray")
        self.patch("", binding, ("replace", "/spec/validationActions", ["Warn"]))
        self.patch(home, "raycluster/train", ("add", f"{HEAD}/containers/0/env/-", {"name": "EVIL", "value": "1"}))
        self.patch(home, "role/viewer", ("add", "/rules/0/verbs/-", "delete"))
        self.patch(home, "resourcequota/tenant", ("replace", "/spec/hard/pods", "999"))
        self.patch(gateway, "statefulset/gateway", ("replace", f"{POD}/containers/0/image", "localhost/evil:1"))
        self.patch(gateway, "statefulset/gateway", ("replace", f"{POD}/serviceAccountName", "default"))
        self.patch(gateway, "secret/gateway-stamp-keys", ("add", "/data/1.evil.key", "ZXZpbA=="))
        self.site.kubectl("-n", gateway, "scale", "statefulset/gateway", "--replicas=5")
        self.site.kubectl("-n", home, "delete", "networkpolicy", "default-deny")
        self.site.kubectl("label", "namespace", home, "rayfence.dev/role-", "--field-manager=mallory")
        return {
            f"ValidatingAdmissionPolicyBinding {binding.partition('/')[2]}": ("validationActions", "mallory"),
            f"RayCluster {home}/train": ("env[name=EVIL]", "mallory"),
            f"Role {home}/viewer": ("verbs", "mallory"),
            f"ResourceQuota {home}/tenant": ("hard.pods", "mallory"),
            f"StatefulSet {gateway}/gateway": ("serviceAccountName", "mallory"),
            # A field that was taken away belongs to nobody, and who took it left no trace in `managedFields`.
            f"Namespace {home}": ("rayfence.dev/role", "None"),
        }


def _told(item: ObjectDrift, part: str) -> str:
    """Who changed the field, as the drift says it."""
    return next(str(change.by) for change in item.changes if part in change.path)


def test_whatever_is_done_by_hand_is_found_named_and_put_right(site: Site) -> None:
    order = site.order("a")
    execute(order, site.where())
    hands = Hands(site)
    wanted = hands.everything()
    ahead = prospect(order, site.where())
    found = {item.reference: item for item in ahead.changes}
    for name, (part, author) in wanted.items():
        assert author in _told(found[name], part), (name, found[name].changes)
    policy = found[f"NetworkPolicy {hands.home}/default-deny"]
    assert policy.state is ObjectState.MISSING and set(found) == {*wanted, policy.reference}
    gateway = found[f"StatefulSet {hands.gateway}/gateway"]
    assert {change.path.rpartition(".")[2] for change in gateway.changes} >= {"image", "serviceAccountName", "replicas"}
    assert "scale" in _told(gateway, "replicas")
    (secret,) = ahead.tampered
    assert secret.reference == f"Secret {hands.gateway}/gateway-stamp-keys" and "mallory" in _told(secret, "1.evil.key")
    # What others have set is shown before it is taken back, object by object; what is missing needs no consent.
    with pytest.raises(Conflicts) as caught:
        execute(order, site.where())
    contested = frozenset(one.reference for one in caught.value.conflicts)
    assert contested <= set(wanted) and f"ResourceQuota {hands.home}/tenant" in contested
    assert execute(replace(order, forced=contested), site.where()).outcome is Outcome.COMPLETE
    assert prospect(order, site.where()).drift.objects == ()
    # A Secret that lives is never written: it is deleted by hand, and made anew.
    site.kubectl("-n", hands.gateway, "delete", "secret", "gateway-stamp-keys")
    execute(order, site.where())
    assert prospect(order, site.where()).tampered == ()
    assert execute(order, site.where()).outcome is Outcome.UNCHANGED
