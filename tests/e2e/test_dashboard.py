"""The dashboard in a real browser, as a submitter: log-in form, overview, jobs, an own job's page and log, log-out."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.chromium import Seen, browser
from tests.e2e.stack import PASSWORD, Person, Stack

pytestmark = [pytest.mark.ray, pytest.mark.browser]
#: Of a page on a busy machine, in milliseconds.
PATIENCE = 60_000


@pytest.fixture(scope="module")
def context(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """One browser for this file."""
    with browser(stack, tmp_path_factory.mktemp("profile")) as made:
        made.set_default_timeout(PATIENCE)
        yield made


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go, for people."""
    return tmp_path_factory.mktemp("screenshots")


@pytest.fixture(scope="module")
def own_job(alice: Person, ended: Callable[[Person, str], str]) -> str:
    """A finished job of alice's whose log says so."""
    job = alice.submit("python -c \"import ray; ray.init(); print('a line for the browser')\"", submission_id="seen")
    assert ended(alice, job) == "SUCCEEDED"
    return job


@pytest.fixture(scope="module")
def others_job(bob: Person, ended: Callable[[Person, str], str]) -> str:
    """A finished job of bob's."""
    job = bob.submit("echo bob-secret-line bob-secret-entrypoint", submission_id="bobs")
    ended(bob, job)
    return job


def send_form(page: Page, stack: Stack, name: str, password: str) -> None:
    """As a person does."""
    page.goto(f"{stack.origin('login')}/login")
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def test_a_wrong_password_is_told(context: BrowserContext, stack: Stack, alice: Person, pictures: Path) -> None:
    page, seen = context.new_page(), Seen()
    seen.watch(page)
    page.goto(stack.origin("dashboard") + "/")
    assert page.url == f"{stack.origin('login')}/login", "who is not logged in is sent to the form"
    page.screenshot(path=pictures / "1-login.png")
    send_form(page, stack, "alice", "not her password")
    expect(page.get_by_role("alert")).to_contain_text(re.compile("wrong|password|name", re.IGNORECASE))
    expect(page.get_by_label("User name")).to_have_value("alice")
    page.screenshot(path=pictures / "2-wrong-password.png")
    assert page.url == f"{stack.origin('login')}/login"
    assert not [one for one in seen.console if "Content Security Policy" in one]
    assert not [cookie for cookie in context.cookies() if "rayfence" in str(cookie.get("name"))]
    page.close()


def test_a_submitter_sees_overview_jobs_and_own_log(
    context: BrowserContext, stack: Stack, own_job: str, others_job: str, pictures: Path
) -> None:
    page, seen = context.new_page(), Seen()
    seen.watch(page)
    send_form(page, stack, "alice", PASSWORD)
    page.wait_for_url(f"{stack.origin('dashboard')}/**")
    expect(page.get_by_text("Cluster utilization", exact=False).first).to_be_visible()
    expect(page.get_by_text("Recent jobs").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    page.screenshot(path=pictures / "3-overview.png")
    page.goto(f"{stack.origin('dashboard')}/#/jobs")
    expect(page.get_by_text(own_job).first).to_be_visible()
    expect(page.get_by_text(others_job).first).to_be_visible()
    expect(page.get_by_text("bob-secret-entrypoint")).to_have_count(0)
    page.screenshot(path=pictures / "4-jobs.png")
    page.goto(f"{stack.origin('dashboard')}/#/jobs/{own_job}")
    expect(page.get_by_text("a line for the browser").first).to_be_visible()
    time.sleep(2)  # the page asks again every few seconds
    page.screenshot(path=pictures / "5-own-job.png")
    page.goto(f"{stack.origin('dashboard')}/#/cluster")
    expect(page.get_by_text("127.0.0.1").first).to_be_visible()
    page.screenshot(path=pictures / "6-cluster.png")
    expect(page.get_by_text("Token Authentication Required")).to_have_count(0)
    expect(page.get_by_role("dialog")).to_have_count(0)
    # Ray's page asks with HEAD whether it has this feature, and takes 404 for no; its console shows any 404.
    absent = [one for one in seen.refused if one.startswith("404 HEAD") and one.endswith("/api/v0/platform_events")]
    assert [one for one in seen.refused if one not in absent] == []
    told = [one for one in seen.console if "404" not in one]
    assert told == []
    assert len(seen.console) == len(absent)
    page.close()


def test_cookies_are_as_strict_as_browsers_know(context: BrowserContext, stack: Stack) -> None:
    cookies = {str(cookie["name"]): cookie for cookie in context.cookies()}
    dashboard, login = cookies["__Host-rayfence"], cookies["__Host-rayfence-login"]
    for cookie, surface, same_site in ((dashboard, "dashboard", "Lax"), (login, "login", "Strict")):
        assert cookie["domain"] == f"{surface}.{stack.name}.localhost"
        assert (cookie["secure"], cookie["httpOnly"], cookie["path"]) == (True, True, "/")
        assert cookie["sameSite"] == same_site


@pytest.mark.exhaustive
def test_other_pages_answer_too(context: BrowserContext, stack: Stack, others_job: str, pictures: Path) -> None:
    """What a curious submitter clicks: actors, Serve, logs, somebody else's job. Nothing breaks, nothing is told."""
    page, seen = context.new_page(), Seen()
    seen.watch(page)
    for number, (name, words) in enumerate(
        (("actors", "Actors"), ("serve", "Serve"), ("logs", "Logs"), (f"jobs/{others_job}", "Job")), 7
    ):
        page.goto(f"{stack.origin('dashboard')}/#/{name}")
        expect(page.get_by_text(words).first).to_be_visible()
        page.wait_for_load_state("networkidle")
        page.screenshot(path=pictures / f"{number}-{name.partition('/')[0]}.png")
        expect(page.get_by_role("dialog")).to_have_count(0)
        assert "bob-secret" not in page.content()
    refused = {re.sub(r"[?].*", "", one.partition(".localhost")[2]) for one in seen.refused if "404 HEAD" not in one}
    assert {one.partition("/")[2] for one in refused} <= {"api/v0/logs/file"}, "bob's log, and nothing else"
    page.close()


def test_logging_out_ends_it(context: BrowserContext, stack: Stack, pictures: Path) -> None:
    page = context.new_page()
    page.goto(stack.origin("login") + "/")
    expect(page.get_by_role("heading", name="alice")).to_be_visible()
    page.screenshot(path=pictures / "20-home.png")
    page.get_by_role("button", name="Log out", exact=True).click()
    page.wait_for_url(f"{stack.origin('login')}/login")
    time.sleep(1)  # Envoy reads the new rule
    page.goto(stack.origin("dashboard") + "/")
    assert page.url == f"{stack.origin('login')}/login", "the dashboard's cookie is void although it is still there"
    page.screenshot(path=pictures / "21-logged-out.png")
    page.close()
