"""Secrets with other bytes than were made."""

import base64

from rayfence.apply.kubernetes.secrets import tampered_secrets
from rayfence.model.live import FieldState
from rayfence.plan.live.fields.secrets import DIGESTS, digests
from tests.sim.kubernetes.cluster import SimCluster
from tests.sim.kubernetes.kinds import KINDS


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _cluster() -> SimCluster:
    cluster = SimCluster()
    data = {"a": _encoded("hunter2"), "b": _encoded("hunter3")}
    metadata = {
        "name": "keys",
        "namespace": "default",
        "labels": {"rayfence.dev/platform": "ml"},
        "annotations": {DIGESTS: digests(data)},
    }
    cluster.put({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data}, "rayfence")
    return cluster


def test_what_was_made_is_left_in_peace() -> None:
    assert tampered_secrets(_cluster(), "ml", KINDS) == ()


def test_other_bytes_are_found_with_their_author_and_without_a_byte() -> None:
    cluster = _cluster()
    cluster.clock.sleep(1)
    cluster.edit("Secret default/keys", "kubectl-edit", lambda v: v["data"].update(a=_encoded("planted")))
    (found,) = tampered_secrets(cluster, "ml", KINDS)
    (change,) = found.changes
    assert (found.reference, change.path, change.state) == ("Secret default/keys", "data.a", FieldState.CHANGED)
    assert found.by is not None and found.by.manager == "kubectl-edit" and "delete it" in found.note
    assert "planted" not in str(found) and "hunter" not in str(found) and _encoded("planted") not in str(found)


def test_a_key_more_or_less_is_found_too() -> None:
    cluster = _cluster()
    cluster.edit("Secret default/keys", "eve", lambda v: v.update(data={"a": v["data"]["a"], "c": _encoded("x")}))
    (found,) = tampered_secrets(cluster, "ml", KINDS)
    assert {(one.path, one.state) for one in found.changes} == {
        ("data.b", FieldState.MISSING),
        ("data.c", FieldState.FOREIGN),
    }


def test_those_of_others_are_not_looked_at() -> None:
    cluster = _cluster()
    cluster.edit("Secret default/keys", "eve", lambda v: v["data"].pop("b"))
    assert tampered_secrets(cluster, "other", KINDS) == () == tampered_secrets(cluster, "ml", {})
    cluster.denied.add(("list", "secrets"))
    assert tampered_secrets(cluster, "ml", KINDS) == ()
