"""The dashboard as a submitter clicks through it, from the form to an own job's log.

Links and buttons only, no address typed besides the dashboard's own: `test_dashboard` opens pages by their addresses.
"""

import re
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.chromium import Seen, browser, spki_hash
from tests.e2e.stack import PASSWORD, Person, Stack

pytestmark = [pytest.mark.ray, pytest.mark.browser]
#: Of a page on a busy machine, in milliseconds.
PATIENCE: Final = 60_000
LINE: Final = "three tasks said 6"
#: Tasks, so that the job's page has rows and asks for them. Workers tell each second where a task's log is, and end
#: with their job: one that ends sooner leaves a task whose page has no log box.
PROGRAM: Final = (
    "import ray, time; ray.init(); double = ray.remote(lambda n: 2 * n); "
    "print('three tasks said', sum(ray.get([double.remote(n) for n in range(3)]))); time.sleep(5)"
)
#: Tells a policy's refusals even where the console says nothing.
LISTEN: Final = """
window.refusedByPolicy = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.refusedByPolicy.push(`${event.violatedDirective} ${event.blockedURI}`));
"""
#: Ray's page asks with HEAD whether the cluster has this feature and takes 404 for no.
ABSENT_FEATURE: Final = re.compile(r"404 HEAD \S+/api/v0/platform_events")
TASK_LINKS: Final = "a[href^='#/jobs/'][href*='/tasks/']"
#: What Chromium's console says of any refused request; it names no address.
CONSOLE_404: Final = "Failed to load resource: the server responded with a status of 404 ()"
CONSOLE_401: Final = CONSOLE_404.replace("404", "401")
CONSOLE_403: Final = CONSOLE_404.replace("404", "403")
#: Asked by the log boxes of a task and of a job.
LOG_OF_TASK: Final = re.compile(r"403 GET \S+/api/v0/logs/file[?]\S*task_id=\S+")
LOG_OF_JOB: Final = re.compile(r"403 GET \S+/api/v0/logs/file[?]\S*filename=job-driver-bobs-clicked-\S+")
#: What Ray's page itself puts on the console when its poll is refused.
RAYS_WORDS: Final = "Cluster Status Error. Couldn't get the cluster status data from the dashboard server."
BOBS_LINE: Final = "bob-printed-this"


@pytest.fixture(scope="module")
def context(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """A browser of this file's own that also tells what a policy refused."""
    with browser(stack, tmp_path_factory.mktemp("profile")) as made:
        made.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        made.add_init_script(LISTEN)
        yield made


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go, for people."""
    return tmp_path_factory.mktemp("pictures")


@pytest.fixture(scope="module")
def own_job(alice: Person, ended: Callable[[Person, str], str]) -> str:
    """A finished job of alice's with tasks."""
    job = alice.submit(f'python -c "{PROGRAM}"', submission_id="clicked")
    assert ended(alice, job) == "SUCCEEDED"
    return job


@pytest.fixture(scope="module")
def others_job(bob: Person, ended: Callable[[Person, str], str]) -> str:
    """A finished job of bob's with a driver, so that Ray's list links it like any other."""
    job = bob.submit(f"python -c \"import ray; ray.init(); print('{BOBS_LINE}')\"", submission_id="bobs-clicked")
    assert ended(bob, job) == "SUCCEEDED"
    return job


def take(page: Page, path: Path) -> None:
    """A screenshot, of a page whose policy has refused nothing and that shows no dialogue of Ray's."""
    page.screenshot(path=path)
    assert page.evaluate("window.refusedByPolicy") == []
    expect(page.get_by_text("Token Authentication Required")).to_have_count(0)
    expect(page.get_by_role("dialog")).to_have_count(0)


def assert_untroubled(seen: Seen) -> None:
    """Nothing was refused and the console is empty, but for the one feature that Ray's page asks after."""
    absent = [one for one in seen.refused if ABSENT_FEATURE.fullmatch(one)]
    assert [one for one in seen.refused if one not in absent] == []
    assert [one for one in seen.console if one != CONSOLE_404] == []
    assert len(seen.console) == len(absent)


def fill_form(page: Page, name: str, password: str) -> None:
    """With the keyboard, as people do: the first field has the focus, Enter sends."""
    expect(page.get_by_label("User name")).to_be_focused()
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    page.keyboard.type(password)
    page.keyboard.press("Enter")


@pytest.mark.parametrize("surface", ["dashboard", "login"])
def test_the_key_the_browser_was_told_to_trust_is_certified_by_the_instance(stack: Stack, surface: str) -> None:
    """The browser is given one public key; here the chain from that key to the instance's authority is checked."""
    name = stack.origin(surface).removeprefix("https://").partition(":")[0]
    trusting = ssl.create_default_context(cafile=stack.layout.front_ca)
    port = stack.record.ports.gateway
    with (
        socket.create_connection(("127.0.0.1", port), timeout=30) as plain,
        trusting.wrap_socket(plain, server_hostname=name) as secured,
    ):
        leaf = secured.getpeercert(binary_form=True)
    assert leaf is not None
    served = stack.root / "served.crt"
    served.write_text(ssl.DER_cert_to_PEM_cert(leaf), encoding="ascii")
    assert spki_hash(str(served)) == spki_hash(f"{stack.layout.envoy}/server.crt")
    with (
        socket.create_connection(("127.0.0.1", port), timeout=30) as plain,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        ssl.create_default_context().wrap_socket(plain, server_hostname=name)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_form_can_be_read_in_every_window(
    context: BrowserContext, stack: Stack, pictures: Path, scheme: str
) -> None:
    page = context.new_page()
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    for width, height in ((1400, 1000), (360, 640)):
        page.set_viewport_size({"width": width, "height": height})
        page.goto(stack.origin("dashboard") + "/")
        assert page.url == f"{stack.origin('login')}/login"
        fill_form(page, "nobody-of-that-name", "wrong")
        expect(page.get_by_role("alert")).to_have_text("User name or password is wrong.")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "no sideways scrolling"
        assert contrast(page, ".problem") >= 4.5
        assert contrast(page, "button") >= 4.5
        assert contrast(page, ".note", "main") >= 4.5
        take(page, pictures / f"1-form-{scheme}-{width}.png")
    page.close()


def contrast(page: Page, of: str, on: str = "") -> float:
    """The contrast of an element's text with the background of `on`, by the definition of WCAG 2."""
    script = """([of, on]) => {
      const parts = (colour) => colour.match(/[0-9.]+/g).slice(0, 3).map((part) => {
        const share = part / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      const light = (colour) => parts(colour).reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
      const style = (selector) => getComputedStyle(document.querySelector(selector));
      const pair = [light(style(of).color), light(style(on || of).backgroundColor)].sort((a, b) => b - a);
      return (pair[0] + 0.05) / (pair[1] + 0.05);
    }"""
    return float(page.evaluate(script, [of, on]))


def test_clicking_from_the_form_to_an_own_log(
    context: BrowserContext, stack: Stack, own_job: str, pictures: Path
) -> None:
    page, seen = context.new_page(), Seen()
    seen.watch(page)
    page.goto(stack.origin("dashboard") + "/")
    fill_form(page, "alice", PASSWORD)
    open_own_job(page, own_job, pictures)
    with page.expect_download() as log:
        page.get_by_text("Download log file").click()
    assert LINE in log.value.path().read_text(encoding="utf-8")
    page.get_by_text("Task Table").click()
    expect(page.locator(TASK_LINKS).first).to_be_visible()
    with context.expect_page() as opened:
        page.get_by_text("Other logs").click()
    expect(opened.value.get_by_text("No files found")).to_be_visible()  # of workers: operators only
    take(opened.value, pictures / "4-other-logs.png")
    page.get_by_role("button", name="Dark mode").click()
    page.screenshot(path=pictures / "5-own-job-dark.png", full_page=True)
    take(page, pictures / "5-own-job-dark-top.png")
    assert_untroubled(seen)
    page.close()


def open_own_job(page: Page, job: str, pictures: Path) -> None:
    """From the overview, by what one sees: the link of a job in the list is its driver's id."""
    page.get_by_role("link", name="View all jobs").click()
    row = page.get_by_role("row").filter(has_text=job)
    expect(row).to_contain_text("SUCCEEDED")
    take(page, pictures / "2-jobs.png")
    row.get_by_role("link").first.click()
    expect(page.get_by_text(LINE).first).to_be_visible()
    take(page, pictures / "3-own-job.png")


def be_logged_in(page: Page, stack: Stack, name: str = "alice") -> None:
    """At the dashboard's overview, by the form if there is no log-in yet."""
    page.goto(stack.origin("dashboard") + "/")
    if page.url.startswith(stack.origin("login")):
        fill_form(page, name, PASSWORD)
    expect(page.get_by_role("link", name="View all jobs")).to_be_visible()


def assert_refused_quietly(seen: Seen, expected: re.Pattern[str]) -> None:
    """Nothing but what `expected` matches was refused, and the console repeats just these and Ray's absent feature."""
    absent = [one for one in seen.refused if ABSENT_FEATURE.fullmatch(one)]
    refused = [one for one in seen.refused if one not in absent]
    assert refused
    assert [one for one in refused if not expected.fullmatch(one)] == []
    assert sorted(seen.console) == sorted([CONSOLE_403] * len(refused) + [CONSOLE_404] * len(absent))


def test_a_task_of_ones_own_is_shown_without_its_workers_log(
    context: BrowserContext, stack: Stack, own_job: str, pictures: Path
) -> None:
    """A worker's log can hold lines of others' tasks, so its box says that it could not be read, and nothing more."""
    page, seen = context.new_page(), Seen()
    seen.watch(page)
    be_logged_in(page, stack)
    open_own_job(page, own_job, pictures)
    page.get_by_text("Task Table").click()
    page.locator(TASK_LINKS).first.click()
    page.wait_for_url("**/#/jobs/*/tasks/*")
    expect(page.get_by_text("Call site")).to_be_visible()
    expect(page.get_by_text("Failed to load")).to_be_visible()
    take(page, pictures / "6-own-task.png")
    page.get_by_text("Failed to load").scroll_into_view_if_needed()
    take(page, pictures / "6-own-task-log.png")
    assert_refused_quietly(seen, LOG_OF_TASK)
    page.close()


def test_another_users_job_is_opened_without_its_log(
    context: BrowserContext, stack: Stack, others_job: str, pictures: Path
) -> None:
    page, seen = context.new_page(), Seen()
    seen.watch(page)
    be_logged_in(page, stack)
    page.get_by_role("link", name="View all jobs").click()
    row = page.get_by_role("row").filter(has_text=others_job)
    expect(row).to_contain_text("SUCCEEDED")
    row.get_by_role("link").first.click()
    expect(page.get_by_text("Failed to load")).to_be_visible()
    take(page, pictures / "7-others-job.png")
    page.get_by_text("Failed to load").scroll_into_view_if_needed()
    take(page, pictures / "7-others-job-log.png")
    assert BOBS_LINE not in page.content()
    assert_refused_quietly(seen, LOG_OF_JOB)
    page.close()


def assert_shut_out(page: Page, stack: Stack, picture: Path) -> None:
    """A tab opened before: every poll is refused, no dialogue comes, and a reload leads to the form."""
    page.wait_for_event("response", lambda answer: answer.status == 401)  # from here on Envoy has the new rule
    seen = Seen()
    seen.watch(page)
    for _ in range(2):  # the page goes on asking at its own pace
        page.wait_for_event("response", lambda answer: "/api/jobs/" in answer.url)
    take(page, picture)
    assert {one.partition(" ")[0] for one in seen.requests} == {"401"}
    assert set(seen.console) <= {CONSOLE_401, RAYS_WORDS}
    page.reload()
    assert page.url.partition("#")[0] == f"{stack.origin('login')}/login"
    expect(page.get_by_label("User name")).to_be_focused()
    take(page, picture.with_stem(f"{picture.stem}-reloaded"))


def test_an_open_tab_learns_nothing_after_a_log_out_in_another(
    context: BrowserContext, stack: Stack, pictures: Path
) -> None:
    page, other = context.new_page(), context.new_page()
    be_logged_in(page, stack)
    other.goto(stack.origin("login") + "/")
    other.get_by_role("button", name="Log out", exact=True).click()
    other.wait_for_url(f"{stack.origin('login')}/login")
    assert_shut_out(page, stack, pictures / "8-open-tab.png")
    page.close()
    other.close()


def test_an_open_tab_of_a_removed_user_learns_nothing(context: BrowserContext, stack: Stack, pictures: Path) -> None:
    stack.add("passing", "submitter")
    page = context.new_page()
    be_logged_in(page, stack, "passing")
    done = stack.run("user", "remove", "passing")
    assert done.returncode == 0, done.stderr
    assert_shut_out(page, stack, pictures / "9-removed.png")
    page.close()
