"""Audit configuration."""

from rayfence.render.gcp.observe.audit import audit_resources
from tests.unit.render.gcp.settings import STANDARD


def test_everything_is_recorded_and_nobody_is_exempt() -> None:
    made = audit_resources(STANDARD)
    assert [item.attributes["service"] for item in made] == [
        "allServices",
        "container.googleapis.com",
        "iap.googleapis.com",
    ]
    for item in made:
        assert item.attributes["audit_log_config"] == [
            {"log_type": kind} for kind in ("ADMIN_READ", "DATA_READ", "DATA_WRITE")
        ]
        assert "exempted" not in str(item.attributes) and "exempted" not in str(item.body)
