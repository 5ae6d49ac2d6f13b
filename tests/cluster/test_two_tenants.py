"""The example of two tenants, end to end on a real cluster: applied once, used by each sort of person, taken back.

Tests share one applied platform, and the last one destroys it.
"""

import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.arch.tree import ROOT
from tests.cluster.harness.cluster import Cluster
from tests.cluster.tenants.browser import PATIENCE, dashboard
from tests.cluster.tenants.platform import IDLE_SECONDS, Applied, listing, two_tenants

pytestmark = pytest.mark.cluster

TRAIN = "cluster-train"
PI = (ROOT / "examples/monte-carlo-pi.py").read_text(encoding="utf-8")
CLIENT = Path(__file__).parent / "tenants" / "programs" / "client.py"
#: Four seats held at once, on a head of two and a worker of one: a second worker must come.
BIG = """
import ray, socket
ray.init()
@ray.remote(num_cpus=1)
class Seat:
    def where(self):
        return socket.gethostname()
seats = [Seat.remote() for _ in range(4)]
print("nodes", len(set(ray.get([seat.where.remote() for seat in seats]))))
"""


@pytest.fixture(scope="module")
def platform(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Applied]:
    """Applied; taken away at the end."""
    with two_tenants(cluster, tmp_path_factory.mktemp("two-tenants")) as found:
        yield found


@pytest.fixture(scope="module")
def pi(platform: Applied) -> str:
    """The id of ada's finished job."""
    done = platform.person("ada").ray(TRAIN, "submit", "--", "python", "-c", PI)
    assert done.returncode == 0, done.stdout
    assert re.search(r"Estimated value of pi is 3\.1[34]", done.stdout), done.stdout
    found = re.search(r"Job '([^']+)' submitted successfully", done.stdout)
    assert found, done.stdout
    return found[1]


def test_apply_ends_with_both_tenants_ready(platform: Applied) -> None:
    assert platform.done.returncode == 0, platform.done.stdout[-6000:]
    cluster = platform.cluster
    train = json.loads(cluster.kubectl("-n", "vision", "get", "raycluster", "train", "-o", "json").stdout)
    assert train["status"]["state"] == "ready" and train["status"]["readyWorkerReplicas"] == 1
    service = json.loads(cluster.kubectl("-n", "speech", "get", "rayservice", "transcribe", "-o", "json").stdout)
    assert {one["type"]: one["status"] for one in service["status"]["conditions"]}["Ready"] == "True"
    for tenant in ("vision", "speech"):
        enforced = "jsonpath={.metadata.labels.pod-security\\.kubernetes\\.io/enforce}"
        assert cluster.kubectl("get", "namespace", tenant, "-o", enforced).stdout == "restricted"


def test_nothing_is_left_to_do(platform: Applied) -> None:
    again = platform.rayfence("apply")
    assert again.returncode == 0 and "created" not in again.stdout and "changed " not in again.stdout, again.stdout
    differs = platform.rayfence("diff")
    assert differs.returncode == 0, differs.stdout


def test_a_submitter_computes_pi(platform: Applied, pi: str) -> None:
    assert pi in platform.person("ada").ray(TRAIN, "list").stdout
    assert "Estimated value of pi" in platform.person("ada").ray(TRAIN, "logs", pi).stdout


def test_a_viewer_sees_that_it_ran_and_may_not_run_any(platform: Applied, pi: str) -> None:
    viewer = platform.person("audit")
    token = viewer.token()
    jobs = {job["submission_id"]: job for job in json.loads(viewer.door.ask(TRAIN, "GET", "/api/jobs/", token).body)}
    assert jobs[pi]["status"] == "SUCCEEDED" and jobs[pi]["entrypoint"] == ""
    body = json.dumps({"entrypoint": "true"}).encode()
    refused = viewer.door.ask(TRAIN, "POST", "/api/jobs/", token, body)
    assert refused.status == 403 and refused.json()["required"] == "submitter", refused.body
    assert viewer.door.ask(TRAIN, "GET", f"/api/jobs/{pi}/logs", token).status == 403
    told = viewer.ray(TRAIN, "submit", "--", "true")
    assert told.returncode != 0 and '"required":"submitter"' in told.stdout, told.stdout


def test_another_submitter_reads_no_log_and_stops_nothing(platform: Applied, pi: str) -> None:
    ben = platform.person("ben")
    token = ben.token()
    assert ben.door.ask(TRAIN, "GET", f"/api/jobs/{pi}/logs", token).status == 403
    assert ben.door.ask(TRAIN, "POST", f"/api/jobs/{pi}/stop", token).status == 403
    operator = platform.person("lead")
    assert operator.door.ask(TRAIN, "GET", f"/api/jobs/{pi}/logs", operator.token()).status == 200


def test_members_of_the_other_tenant_see_nothing(platform: Applied) -> None:
    sam, stranger = platform.person("sam"), platform.person("sam", "vision")
    refused = stranger.log_in()
    assert refused.status == 403 and refused.json()["required"] == "viewer", refused.body
    assert stranger.door.ask(TRAIN, "GET", "/api/jobs/", sam.token()).status == 401
    # One made for the own gateway does not open the other one, even to log in.
    body = json.dumps({"service_account_token": sam.proof()}).encode()
    assert stranger.door.ask("gateway", "POST", "/v1/session", body=body).status == 401


def test_an_application_is_called_by_who_may(platform: Applied) -> None:
    caller, submitter = platform.person("frontend"), platform.person("sam")
    target = "/serve/transcribe"
    answer = caller.door.ask("service-transcribe", "POST", target, caller.token(), b'{"a": 1}')
    assert answer.status == 200 and answer.json() == {"bytes": 8}, answer.body
    refused = submitter.door.ask("service-transcribe", "POST", target, submitter.token(), b'{"a": 1}')
    assert refused.status == 403 and refused.json()["required"] == "serve:call", refused.body


def test_the_dashboard_in_a_browser(platform: Applied, pi: str, tmp_path: Path) -> None:
    """As a submitter: overview, the list of jobs, the own job's page with its log, and nothing refused on the way."""
    ada = platform.person("ada")
    with dashboard(ada, TRAIN, tmp_path) as (page, seen):
        expect(page.get_by_text("Cluster utilization", exact=False).first).to_be_visible(timeout=PATIENCE)
        page.get_by_role("link", name="View all jobs").click()
        row = page.get_by_role("row").filter(has_text=pi)
        expect(row).to_contain_text("SUCCEEDED", timeout=PATIENCE)
        page.screenshot(path=tmp_path / "jobs.png")
        row.get_by_role("link").first.click()
        expect(page.get_by_text("Estimated value of pi").first).to_be_visible(timeout=PATIENCE)
        page.screenshot(path=tmp_path / "job.png")
        expect(page.get_by_text("Token Authentication Required")).to_have_count(0)
        # Ray's page asks with HEAD whether it has this feature, and takes 404 for no.
        assert [one for one in seen.refused if "404 HEAD" not in one or "platform_events" not in one] == []


def test_the_dashboard_shows_no_viewer_a_log(platform: Applied, pi: str, tmp_path: Path) -> None:
    with dashboard(platform.person("audit"), TRAIN, tmp_path) as (page, _):
        page.goto(f"{page.url.partition('#')[0]}#/jobs/{pi}")
        expect(page.get_by_text(pi).first).to_be_visible(timeout=PATIENCE)
        expect(page.get_by_text("Failed to load").first).to_be_visible(timeout=PATIENCE)
        assert "Estimated" not in page.content()


def test_nobody_without_a_log_in_sees_a_dashboard(platform: Applied) -> None:
    door = platform.door("vision")
    for target in ("/", "/api/jobs/"):
        answer = door.ask(f"d-{TRAIN}", "GET", target)
        shown = answer.status == 303 and answer.header("location") == f"https://{door.host()}/login"
        assert shown or answer.status == 401, (target, answer)


def test_ray_client_is_for_who_has_the_right(platform: Applied) -> None:
    lead = platform.person("lead")
    done = lead.run(sys.executable, str(CLIENT), f"ray://{lead.door.host(TRAIN)}:8449")
    assert done.returncode == 0 and "squares [0, 1, 4, 9]" in done.stdout, done.stdout
    assert "said remotely 3" in done.stdout, done.stdout


def test_ray_client_is_refused_to_others(platform: Applied) -> None:
    ada = platform.person("ada")
    address = f"ray://{ada.door.host(TRAIN)}:8449"
    done = ada.run(sys.executable, str(CLIENT), address, RAY_CLIENT_INITIAL_CONNECTION_TIMEOUT_S="1")
    assert done.returncode == 3 and "refused after" in done.stdout, done.stdout


def test_a_worker_comes_for_a_bigger_job_and_goes(platform: Applied) -> None:
    ada = platform.person("ada")
    done = ada.ray(TRAIN, "submit", "--", "python", "-c", BIG)
    assert done.returncode == 0 and "nodes 3" in done.stdout, done.stdout
    assert workers(platform) == 2
    took = until(lambda: workers(platform) == 1, IDLE_SECONDS + 90)
    assert took > 1


def workers(platform: Applied) -> int:
    """Workers that are there and not on their way out."""
    words = ("-n", "vision", "get", "pods", "-l", "ray.io/node-type=worker", "-o", "json")
    pods = json.loads(platform.cluster.kubectl(*words).stdout)["items"]
    return sum("deletionTimestamp" not in pod["metadata"] for pod in pods)


def until(seen: Callable[[], bool], seconds: float) -> float:
    """Wait; returns the seconds it took."""
    began = time.monotonic()
    while not seen():
        assert time.monotonic() - began < seconds
        time.sleep(0.5)
    return time.monotonic() - began


def test_destroy_gives_the_cluster_back(platform: Applied) -> None:
    """The last one: after it the platform is gone."""
    assert len(listing(platform.cluster) - platform.before) > 150
    done = platform.rayfence("destroy", "--yes", "--quiet")
    assert done.returncode == 0, done.stdout
    after = listing(platform.cluster)
    assert after - platform.before == set()
    assert platform.before - after == set()
