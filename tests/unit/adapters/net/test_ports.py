"""Free ports: really free, distinct, outside the kernel's own range."""

import socket
from pathlib import Path

import pytest

from rayfence.adapters.net import ports
from rayfence.errors import PreflightError


def test_ports_are_distinct_free_and_not_excluded() -> None:
    first = ports.free_ports(20)
    assert len(set(first)) == 20
    assert all(ports.is_free(port) for port in first)
    assert not set(first) & set(ports.free_ports(20, exclude=first))


def test_where_all_guesses_fail_the_rest_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    low, high = ports._bounds()
    monkeypatch.setattr(ports, "_GUESSES", 3)
    assert sorted(ports._candidates()) == list(range(low, high))


def test_they_lie_outside_the_range_for_outgoing_connections() -> None:
    low, high = (int(word) for word in Path("/proc/sys/net/ipv4/ip_local_port_range").read_text("ascii").split())
    if low > 17000 or high < 63000:
        assert not any(low <= port <= high for port in (*ports.free_ports(50), ports.free_range(50)))


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "::1", "::"])  # noqa: S104
def test_a_port_where_anybody_listens_is_not_free(address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as held:
        held.bind((address, 0))
        held.listen()
        assert not ports.is_free(held.getsockname()[1])


def test_a_row_of_ports_skips_what_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    first = ports.free_range(10)
    monkeypatch.setattr(ports, "_bounds", lambda: (first, first + 31))
    assert ports.free_range(10, exclude=(first + 3, first + 13)) == first + 20
    with pytest.raises(PreflightError, match="10 free ports in a row"):
        ports.free_range(10, exclude=range(first, first + 31, 5))
    with pytest.raises(PreflightError, match="40 free ports were needed"):
        ports.free_ports(40)


def test_where_the_kernel_takes_almost_everything_its_range_is_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    table = tmp_path / "range"
    monkeypatch.setattr(ports, "_RANGE_FILE", str(table))
    for text, bounds in (
        ("32768\t60999\n", (15000, 32768)),
        ("15100 25000", (25001, 65000)),
        ("15100 64900", (15000, 65000)),
        ("x", (15000, 65000)),
    ):
        table.write_text(text, encoding="ascii")
        assert ports._bounds() == bounds
