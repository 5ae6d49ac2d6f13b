"""The two session cookies. `__Host-` makes the browser insist on Secure, Path=/ and no Domain."""

from http.cookies import CookieError, SimpleCookie
from typing import Final, Literal

DASHBOARD: Final = "__Host-rayfence"
LOGIN: Final = "__Host-rayfence-login"


def set_cookie(name: str, value: str, seconds: int) -> str:
    """A Set-Cookie header. No script can read it, no plain connection carries it.

    The log-in cookie can change things, so it never comes with a request another site started; the dashboard's can
    only read, and a link from a chat may open it.
    """
    same_site: Literal["Lax", "Strict"] = "Lax" if name == DASHBOARD else "Strict"
    return f"{name}={value}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite={same_site}"


def clear_cookie(name: str) -> str:
    """A Set-Cookie header that removes the cookie."""
    return set_cookie(name, "", 0)


def read_cookie(header: str, name: str) -> str:
    """One cookie's value; empty if it is absent, or there twice: two values mean that one was planted."""
    if header.count(f"{name}=") != 1:
        return ""
    try:
        found = SimpleCookie(header).get(name)
    except CookieError:
        return ""
    return found.value if found else ""
