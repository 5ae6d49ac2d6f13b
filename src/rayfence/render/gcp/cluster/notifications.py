"""The topic to which GKE sends security bulletins and upgrade events.

Source: GKE, "Cluster notifications"; Pub/Sub API v1, `topics.create`.
"""

from typing import Final

from rayfence.model.cloud import CloudResource
from rayfence.model.gke_settings import GkeSettings
from rayfence.render.gcp.resource import resource
from rayfence.render.gcp.site import enabled, grants, key_name, labels, project, region
from rayfence.render.gcp.values import Text, reference

TOPIC: Final = "google_pubsub_topic.notifications"


def topic_name(settings: GkeSettings) -> str:
    """Short name of the topic."""
    return f"{settings.cluster}-notifications"


def topic(settings: GkeSettings) -> Text:
    """The topic in full."""
    return reference(f"{TOPIC}.id", f"projects/{settings.project}/topics/{topic_name(settings)}")


def notification_resources(settings: GkeSettings) -> tuple[CloudResource, ...]:
    """The topic, kept in the cluster's region."""
    name = topic_name(settings)
    return (
        resource(
            "pubsub.googleapis.com/Topic",
            name,
            TOPIC,
            "cluster",
            body={
                "name": f"projects/{settings.project}/topics/{name}",
                "kmsKeyName": key_name(settings),
                "messageStoragePolicy": {
                    "allowedPersistenceRegions": [settings.network.region],
                    "enforceInTransit": True,
                },
                "labels": labels(settings),
            },
            attributes={
                "project": project(settings),
                "name": name,
                "kms_key_name": key_name(settings),
                "message_storage_policy": {
                    "allowed_persistence_regions": [region(settings)],
                    "enforce_in_transit": True,
                },
                "labels": labels(settings),
            },
            after=(*enabled(settings, "pubsub"), *grants(settings.key)),
        ),
    )
