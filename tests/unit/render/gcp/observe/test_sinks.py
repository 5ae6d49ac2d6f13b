"""Sinks and what their writers may do."""

from dataclasses import replace

from rayfence.model.gke import Observability, Sink
from rayfence.render.gcp.observe.sinks import sink_resources
from tests.unit.render.gcp.settings import EXISTING_KEY, STANDARD


def test_each_destination_lets_the_sinks_own_writer_in() -> None:
    sink, binding = sink_resources(STANDARD)
    assert sink.attributes["unique_writer_identity"] is True and "filter" not in sink.attributes
    assert binding.attributes["role"] == "roles/storage.objectCreator" and binding.attributes["bucket"] == "acme-logs"
    assert binding.attributes["member"] == "${google_logging_project_sink.archive.writer_identity}"
    bindings = sink_resources(EXISTING_KEY)[1::2]
    assert [item.attributes["role"] for item in bindings] == [
        "roles/pubsub.publisher",
        "roles/bigquery.dataEditor",
        "roles/logging.bucketWriter",
    ]
    assert "endsWith" in str(bindings[2].attributes["condition"])


def test_a_destination_of_an_unknown_kind_gets_no_binding() -> None:
    odd = replace(STANDARD, observability=Observability(sinks=(Sink("x", "pubsub.googleapis.com/y"),)))
    assert len(sink_resources(odd)) == 1
