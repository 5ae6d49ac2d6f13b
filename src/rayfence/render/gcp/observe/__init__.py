"""What is recorded and who is told: audit configuration, sinks, log-based metrics, alerts."""

from rayfence.render.gcp.observe.alerts import alert_resources, metric_resources
from rayfence.render.gcp.observe.audit import audit_resources
from rayfence.render.gcp.observe.sinks import sink_resources

__all__ = ["alert_resources", "audit_resources", "metric_resources", "sink_resources"]
