"""The probe's objects: nothing that it does not need, and a way to find each of them."""

import base64
import json

from rayfence.model.api_objects import at, object_at
from rayfence.verify.kubernetes.inside.crew import (
    LIFE,
    PART,
    PROBE,
    closing_policy,
    members_of,
    namespaces_of,
    pod,
)

IMAGE = f"r/gateway@sha256:{'1' * 64}"


def test_namespaces_are_restricted_and_only_the_friends_is_let_in() -> None:
    probe, friend = namespaces_of("ml", ("vision", "speech"))
    for value in (probe, friend):
        assert object_at(value, "metadata", "labels")["pod-security.kubernetes.io/enforce"] == "restricted"
        assert object_at(value, "metadata", "labels")["rayfence.dev/platform"] == "ml"
    labels = object_at(friend, "metadata", "labels")
    assert labels["clients.rayfence.dev/vision"] == labels["clients.rayfence.dev/speech"] == "true"
    assert labels["rayfence.dev/scraper"] == "true"
    assert not [name for name in object_at(probe, "metadata", "labels") if "client" in name or "scraper" in name]


def test_the_policy_closes_one_listener_off() -> None:
    value = closing_policy("ml")
    assert object_at(value, "spec") == {"podSelector": {"matchLabels": {PART: "closed"}}, "policyTypes": ["Ingress"]}


def test_members_are_where_they_belong() -> None:
    found = members_of("ml", "0a", ("vision",))
    assert [(one.part, one.namespace) for one in found] == [
        ("open", "ml-probe"), ("closed", "ml-probe"), ("neighbour", "ml-probe"), ("friend", "ml-probe-friend"),
        ("tenant", "vision"),
    ]  # fmt: skip


def test_a_pod_has_no_api_token_an_end_and_only_tokens_made_for_gateways() -> None:
    *_, friend, tenant = members_of("ml", "0a", ("vision",))
    made = pod(friend, "ml", IMAGE, "code", {"mark": "m"}, {"for-vision": "rayfence:ml:vision:clients"})
    spec, container = made["spec"], made["spec"]["containers"][0]
    assert spec["automountServiceAccountToken"] is False and spec["activeDeadlineSeconds"] == LIFE
    assert made["metadata"]["labels"][PROBE] == "ml"
    assert container["command"] == ["python", "-I", "-c", "code"] and container["image"] == IMAGE
    assert json.loads(base64.b64decode(container["args"][0])) == {"mark": "m"}
    (source,) = spec["volumes"][0]["projected"]["sources"]
    assert source["serviceAccountToken"]["audience"] == "rayfence:ml:vision:clients"
    inside = pod(tenant, "ml", IMAGE, "code", {}, {})
    assert inside["spec"]["serviceAccountName"] == "ray-worker" and "volumes" not in inside["spec"]
    assert at(inside, "spec", "containers") and container["securityContext"]["readOnlyRootFilesystem"] is True
