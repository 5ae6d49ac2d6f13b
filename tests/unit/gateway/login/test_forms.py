"""The log-in page, the hand-over to the dashboard, and what a foreign page can't do with them.

Subject: `rayfence.gateway.login.forms`, driven through the whole service.
"""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from rayfence.gateway.login.forms import hours_and_minutes
from rayfence.gateway.service import Member, Proof
from rayfence.gateway.sessions import handover
from rayfence.gateway.sessions.cookies import DASHBOARD, LOGIN
from rayfence.model.routes import Right, Role, Surface
from tests.sim.gateway import SimGateway

pytestmark = pytest.mark.anyio
PASSWORD = "correct horse"
ORIGIN = "https://login.test.localhost:8443"


async def add(gateway: SimGateway, name: str = "alice") -> None:
    """An account with the usual password."""
    hashed = await gateway.service.passwords.hash(PASSWORD)
    gateway.service.accounts.add(name, Role.SUBMITTER, (Right.RAY_CLIENT,), hashed)


async def post(gateway: SimGateway, form: dict[str, str], origin: str | None = ORIGIN) -> Any:
    """The form as a browser sends it."""
    headers = {} if origin is None else {"origin": origin}
    return await gateway.request("POST", "/login", surface=Surface.LOGIN, form=form, headers=headers)


def cookies(answer: Any) -> dict[str, str]:
    """Cookies that an answer sets."""
    return dict(header.split(";")[0].split("=", 1) for header in answer.headers.get_list("set-cookie"))


async def hand_over(gateway: SimGateway, location: str, **headers: str) -> Any:
    """Follow a redirect to the dashboard's host."""
    parts = urlsplit(location)
    assert f"{parts.scheme}://{parts.netloc}" == "https://dashboard.test.localhost:8443"
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return await gateway.request("GET", f"{parts.path}?{parts.query}", surface=Surface.DASHBOARD, headers=sent)


async def test_what_a_browser_holds_opens_pages_and_mints_nothing(gateway: SimGateway) -> None:
    """Another program of the machine can have the cookie sent to it, under our name and another port, and would use
    what is in it as a bearer token.
    """
    await add(gateway)
    stolen = cookies(await post(gateway, {"username": "alice", "password": PASSWORD}))[LOGIN]
    credentials = {"username": "alice", "password": PASSWORD}
    proper = await gateway.request("POST", "/v1/session", surface=Surface.LOGIN, json_body=credentials)
    assert (await gateway.request("GET", "/", stolen, surface=Surface.LOGIN)).status_code == 200
    for method, path, body in (
        ("POST", "/v1/token", {}),
        ("GET", "/v1/whoami", None),
        ("POST", "/v1/logout", {}),
        ("PUT", "/v1/users/alice/password", {"password": "another horse", "current": PASSWORD}),
    ):
        answer = await gateway.request(method, path, stolen, surface=Surface.LOGIN, json_body=body)
        assert (answer.status_code, answer.json()["error"]) == (403, "browser_session"), path
    minted = await gateway.request("POST", "/v1/token", proper.json()["session"], surface=Surface.LOGIN, json_body={})
    assert minted.status_code == 200  # the control


async def test_a_person_logs_in_and_reaches_the_dashboard(gateway: SimGateway) -> None:
    await add(gateway)
    page = await gateway.request("GET", "/login", surface=Surface.LOGIN)
    assert page.status_code == 200
    assert '<label for="password">' in page.text
    answer = await post(gateway, {"username": "alice", "password": PASSWORD})
    assert answer.status_code == 303
    session = gateway.service.minter.verify(cookies(answer)[LOGIN], gateway.settings.audiences.login)
    assert session is not None
    opened = await hand_over(gateway, answer.headers["location"], sec_fetch_site="same-site")
    assert (opened.status_code, opened.headers["location"]) == (303, "/")
    viewer = gateway.service.minter.verify(cookies(opened)[DASHBOARD], gateway.settings.audiences.dashboard)
    assert viewer is not None
    assert (viewer.subject, viewer.session, viewer.rights) == ("alice", session.session, frozenset())
    assert viewer.expires_at <= session.expires_at


async def test_pages_run_no_script_and_can_t_be_framed(gateway: SimGateway) -> None:
    page = await gateway.request("GET", "/login", surface=Surface.LOGIN)
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self' https://dashboard.test.localhost:8443" in policy
    assert page.headers["referrer-policy"] == "same-origin"
    assert page.headers["cache-control"] == "no-store"
    assert "<script" not in page.text
    assert "style=" not in page.text
    style = await gateway.request("GET", "/login.css", surface=Surface.LOGIN)
    assert style.headers["content-type"].startswith("text/css")
    assert "prefers-color-scheme: dark" in style.text


async def test_a_wrong_password_shows_the_form_with_the_reason(gateway: SimGateway) -> None:
    await add(gateway)
    answer = await post(gateway, {"username": '"><script>alert(1)</script>', "password": "wrong"})
    assert answer.status_code == 401
    assert "User name or password is wrong." in answer.text
    assert "<script>" not in answer.text
    assert 'role="alert"' in answer.text
    assert "set-cookie" not in answer.headers
    for name in ("alice", "nobody"):
        answers = [await post(gateway, {"username": name, "password": "wrong"}) for _ in range(4)]
        assert [one.status_code for one in answers] == [401, 401, 401, 429]
        assert answers[-1].headers["retry-after"]
    assert (await post(gateway, {"username": "alice", "password": ""})).status_code == 400


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        "https://evil.example",
        "https://dashboard.test.localhost:8443",
        "http://login.test.localhost:8443",
        ORIGIN + "/",
    ],
)
async def test_a_foreign_page_logs_nobody_in(gateway: SimGateway, origin: str | None) -> None:
    await add(gateway)
    answer = await post(gateway, {"username": "alice", "password": PASSWORD}, origin)
    assert (answer.status_code, answer.json()["error"]) == (403, "foreign_origin")


async def test_a_code_works_once_and_not_late(gateway: SimGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    await add(gateway)
    location = (await post(gateway, {"username": "alice", "password": PASSWORD})).headers["location"]
    assert DASHBOARD in cookies(await hand_over(gateway, location))
    again = await hand_over(gateway, location)
    assert again.headers["location"] == f"{ORIGIN}/login"
    assert not cookies(again)
    monkeypatch.setattr(handover, "CODE_SECONDS", -1)
    late = (await post(gateway, {"username": "alice", "password": PASSWORD})).headers["location"]
    assert not cookies(await hand_over(gateway, late))


async def test_a_code_is_void_on_another_site_and_after_log_out(gateway: SimGateway) -> None:
    await add(gateway)
    location = (await post(gateway, {"username": "alice", "password": PASSWORD})).headers["location"]
    assert (await hand_over(gateway, location, sec_fetch_site="cross-site")).status_code == 403
    gateway.service.revocations.revoke("alice")
    assert not cookies(await hand_over(gateway, location))


async def test_who_is_logged_in_goes_straight_on(gateway: SimGateway) -> None:
    await add(gateway)
    session = gateway.token("alice", surface=Surface.LOGIN)
    headers = {"cookie": f"{LOGIN}={session}"}
    answer = await gateway.request("GET", "/login", surface=Surface.LOGIN, headers=headers)
    assert DASHBOARD in cookies(await hand_over(gateway, answer.headers["location"]))
    gateway.service.revocations.revoke("alice")
    assert (await gateway.request("GET", "/login", surface=Surface.LOGIN, headers=headers)).status_code == 200
    other = {"cookie": f"{LOGIN}={gateway.token('alice')}"}
    assert (await gateway.request("GET", "/login", surface=Surface.LOGIN, headers=other)).status_code == 200


async def test_nothing_in_the_query_decides_where_to_go(gateway: SimGateway) -> None:
    await add(gateway)
    session = gateway.token("alice", surface=Surface.LOGIN)
    for target in ("/login?next=https://evil.example", "/?open=dashboard&next=//evil.example"):
        headers = {"cookie": f"{LOGIN}={session}"}
        answer = await gateway.request("GET", target, session, surface=Surface.LOGIN, headers=headers)
        assert answer.headers["location"].startswith("https://dashboard.test.localhost:8443/.rayfence/session?code=")
        assert list(parse_qs(urlsplit(answer.headers["location"]).query)) == ["code"]


async def test_home_says_who_one_is_and_logs_out(gateway: SimGateway) -> None:
    await add(gateway)
    session = gateway.token("alice", surface=Surface.LOGIN, rights=(Right.RAY_CLIENT,))
    page = await gateway.request("GET", "/", session, surface=Surface.LOGIN)
    for text in ("alice", "viewer, submitter", "ray-client", "Session ends", "/?open=dashboard"):
        assert text in page.text
    found = re.search(r'name="form_token" value="([0-9a-f]+)"', page.text)
    assert found is not None

    async def leave(form_token: str, origin: str = ORIGIN) -> Any:
        form = {"form_token": form_token}
        return await gateway.request(
            "POST", "/logout", session, surface=Surface.LOGIN, form=form, headers={"origin": origin}
        )

    assert (await leave("0" * 64)).status_code == 403
    assert (await leave(found.group(1), "https://evil.example")).status_code == 403
    left = await leave(found.group(1))
    assert (left.status_code, left.headers["location"]) == (303, f"{ORIGIN}/login")
    assert cookies(left)[LOGIN] == ""
    assert (await gateway.request("GET", "/", session, surface=Surface.LOGIN)).status_code == 401


@pytest.mark.parametrize(
    ("seconds", "text"), [(-5, "0 min"), (59, "0 min"), (754, "12 min"), (3600, "1 h 0 min"), (28_799, "7 h 59 min")]
)
async def test_what_is_left_of_a_session_reads_as_people_say_it(seconds: int, text: str) -> None:
    assert hours_and_minutes(seconds) == text


class Known:
    """Members whom the cluster vouches for."""

    people = True

    async def proven(self, token: str) -> Proof:
        """See `service.Members`."""
        return Proof("ada@example.com") if token == "hers" else Proof()

    def find(self, proof: Proof) -> Member | None:
        """See `service.Members`."""
        return Member(proof.subject, Role.VIEWER, ())

    def still(self, subject: str, role: Role, rights: Iterable[Right]) -> Member | None:
        """See `service.Members`."""
        return Member(subject, role, tuple(rights))


async def test_in_a_cluster_the_form_takes_a_token(gateway: SimGateway) -> None:
    object.__setattr__(gateway.service, "members", Known())
    page = await gateway.request("GET", "/login", surface=Surface.LOGIN)
    assert 'name="token"' in page.text and 'name="password"' not in page.text
    answer = await post(gateway, {"token": "hers"})
    assert answer.status_code == 303 and LOGIN in cookies(answer)
    seconds = int(answer.headers["set-cookie"].partition("Max-Age=")[2].partition(";")[0])
    assert 3500 < seconds <= 3600
    home = await gateway.request("GET", "/", cookies(answer)[LOGIN], surface=Surface.LOGIN)
    assert "ada@example.com" in home.text
    for form, status in (
        ({"token": "wrong"}, 401),
        ({"token": ""}, 400),
        ({"token": "x" * 7000}, 400),
        ({"other": "x"}, 400),
    ):
        refused = await post(gateway, form)
        assert refused.status_code == status and LOGIN not in cookies(refused)
    assert (await post(gateway, {"token": "hers"}, origin="https://evil.test")).status_code == 403
