"""Where logs go besides the project, and the right of each sink's own identity to write there.

Source: Cloud Logging API v2, `sinks.create`, "Set destination permissions".
"""

import json
from collections.abc import Iterator, Mapping

from rayfence.model.cloud import CloudResource
from rayfence.model.gke import Sink
from rayfence.model.gke_settings import GkeSettings
from rayfence.render.gcp.resource import resource
from rayfence.render.gcp.site import enabled, project, project_number
from rayfence.render.gcp.values import Text, label, reference


def sink_resources(settings: GkeSettings) -> tuple[CloudResource, ...]:
    """Each sink and, where its destination is of a kind we know, its binding there."""
    return tuple(made for sink in settings.observability.sinks for made in _sink(settings, sink))


def _sink(settings: GkeSettings, sink: Sink) -> Iterator[CloudResource]:
    address = f"google_logging_project_sink.{label(sink.name)}"
    yield resource(
        "logging.googleapis.com/LogSink",
        sink.name,
        address,
        "observability",
        body={"name": sink.name, "destination": sink.destination, "filter": sink.filter or None},
        attributes={
            "project": project(settings),
            "name": sink.name,
            "destination": sink.destination,
            "filter": sink.filter or None,
            # An identity per sink: a shared one would let any sink of Google's write here.
            "unique_writer_identity": True,
        },
        after=enabled(settings, "logging"),
    )
    literal = f"serviceAccount:service-{project_number(settings).literal}@gcp-sa-logging.iam.gserviceaccount.com"
    binding = _binding(sink, reference(f"{address}.writer_identity", literal))
    if binding is not None:
        yield binding


def _binding(sink: Sink, writer: Text) -> CloudResource | None:
    service, _, path = sink.destination.partition("/")
    parts = path.split("/")
    owner = parts[1] if len(parts) > 1 else ""
    match service:
        case "storage.googleapis.com":
            role = "roles/storage.objectCreator"
            return _bound(sink, "google_storage_bucket_iam_member", {"bucket": path}, role, writer)
        case "pubsub.googleapis.com" if len(parts) == 4:
            where = {"project": owner, "topic": parts[3]}
            return _bound(sink, "google_pubsub_topic_iam_member", where, "roles/pubsub.publisher", writer)
        case "bigquery.googleapis.com" if len(parts) == 4:
            where = {"project": owner, "dataset_id": parts[3]}
            return _bound(sink, "google_bigquery_dataset_iam_member", where, "roles/bigquery.dataEditor", writer)
        case "logging.googleapis.com" if len(parts) == 6:
            only = {"title": "this log bucket", "expression": f"resource.name.endsWith({json.dumps(path)})"}
            where_any: dict[str, object] = {"project": owner, "condition": only}
            return _bound(sink, "google_project_iam_member", where_any, "roles/logging.bucketWriter", writer)
        case _:
            return None


def _bound(sink: Sink, block: str, where: Mapping[str, object], role: str, writer: Text) -> CloudResource:
    return resource(
        "iam.googleapis.com/AllowPolicy",
        f"{sink.name} writer",
        f"{block}.{label('sink', sink.name)}",
        "observability",
        body={"bindings": [{"role": role, "members": [writer], "condition": where.get("condition")}]},
        attributes={**where, "role": role, "member": writer},
    )
