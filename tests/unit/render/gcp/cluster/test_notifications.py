"""The topic of notifications."""

from rayfence.render.gcp.cluster.notifications import notification_resources, topic, topic_name
from tests.unit.render.gcp.settings import STANDARD


def test_notifications_stay_in_the_region_under_the_key() -> None:
    (made,) = notification_resources(STANDARD)
    assert made.attributes["kms_key_name"] == "${google_kms_crypto_key.platform.id}"
    assert made.body["messageStoragePolicy"] == {
        "allowedPersistenceRegions": ["us-central1"],
        "enforceInTransit": True,
    }
    assert topic(STANDARD).literal == f"projects/acme-ml/topics/{topic_name(STANDARD)}"
