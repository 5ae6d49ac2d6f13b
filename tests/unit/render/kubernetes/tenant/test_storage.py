"""Twin of rayfence.render.kubernetes.tenant.storage."""

from dataclasses import replace

from rayfence.render.kubernetes.tenant.storage import local_queue, spill_class
from tests.unit.render.kubernetes.resolutions import VISION, at, existing, on_gke


def test_a_class_is_made_for_a_key_only() -> None:
    (value,) = spill_class(on_gke().kubernetes)
    assert at(value, "provisioner") == "pd.csi.storage.gke.io"
    assert at(value, "parameters", "disk-encryption-kms-key") == on_gke().kubernetes.spill_key
    assert spill_class(existing(spill_class="fast").kubernetes) == ()


def test_a_queue_is_made_where_the_tenant_draws_from_one() -> None:
    assert local_queue(VISION) == ()
    (value,) = local_queue(replace(VISION, queue="gpus"))
    assert at(value, "spec") == {"clusterQueue": "gpus"}
