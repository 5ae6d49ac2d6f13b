"""Reading Google's REST APIs: retries, pages, errors, and where a token may go."""

import pytest

from rayfence.adapters.gcp.rest import ADDRESSES, ATTEMPTS, LONGEST_PAUSE, GoogleApi, GoogleApiError, addresses
from tests.sim.google_apis import SimGoogle, refusal

PATH = "v3/projects/acme-ml"


def ask(sim: SimGoogle, token: str = "", quota: str = "") -> tuple[object, list[float]]:
    pauses: list[float] = []
    with sim, GoogleApi(token, sim.overrides, quota, sleep=pauses.append) as api:
        return api.get("cloudresourcemanager", PATH), pauses


def test_the_token_and_the_project_that_pays_go_along() -> None:
    sim = SimGoogle()
    ask(sim, "ya29.secret", "acme-ml")
    headers = sim.seen[0][2]
    assert headers["authorization"] == "Bearer ya29.secret"
    assert headers["x-goog-user-project"] == "acme-ml"


def test_without_a_token_there_is_no_header() -> None:
    sim = SimGoogle()
    ask(sim)
    assert "authorization" not in sim.seen[0][2]


@pytest.mark.parametrize("reason", ["USER_PROJECT_DENIED", "SERVICE_DISABLED"])
def test_a_project_that_may_not_pay_is_left_out(reason: str) -> None:
    sim = SimGoogle(broken={f"/{PATH}": [refusal(403, "PERMISSION_DENIED", "no", reason)]})
    ask(sim, quota="acme-ml")
    assert ["x-goog-user-project" in headers for _, _, headers in sim.seen] == [True, False]
    again = SimGoogle(broken={f"/{PATH}": [refusal(403, "PERMISSION_DENIED", "no", reason)]})
    with pytest.raises(GoogleApiError, match=reason):
        ask(again)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_passing_trouble_is_tried_again_after_growing_pauses(status: int) -> None:
    sim = SimGoogle(broken={f"/{PATH}": [(status, b"<html>")] * 2})
    _, pauses = ask(sim)
    assert pauses == [0.5, 1.0]


def test_lasting_trouble_ends() -> None:
    sim = SimGoogle(broken={f"/{PATH}": [(503, b"<html>secret page")] * 9})
    with pytest.raises(GoogleApiError, match="not Google's answer") as caught:
        ask(sim)
    assert len(sim.seen) == ATTEMPTS
    assert "secret page" not in str(caught.value)


@pytest.mark.parametrize(("status", "name", "hint"), [(401, "UNAUTHENTICATED", "login"), (403, "X", "policyViewer")])
def test_refusals_are_not_tried_again_and_say_what_to_do(status: int, name: str, hint: str) -> None:
    sim = SimGoogle(broken={f"/{PATH}": [refusal(status, name, "no\nway")] * 2})
    with pytest.raises(GoogleApiError, match=f"{status} {name}: no way") as caught:
        ask(sim)
    assert len(sim.seen) == 1
    assert hint in caught.value.hint


@pytest.mark.parametrize("answer", [b"", b"[]", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_object_is_an_error(answer: bytes) -> None:
    with pytest.raises(GoogleApiError, match="JSON"):
        ask(SimGoogle(broken={f"/{PATH}": [(200, answer)]}))


@pytest.mark.parametrize(
    "answer", [b"", b"[]", b'{"error": 3}', b'{"error": {"details": [3], "status": "lower\\u001b"}}']
)
def test_a_strange_error_is_still_an_error(answer: bytes) -> None:
    with pytest.raises(GoogleApiError, match="400") as caught:
        ask(SimGoogle(broken={f"/{PATH}": [(400, answer)]}))
    assert caught.value.reason == ""


def test_redirects_are_not_followed() -> None:
    with pytest.raises(GoogleApiError, match="302"):
        ask(SimGoogle(broken={f"/{PATH}": [(302, b"")]}), "secret")


def test_nobody_there() -> None:
    with SimGoogle() as sim:
        gone = sim.overrides
    with GoogleApi("", gone, sleep=lambda _: None) as api, pytest.raises(GoogleApiError, match="no answer") as caught:
        api.get("orgpolicy", "v2/x")
    assert caught.value.status == 0 and not caught.value.refused


def test_pages_that_do_not_end_are_an_error() -> None:
    page = (200, {"policies": [1], "nextPageToken": "same"})
    path = "/v2/folders/2/policies"
    sim = SimGoogle(broken={path: [page] * 9})
    with sim, GoogleApi("", sim.overrides) as api, pytest.raises(GoogleApiError, match="do not end"):
        api.items("orgpolicy", "v2/folders/2/policies", "policies")
    wrong = SimGoogle(broken={path: [(200, {"policies": {"a": 1}})]})
    with wrong, GoogleApi("", wrong.overrides) as api, pytest.raises(GoogleApiError, match="no list"):
        api.items("orgpolicy", "v2/folders/2/policies", "policies")


def test_a_server_can_not_make_us_wait_for_long() -> None:
    pauses: list[float] = []
    api = GoogleApi("", sleep=pauses.append)
    for wish in ("99999", "soon", "-1", "3", "9" * 40):
        api._pause(0, wish)
    assert pauses == [LONGEST_PAUSE, 0.5, 0.5, 3.0, 0.5]


def test_overrides_as_gcloud_takes_them() -> None:
    found = addresses(
        {"orgpolicy": "https://orgpolicy-x.p.googleapis.com", "compute": "http://127.0.0.1:1/", "iam": "x"}
    )
    assert found == {
        "cloudresourcemanager": ADDRESSES["cloudresourcemanager"],
        "compute": "http://127.0.0.1:1/compute/v1/",
        "orgpolicy": "https://orgpolicy-x.p.googleapis.com/",
    }
    assert addresses({"compute": "http://localhost:1/compute/v1/"})["compute"] == "http://localhost:1/compute/v1/"


@pytest.mark.parametrize(
    "override",
    [
        "http://orgpolicy.example/",
        "ftp://127.0.0.1/",
        "orgpolicy",
        "",
        "https://u:p@x/",
        "https://x/?a",
        "https://x/#a",
    ],
)
def test_an_override_that_would_give_the_token_away_is_refused(override: str) -> None:
    with pytest.raises(GoogleApiError):
        addresses({"orgpolicy": override})
