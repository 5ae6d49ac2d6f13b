"""A dashboard in a real browser: names of the cluster lead to the gateway's Service, the port is the usual one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Page

from tests.cluster.tenants.clients import Person
from tests.e2e.chromium import Seen, chromium

#: Of a page on a busy machine, in milliseconds.
PATIENCE: Final = 60_000
_COOKIE: Final = "__Host-rayfence-login"


@contextmanager
def dashboard(person: Person, service: str, folder: Path) -> Iterator[tuple[Page, Seen]]:
    """The first page of a Ray object's dashboard, and what the browser saw since. The log-in host hands over to it."""
    door = person.door
    hosts = (door.host(), door.host(f"d-{service}"))
    with door.cluster.forward(door.address(), 443) as way:
        rules = ", ".join(f"MAP {host}:443 127.0.0.1:{way.port}" for host in hosts)
        with chromium(folder / "profile", str(door.leaf), f"--host-resolver-rules={rules}") as context:
            context.set_default_timeout(PATIENCE)
            answer = person.log_in()
            assert answer.status == 200, answer.body
            cookie = {"name": _COOKIE, "value": str(answer.json()["session"]), "url": f"https://{hosts[0]}"}
            context.add_cookies([{**cookie, "secure": True, "httpOnly": True, "sameSite": "Strict"}])  # type: ignore[typeddict-item]
            page, seen = context.new_page(), Seen()
            seen.watch(page)
            page.goto(f"https://{hosts[0]}/login")
            page.wait_for_url(f"https://{hosts[1]}/**")
            yield page, seen
            page.close()
