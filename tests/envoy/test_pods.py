"""Two replicas of an in-cluster gateway, each a real Envoy with the real service, sharing one object of an API server.

Loopback stands for the cluster: heads behind their rendered sidecars, Secrets as Kubernetes mounts them.
"""

import base64
import json
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from rayfence.adapters.tls.cluster_material import keys_data
from rayfence.adapters.tls.cluster_secrets import utc_now
from rayfence.gateway.pod import drain, probe
from rayfence.model.cluster_secrets import ClusterSecret, ClusterSecretKind
from rayfence.model.gateway import Limits
from rayfence.model.tenancy import Roles
from rayfence.render.kubernetes.gateway.config import gateway_config
from rayfence.render.kubernetes.gateway.site import RayObject, Site
from rayfence.render.kubernetes.workloads.listing import Kind
from rayfence.trail.heads import parse_head
from tests.envoy.clients import Answer
from tests.envoy.pod_stand import PodStand, pod_stand, stop, wait_for
from tests.sim.api_server import SimApi, serving

pytestmark = pytest.mark.envoy

SITE = Site(
    "ml",
    "vision",
    Limits(lockout_failures=3),
    None,
    (RayObject(Kind.CLUSTER, "train", "2.60.0"), RayObject(Kind.SERVICE, "answers", "2.60.0")),
    people=True,
)
ROLES = Roles(
    viewer=("serviceAccount:ci/reader",),
    submitter=("serviceAccount:ci/runner",),
    serve_call=("serviceAccount:web/front",),
)
LOGIN, TRAIN, ANSWERS = (f"{name}.vision-gateway.svc" for name in ("gateway", "cluster-train", "service-answers"))
SIGNING = ClusterSecret(ClusterSecretKind.SIGNING_KEYS, "g", "k", (), hours=180 * 24, renew_before=90 * 24)
STAMPS = ClusterSecret(ClusterSecretKind.STAMP_KEYS, "g", "s", ())
AUDIENCE = "rayfence:ml:vision:clients"


def account_token(account: str, number: int = 0) -> str:
    """What a service account's token looks like from outside; only the API server knows whether it is one."""
    claims = {"sub": f"system:serviceaccount:{account}", "exp": int(time.time()) + 3600, "n": number}
    return f"e30.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.c2ln"


@dataclass(slots=True)
class Pods:
    """The replicas and the API server between them."""

    api: SimApi
    address: str
    one: PodStand
    two: PodStand

    def ask(
        self, pod: PodStand, host: str, method: str, target: str, token: str = "", body: dict[str, object] | None = None
    ) -> Answer:
        """A request to one replica."""
        text = b"" if body is None else json.dumps(body).encode()
        headers = [("host", host), ("content-length", str(len(text)))] if method != "GET" else [("host", host)]
        if token:
            headers.append(("authorization", f"Bearer {token}"))
        if text:
            headers.append(("content-type", "application/json"))
        with pod.http1(LOGIN) as client:
            return client.request(method, target, headers, text)

    def login(self, pod: PodStand, proof: str) -> Answer:
        """A log-in with a service account's token."""
        return self.ask(pod, LOGIN, "POST", "/v1/session", body={"service_account_token": proof})

    def tokens(self, pod: PodStand, account: str) -> tuple[str, str]:
        """Session and API token of an account that the cluster knows."""
        proof = account_token(account, len(self.api.reviewed))
        self.api.reviewed[proof] = (f"system:serviceaccount:{account}", [AUDIENCE])
        answer = self.login(pod, proof)
        assert answer.status == 200, answer.body
        value = answer.json()
        return str(value["session"]), str(value["token"])


def start(pod: PodStand, name: str, address: str) -> None:
    """Service first, then Envoy, as in the pod."""
    pod.start_service(name, address)
    socket = str(pod.path("/run/rayfence/sockets/service.sock"))
    until(lambda: Path(socket).exists() and probe.main([socket]) == 0, (pod.folder / "service.log").read_text)
    pod.start_envoy()
    wait_for(pod)


def until(seen: Callable[[], bool], why: Callable[[], str] = str, seconds: float = 30.0) -> float:
    """Wait; returns the seconds it took."""
    began = time.monotonic()
    while not seen():
        assert time.monotonic() - began < seconds, why()
        time.sleep(0.02)
    return time.monotonic() - began


@pytest.fixture(scope="module")
def pods() -> Iterator[Pods]:
    """Both replicas, ready."""
    api = SimApi()
    data = gateway_config(SITE, ROLES)["data"]
    assert isinstance(data, dict)
    keys = {"signing": keys_data(SIGNING, None, utc_now()), "stamp": keys_data(STAMPS, None, utc_now())}
    with serving(api) as address, pod_stand(SITE) as one:
        two = one.replica("b")
        try:
            for pod, name in ((one, "gateway-0"), (two, "gateway-1")):
                pod.configure(data)
                pod.mount("/etc/rayfence/signing", keys["signing"])
                pod.mount("/etc/rayfence/stamp", keys["stamp"])
                pod.mount("/etc/rayfence/ray-tokens", {"cluster-train": "t" * 64, "service-answers": "a" * 64})
                pod.mount("/var/run/secrets/kubernetes.io/serviceaccount", {"token": "pod-token"})
                start(pod, name, address)
            yield Pods(api, address, one, two)
        finally:
            two.stop()


def test_a_service_account_gets_in_by_its_role_at_either_replica(pods: Pods) -> None:
    session, token = pods.tokens(pods.one, "ci:reader")
    for pod in (pods.one, pods.two):
        assert pods.ask(pod, TRAIN, "GET", "/api/version", token).status == 200
        who = pods.ask(pod, LOGIN, "GET", "/v1/whoami", session).json()
        assert who["subject"] == "system:serviceaccount:ci:reader"
        assert who["roles"] == ["viewer"]
        refused = pods.ask(pod, TRAIN, "POST", "/api/jobs/", token, {"entrypoint": "true"})
        assert (refused.status, refused.json()["required"]) == (403, "submitter")
    minted = pods.ask(pods.two, LOGIN, "POST", "/v1/token", session, {"ttl": 60})
    assert minted.status == 200


def test_who_holds_a_right_alone_gets_a_token_for_it_and_for_nothing_else(pods: Pods) -> None:
    _, token = pods.tokens(pods.one, "web:front")
    assert pods.ask(pods.two, ANSWERS, "GET", "/serve/app", token).status == 200
    assert pods.ask(pods.two, ANSWERS, "GET", "/api/version", token).status == 403


def test_strangers_and_tokens_made_for_others_are_refused(pods: Pods) -> None:
    stranger = account_token("ci:stranger")
    pods.api.reviewed[stranger] = ("system:serviceaccount:ci:stranger", [AUDIENCE])
    assert pods.login(pods.one, stranger).status == 403
    elsewhere = account_token("ci:runner", 7)
    pods.api.reviewed[elsewhere] = ("system:serviceaccount:ci:runner", ["https://kubernetes.default.svc"])
    assert pods.login(pods.one, elsewhere).status == 401
    person = account_token("ci:person")
    pods.api.reviewed[person] = ("admin@acme.com", [AUDIENCE])
    assert pods.login(pods.one, person).status == 401
    assert (
        pods.ask(pods.one, LOGIN, "POST", "/v1/session", body={"username": "a", "password": "bcdefghi"}).status == 400
    )
    assert pods.ask(pods.one, LOGIN, "POST", "/v1/session", body={"operator_key": "x" * 64}).status == 400


def test_each_ray_object_is_asked_by_the_service_behind_its_own_host(pods: Pods) -> None:
    """A route that the service answers: it asks the head that the host names, with that head's token, by mutual TLS."""
    _, token = pods.tokens(pods.one, "ci:runner")
    for host, label, secret in ((TRAIN, "cluster-train", "t"), (ANSWERS, "service-answers", "a")):
        head = pods.one.heads[label].ray
        before = len(head.requests)
        pods.ask(pods.one, host, "GET", "/api/jobs/", token)
        asked = head.requests[before:]
        assert asked
        assert all(seen.values("authorization") == [f"Bearer {secret * 64}"] for seen in asked)


def test_who_logs_out_at_one_is_out_at_the_other_within_two_seconds(pods: Pods) -> None:
    session, token = pods.tokens(pods.one, "ci:runner")
    assert pods.ask(pods.two, TRAIN, "GET", "/api/version", token).status == 200
    assert pods.ask(pods.one, LOGIN, "POST", "/v1/logout", session, {}).status == 200
    took = until(lambda: pods.ask(pods.two, TRAIN, "GET", "/api/version", token).status == 401)
    assert took < 2.0
    assert pods.ask(pods.two, LOGIN, "GET", "/v1/whoami", session).status == 401
    assert pods.ask(pods.two, TRAIN, "GET", "/api/version", pods.tokens(pods.two, "ci:runner")[1]).status == 200


def test_a_write_that_came_too_late_is_made_again_on_top(pods: Pods) -> None:
    session, token = pods.tokens(pods.one, "ci:runner")
    other, _ = pods.tokens(pods.two, "ci:reader")
    pods.api.conflicts = 2
    assert pods.ask(pods.one, LOGIN, "POST", "/v1/logout", session, {}).status == 200
    assert pods.ask(pods.two, LOGIN, "POST", "/v1/logout", other, {}).status == 200
    revoked = {row[0] for row in json.loads(pods.api.text())["revoked"]}
    assert revoked >= {"system:serviceaccount:ci:runner", "system:serviceaccount:ci:reader"}
    assert until(lambda: pods.ask(pods.two, TRAIN, "GET", "/api/version", token).status == 401) < 2.0


def test_a_lock_at_one_holds_at_the_other(pods: Pods) -> None:
    for number in range(3):
        assert pods.login(pods.one, account_token("ci:guessed", number)).status == 401
    assert pods.login(pods.one, account_token("ci:guessed", 9)).status == 429
    until(lambda: "ci:guessed" in pods.api.text())
    reviews = pods.api.reviews
    until(lambda: pods.login(pods.two, account_token("ci:guessed", 9)).status == 429)
    assert pods.api.reviews - reviews <= 1
    assert pods.tokens(pods.two, "ci:reader")  # others are not locked out with it


def test_without_the_api_server_tokens_go_on_and_nothing_is_promised(pods: Pods) -> None:
    session, token = pods.tokens(pods.one, "ci:runner")
    pods.api.down = True
    try:
        assert pods.ask(pods.one, TRAIN, "GET", "/api/version", token).status == 200
        assert pods.ask(pods.one, LOGIN, "POST", "/v1/logout", session, {}).status == 503
        assert pods.login(pods.one, account_token("ci:runner", 99)).status == 503
    finally:
        pods.api.down = False
    assert pods.ask(pods.one, TRAIN, "GET", "/api/version", token).status == 200
    until(lambda: pods.ask(pods.one, LOGIN, "POST", "/v1/logout", session, {}).status == 200)
    assert until(lambda: pods.ask(pods.two, TRAIN, "GET", "/api/version", token).status == 401) < 10.0


def test_a_new_key_verifies_everywhere_before_it_signs_anywhere(pods: Pods) -> None:
    """Mounts change at their own time: a token signed too early would be refused at the other replica."""
    _, before = pods.tokens(pods.one, "ci:runner")
    folder = pods.one.path("/etc/rayfence/signing")
    held = {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.startswith(".")}
    fresh = {**held, **keys_data(SIGNING, None, utc_now())}
    pods.one.mount("/etc/rayfence/signing", fresh)
    jwks = pods.one.path("/run/rayfence/envoy/jwks.json")
    until(lambda: len(json.loads(jwks.read_text())["keys"]) == 2)
    _, after = pods.tokens(pods.one, "ci:runner")
    for pod in (pods.one, pods.two):
        assert [pods.ask(pod, TRAIN, "GET", "/api/version", one).status for one in (before, after)] == [200, 200]
    pods.two.mount("/etc/rayfence/signing", fresh)


def test_the_trail_is_on_the_volume_and_on_standard_output(pods: Pods) -> None:
    pods.tokens(pods.two, "ci:reader")
    out = pods.two.folder / "service.out"
    until(lambda: b'"login"' in out.read_bytes())
    lines = out.read_bytes().splitlines(keepends=True)
    folder = pods.two.path("/var/lib/rayfence/trail/chains")
    stored = b"".join(path.read_bytes() for path in sorted(folder.glob("*.jsonl")))
    assert all(line in stored for line in lines if b'"seq"' in line and b'"sig"' not in line)
    assert "ml-vision:gateway-1" in stored.decode()
    until(lambda: any(b'"sig"' in line for line in out.read_bytes().splitlines()), seconds=20)
    heads = [line for line in out.read_bytes().splitlines(keepends=True) if b'"sig"' in line]
    assert parse_head(heads[0]).instance == "ml-vision:gateway-1"


def test_a_pod_that_ends_drains_first_and_its_successor_knows_who_is_out(pods: Pods) -> None:
    session, token = pods.tokens(pods.two, "ci:runner")
    assert pods.ask(pods.two, LOGIN, "POST", "/v1/logout", session, {}).status == 200
    admin = str(pods.two.path("/run/rayfence/sockets/envoy.sock"))
    assert drain.main([admin, "8"]) == 0
    service, proxy = pods.two.processes
    stop(proxy)
    service.send_signal(signal.SIGTERM)
    assert service.wait(20) == 0
    pods.two.processes.clear()
    start(pods.two, "gateway-1", pods.address)
    assert pods.ask(pods.two, TRAIN, "GET", "/api/version", token).status == 401
    log = (pods.two.folder / "service.log").read_text()
    assert "Traceback" not in log
