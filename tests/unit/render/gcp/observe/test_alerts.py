"""Metrics and alerts."""

from dataclasses import replace

from rayfence.model.gke import Observability
from rayfence.render.gcp.observe.alerts import alert_resources, metric_resources
from tests.unit.render.gcp.settings import STANDARD


def test_every_filter_is_counted_and_the_grave_ones_are_told() -> None:
    metrics, alerts = metric_resources(STANDARD, ("vision",)), alert_resources(STANDARD, ("vision",))
    assert len(metrics) == 15 and len(alerts) == 13
    assert metrics[0].attributes["name"] == "ray/exec-into-ray"
    alert = next(item for item in alerts if item.label == "binauthz-breakglass")
    assert alert.attributes["severity"] == "CRITICAL"
    assert alert.attributes["notification_channels"] == ["projects/acme-ml/notificationChannels/1"]
    assert "condition_matched_log" in str(alert.attributes["conditions"])


def test_alerts_can_be_off() -> None:
    assert alert_resources(replace(STANDARD, observability=Observability(alerts=False)), ("vision",)) == ()
