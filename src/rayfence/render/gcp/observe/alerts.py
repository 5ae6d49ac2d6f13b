"""Log-based metrics of every filter, and an alert policy for each that somebody must be told of.

Alerts match log entries themselves: a single exec is an alert, no rate has to build up first.
Source: Cloud Logging API v2, `metrics.create`; Cloud Monitoring API v3, `alertPolicies.create`, `conditionMatchedLog`.
"""

from typing import Final

from rayfence.model.cloud import CloudResource
from rayfence.model.gke_settings import GkeSettings
from rayfence.render.gcp.observe.filters import LogFilter, log_filters
from rayfence.render.gcp.resource import resource
from rayfence.render.gcp.site import enabled, labels, project
from rayfence.render.gcp.values import label

GROUP: Final = "observability"
#: At most one message per alert in this time, and an incident closes by itself after a week of silence.
PERIOD: Final = "300s"
CLOSED: Final = "604800s"


def metric_resources(settings: GkeSettings, tenants: tuple[str, ...]) -> tuple[CloudResource, ...]:
    """A counter per filter."""
    return tuple(_metric(settings, item) for item in log_filters(tenants))


def alert_resources(settings: GkeSettings, tenants: tuple[str, ...]) -> tuple[CloudResource, ...]:
    """An alert policy per filter that is worth one; none where alerts are off."""
    if not settings.observability.alerts:
        return ()
    return tuple(_alert(settings, item) for item in log_filters(tenants) if item.alert)


def _metric(settings: GkeSettings, item: LogFilter) -> CloudResource:
    name = f"{settings.cluster}/{item.name}"
    return resource(
        "logging.googleapis.com/LogMetric",
        name,
        f"google_logging_metric.{label(item.name)}",
        GROUP,
        body={
            "name": name,
            "description": item.why,
            "filter": item.filter,
            "metricDescriptor": {"metricKind": "DELTA", "valueType": "INT64", "unit": "1"},
        },
        attributes={
            "project": project(settings),
            "name": name,
            "description": item.why,
            "filter": item.filter,
            "metric_descriptor": {"metric_kind": "DELTA", "value_type": "INT64", "unit": "1"},
        },
        after=enabled(settings, "logging"),
    )


def _alert(settings: GkeSettings, item: LogFilter) -> CloudResource:
    title = f"{settings.cluster}: {item.why}"
    channels = settings.observability.channels
    strategy = {"notification_rate_limit": {"period": PERIOD}, "auto_close": CLOSED}
    return resource(
        "monitoring.googleapis.com/AlertPolicy",
        title,
        f"google_monitoring_alert_policy.{label(item.name)}",
        GROUP,
        body={
            "displayName": title,
            "combiner": "OR",
            "enabled": True,
            "severity": item.severity,
            "conditions": [{"displayName": item.name, "conditionMatchedLog": {"filter": item.filter}}],
            "alertStrategy": {"notificationRateLimit": {"period": PERIOD}, "autoClose": CLOSED},
            "notificationChannels": channels or None,
            "userLabels": labels(settings),
        },
        attributes={
            "project": project(settings),
            "display_name": title,
            "combiner": "OR",
            "enabled": True,
            "severity": item.severity,
            "conditions": [{"display_name": item.name, "condition_matched_log": {"filter": item.filter}}],
            "alert_strategy": strategy,
            "notification_channels": channels or None,
            "user_labels": labels(settings),
        },
        after=enabled(settings, "monitoring"),
    )
