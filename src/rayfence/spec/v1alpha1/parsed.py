"""Text fields whose pattern is not enough: address ranges, moments, dates and schedules are also parsed."""

from datetime import date, datetime
from ipaddress import IPv4Network
from typing import Annotated, Final

from pydantic import AfterValidator

from rayfence.spec.v1alpha1.shape import Shape

_MOMENT: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})"


def _network(value: str) -> str:
    try:
        network = IPv4Network(value)
    except ValueError as error:
        try:
            meant = IPv4Network(value, strict=False)
        except ValueError:
            raise ValueError(f"{value!r} is not an IPv4 range: {error}") from error
        raise ValueError(f"{value!r} has bits set behind the prefix; did you mean {str(meant)!r}?") from error
    if network.is_loopback or network.is_link_local or network.is_multicast:
        raise ValueError(f"{value!r} is a loopback, link-local or multicast range")
    return value


def _narrow(value: str) -> str:
    if IPv4Network(value).prefixlen < 8:
        raise ValueError(f"{value!r} is wider than /8: name the ranges that need access")
    return value


def _moment(value: str) -> str:
    try:
        datetime.fromisoformat(value)
    except ValueError as error:
        raise ValueError(f"{value!r} is no moment: {error}") from error
    return value


def _day(value: str) -> str:
    try:
        date.fromisoformat(value)
    except ValueError as error:
        raise ValueError(f"{value!r} is no date: {error}") from error
    return value


_BOUNDS: Final = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_UNITS: Final = ("minute", "hour", "day of month", "month", "day of week")


def _cron(value: str) -> str:
    for field, unit, (lowest, highest) in zip(value.split(" "), _UNITS, _BOUNDS, strict=True):
        for part in field.split(","):
            span, _, step = part.partition("/")
            ends = [] if span == "*" else [int(end) for end in span.split("-")]
            if any(not lowest <= end <= highest for end in ends) or ends != sorted(ends) or step == "0":
                raise ValueError(f"{value!r}: {part!r} is not a {unit}; allowed: {lowest}-{highest}")
    return value


_CRON_PART: Final = r"(\*|[0-9]{1,2}(-[0-9]{1,2})?)(/[0-9]{1,2})?"
_CRON_FIELD: Final = rf"{_CRON_PART}(,{_CRON_PART}){{0,30}}"

Cidr = Annotated[
    str,
    Shape(r"^[0-9]{1,3}(\.[0-9]{1,3}){3}/[0-9]{1,2}$", "an IPv4 range, as in `10.0.0.0/20`", 18),
    AfterValidator(_network),
]
#: A range that may reach something: never everybody.
SourceRange = Annotated[Cidr, AfterValidator(_narrow)]
Moment = Annotated[
    str, Shape(f"^{_MOMENT}$", "a moment (RFC 3339), as in `2027-01-02T03:00:00Z`", 25), AfterValidator(_moment)
]
Day = Annotated[str, Shape(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "a date, as in `2027-03-01`", 10), AfterValidator(_day)]
Cron = Annotated[
    str,
    Shape(rf"^{_CRON_FIELD}( {_CRON_FIELD}){{4}}$", "a schedule of five fields, as in `30 2 * * 1-5`", 200),
    AfterValidator(_cron),
]
