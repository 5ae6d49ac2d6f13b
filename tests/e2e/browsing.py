"""The log-in form and the hand-over to the dashboard's host, as a browser goes through them, without one."""

import re
from typing import Final

import httpx2

from tests.e2e.stack import PASSWORD, Person

COOKIE: Final = re.compile(r"__Host-rayfence=([^;]+)")


def log_in(person: Person, password: str = PASSWORD) -> httpx2.Response:
    """Send the form."""
    origin = person.stack.origin("login")
    host = origin.removeprefix("https://")
    with person.stack.client({"host": host, "origin": origin}) as client:
        return client.post("/login", data={"username": person.name, "password": password})


def dashboard_cookie(person: Person) -> str:
    """The value of the dashboard's cookie."""
    sent = log_in(person)
    assert sent.status_code == 303, sent.text
    location = httpx2.URL(sent.headers["location"])
    with person.stack.client({"host": location.netloc.decode()}) as client:
        taken = client.get(location.raw_path.decode())
    found = COOKIE.search(taken.headers.get("set-cookie", ""))
    assert found, (taken.status_code, taken.headers)
    return found[1]
