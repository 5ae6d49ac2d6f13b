"""The receipt in the cluster."""

import json

from rayfence.apply.kubernetes.receipts import CONFIG_MAP, keep, kept, receipt_text
from rayfence.apply.kubernetes.state import state_manifests
from rayfence.model.receipt import ClusterReceipt, Deed, Done, Outcome
from tests.sim.kubernetes.cluster import SimCluster

DONE = tuple(Done(f"ConfigMap vision/c{number}", Deed.CREATED, "0" * 16) for number in range(50))
RECEIPT = ClusterReceipt("ml", "apply", "d", "t0", "ada", "ada@x", "v1.36.3", Outcome.COMPLETE, "t1", done=DONE)


def _cluster() -> SimCluster:
    cluster = SimCluster()
    cluster.put(dict(state_manifests("ml")[0].object))
    return cluster


def test_what_is_kept_is_read_again() -> None:
    cluster = _cluster()
    assert kept(cluster, "ml", "ml-rayfence") is None
    keep(cluster, RECEIPT)
    found = kept(cluster, "ml", "ml-rayfence")
    assert found is not None and found["by"] == "ada" and len(found["done"]) == 50  # type: ignore[arg-type]
    assert kept(cluster, "other", "ml-rayfence") is None


def test_a_later_one_replaces_it_whoever_touched_it() -> None:
    cluster = _cluster()
    keep(cluster, RECEIPT)
    cluster.edit("ConfigMap ml-rayfence/receipt", "kubectl-edit", lambda value: value["data"].update(x="y"))
    cluster.edit("ConfigMap ml-rayfence/receipt", "eve", lambda value: value["data"].update({"receipt.json": "no"}))
    assert kept(cluster, "ml", "ml-rayfence") is None
    keep(cluster, RECEIPT)
    assert kept(cluster, "ml", "ml-rayfence") is not None
    assert cluster.get(CONFIG_MAP, "receipt", "ml-rayfence") is not None


def test_one_that_is_too_long_counts_instead_of_listing() -> None:
    short = json.loads(receipt_text(RECEIPT, 1000))
    assert short["done"] == [] and short["counts"] == {"created": 50} and short["outcome"] == "complete"
    assert "counts" not in json.loads(receipt_text(RECEIPT))
