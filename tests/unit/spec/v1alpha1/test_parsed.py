"""Ranges, moments, dates and schedules."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from rayfence.spec.v1alpha1.parsed import Cidr, Cron, Day, Moment, SourceRange


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Cidr, "10.0.0.0/8"),
        (Cidr, "0.0.0.0/0"),
        (SourceRange, "10.0.0.0/8"),
        (Moment, "2027-01-02T03:04:05Z"),
        (Moment, "2027-01-02T03:04:05+02:00"),
        (Day, "2028-02-29"),
        (Cron, "30 2 * * 1-5"),
        (Cron, "*/15 0-6/2,12 1,15 * 0"),
    ],
)
def test_accepts(kind: Any, value: str) -> None:
    assert TypeAdapter(kind).validate_python(value) == value


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        (Cidr, "10.0.0.1/8", "did you mean '10.0.0.0/8'"),
        (Cidr, "300.0.0.0/8", "not an IPv4 range"),
        (Cidr, "10.0.0.0/33", "not an IPv4 range"),
        (Cidr, "127.0.0.0/8", "loopback"),
        (Cidr, "::/0", "not an IPv4 range"),
        (SourceRange, "0.0.0.0/0", "wider than /8"),
        (Moment, "2027-13-02T03:04:05Z", "no moment"),
        (Moment, "2027-01-02", "RFC 3339"),
        (Day, "2027-02-29", "no date"),
        (Day, "soon", "is not a date"),
        (Cron, "60 * * * *", "'60' is not a minute; allowed: 0-59"),
        (Cron, "* * 0 * *", "is not a day of month"),
        (Cron, "* 9-5 * * *", "is not a hour"),
        (Cron, "*/0 * * * *", "is not a minute"),
        (Cron, "@daily", "five fields"),
        (Cron, "* * * *", "five fields"),
    ],
)
def test_refuses(kind: Any, value: str, said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python(value)
    assert said in caught.value.errors()[0]["msg"]
