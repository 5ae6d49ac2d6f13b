"""Cookies that no script, no plain connection and no other host can touch."""

import pytest

from rayfence.gateway.sessions.cookies import DASHBOARD, LOGIN, clear_cookie, read_cookie, set_cookie


@pytest.mark.parametrize(("name", "same_site"), [(DASHBOARD, "Lax"), (LOGIN, "Strict")])
def test_attributes(name: str, same_site: str) -> None:
    parts = set_cookie(name, "v", 60).split("; ")
    assert parts == [f"{name}=v", "Path=/", "Max-Age=60", "Secure", "HttpOnly", f"SameSite={same_site}"]
    assert "Max-Age=0" in clear_cookie(name)


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("__Host-rayfence-login=abc.d_e-f", "abc.d_e-f"),
        ("a=1; __Host-rayfence-login=abc; b=2", "abc"),
        ("__Host-rayfence=other", ""),
        ("__Host-rayfence-login=a; __Host-rayfence-login=b", ""),
        ("", ""),
        ("garbage; =; \x00", ""),
    ],
)
def test_reading(header: str, value: str) -> None:
    assert read_cookie(header, LOGIN) == value
