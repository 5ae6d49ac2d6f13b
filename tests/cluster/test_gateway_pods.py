"""A tenant's gateway in a real cluster, as rendered: two pods, Secrets made where they are used, service accounts of
the cluster as members, revocations through the one object that both watch.

Without Ray: heads are not there, so what is asked of Ray is answered 503, and all else is the gateway's own.
"""

import base64
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from rayfence.adapters.kubernetes.connection import connect
from rayfence.adapters.tls.cluster_secrets import ClusterSecrets
from rayfence.api.clock import SystemClock
from rayfence.model.cluster_platform import Operator, OperatorSource
from rayfence.model.cluster_resolution import ClusterResolution
from rayfence.model.tenancy import ClusterTenant, NamedCluster, Roles
from rayfence.render.kubernetes.render import render
from rayfence.render.kubernetes.secrets import secret_requests
from tests.cluster.harness.cluster import Cluster
from tests.cluster.images.gateway import gateway_image
from tests.cluster.objects.standing import small, volumes
from tests.cluster.objects.wanted import to_json
from tests.envoy.clients import Answer, Http1, tls_context
from tests.unit.render.kubernetes.resolutions import PODS, existing

pytestmark = pytest.mark.cluster

#: Kinds that are cluster-wide guards of a whole platform, or Ray's own: not what is tested here.
_LEFT_OUT = {"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "RayCluster", "LimitRange"}


@dataclass(slots=True)
class Gateway:
    """A gateway that runs: its tenant, how it was rendered, and how to ask each of its pods."""

    cluster: Cluster
    tenant: str
    resolution: ClusterResolution
    ca: Path

    @property
    def home(self) -> str:
        """The gateway's namespace."""
        return f"{self.tenant}-gateway"

    def ask(
        self, pod: int, host: str, method: str, target: str, token: str = "", body: dict[str, object] | None = None
    ) -> Answer:
        """A request to the pod of this number."""
        found = self.cluster.kubectl("-n", self.home, "get", "pod", f"gateway-{pod}", "-o", "jsonpath={.status.podIP}")
        text = b"" if body is None else json.dumps(body).encode()
        headers = [("host", host), ("content-length", str(len(text)))] if method != "GET" else [("host", host)]
        if token:
            headers.append(("authorization", f"Bearer {token}"))
        if text:
            headers.append(("content-type", "application/json"))
        context = tls_context(str(self.ca), ["http/1.1"])
        with self.cluster.forward(found.stdout, 8443) as door, Http1(door.port, context, self.login) as client:
            return client.request(method, target, headers, text)

    @property
    def login(self) -> str:
        """The log-in host."""
        return f"gateway.{self.home}.svc"

    def proof(self, account: str, audience: str) -> str:
        """A token of a service account, made by the cluster."""
        made = self.cluster.kubectl("-n", self.tenant, "create", "token", account, f"--audience={audience}")
        return made.stdout.strip()


@pytest.fixture(scope="module")
def gateway(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """Everything rendered for a tenant's gateway, applied; ready when both pods are."""
    reference = cluster.import_image(gateway_image(print))
    tenant = f"t{os.getpid()}"
    roles = Roles(viewer=(f"serviceAccount:{tenant}/reader",), submitter=(f"serviceAccount:{tenant}/runner",))
    resolution = existing(
        ClusterTenant(tenant, roles, (NamedCluster("train", PODS),)),
        operator=Operator(source=OperatorSource.EXISTING),
        gateway=reference,
        operator_version="1.6.0",
    )
    manifests = [one for one in render(resolution) if one.object["kind"] not in _LEFT_OUT and tenant in str(one.object)]
    with ExitStack() as stack:
        for kind, names in (
            ("namespace", (tenant, f"{tenant}-gateway")),
            ("clusterrolebinding", (f"rayfence-ml-token-review-{tenant}",)),
        ):
            stack.callback(cluster.kubectl, "delete", kind, *names, "--ignore-not-found", "--timeout=180s", check=False)
        found = render(resolution)
        role = [one for one in found if one.object["kind"] == "ClusterRole" and "token-review" in str(one.object)]
        early = [one for one in manifests if one.stage < 3]
        for one in (*early[:2], *role, *early[2:]):
            cluster.kubectl("apply", "--server-side", "-f", "-", stdin=to_json(dict(one.object)))
        disks = volumes(cluster, f"{tenant}-gateway")
        stack.callback(cluster.kubectl, "delete", "persistentvolume", *disks, "--wait=false", check=False)
        for account in ("reader", "runner", "stranger"):
            cluster.kubectl("-n", tenant, "create", "serviceaccount", account)
        server = connect(None, SystemClock(), {"KUBECONFIG": str(cluster.kubeconfig)})
        stack.callback(server.close)
        secrets = ClusterSecrets(secret_requests(resolution), {"rayfence.dev/platform": "ml"})
        made: list[str] = []
        secrets.make(server, server, server.kinds(), lambda name, _: made.append(name))
        assert made
        assert secrets.missing(server, server.kinds()) == ()
        for one in (one for one in manifests if one.stage >= 3):
            cluster.kubectl("apply", "--server-side", "-f", "-", stdin=to_json(small(dict(one.object))))
        running = f"{tenant}-gateway"
        ready = cluster.kubectl(
            "-n", running, "rollout", "status", "statefulset/gateway", "--timeout=240s", check=False
        )
        if ready.returncode:
            pods = cluster.kubectl("-n", running, "describe", "pods", check=False).stdout[-6000:]
            logs = cluster.kubectl("-n", running, "logs", "gateway-0", "-c", "service", check=False).stdout[-3000:]
            pytest.fail(f"{ready.stderr}\n{pods}\n{logs}")
        data = cluster.kubectl("-n", running, "get", "secret", "gateway-tls", "-o", "jsonpath={.data.ca\\.crt}").stdout
        ca = tmp_path_factory.mktemp("front") / "ca.pem"
        ca.write_bytes(base64.b64decode(data))
        yield Gateway(cluster, tenant, resolution, ca)


def until(seen: Callable[[], bool], seconds: float) -> float:
    """Wait; returns the seconds it took."""
    began = time.monotonic()
    while not seen():
        assert time.monotonic() - began < seconds
        time.sleep(0.1)
    return time.monotonic() - began


def test_service_accounts_of_the_cluster_get_in_and_out_at_both_pods(gateway: Gateway) -> None:
    audience = f"rayfence:ml:{gateway.tenant}:clients"
    body: dict[str, object] = {"service_account_token": gateway.proof("runner", audience)}
    answer = gateway.ask(0, gateway.login, "POST", "/v1/session", body=body)
    assert answer.status == 200, answer.body
    session, token = str(answer.json()["session"]), str(answer.json()["token"])
    train = f"cluster-train.{gateway.home}.svc"
    for pod in (0, 1):
        who = gateway.ask(pod, gateway.login, "GET", "/v1/whoami", session).json()
        assert who["subject"] == f"system:serviceaccount:{gateway.tenant}:runner"
        assert gateway.ask(pod, train, "GET", "/api/version", token).status == 503  # allowed, and there is no head
    assert gateway.ask(1, gateway.login, "POST", "/v1/logout", session, {}).status == 200
    took = until(lambda: gateway.ask(0, train, "GET", "/api/version", token).status == 401, 10.0)
    assert took < 5.0


def test_others_do_not(gateway: Gateway) -> None:
    audience = f"rayfence:ml:{gateway.tenant}:clients"
    for account, made_for, status in (
        ("stranger", audience, 403),
        ("runner", "https://kubernetes.default.svc.cluster.local", 401),
        ("runner", "rayfence:ml:another:clients", 401),
    ):
        body: dict[str, object] = {"service_account_token": gateway.proof(account, made_for)}
        assert gateway.ask(0, gateway.login, "POST", "/v1/session", body=body).status == status, (account, made_for)
    assert gateway.ask(0, f"cluster-train.{gateway.home}.svc", "GET", "/api/version").status == 401


def test_the_gateways_account_may_do_nothing_else(gateway: Gateway) -> None:
    account = f"--as=system:serviceaccount:{gateway.home}:gateway"
    home = f"-n={gateway.home}"
    for allowed, words in (
        (True, ("get", "configmaps/gateway-state")),
        (True, ("update", "configmaps/gateway-state")),
        (True, ("create", "tokenreviews.authentication.k8s.io")),
        (False, ("get", "configmaps/gateway-config")),
        (False, ("list", "configmaps")),
        (False, ("get", "secrets")),
        (False, ("create", "pods")),
        (False, ("create", "subjectaccessreviews.authorization.k8s.io")),
    ):
        said = gateway.cluster.kubectl("auth", "can-i", *words, home, account, check=False).stdout.strip()
        assert said == ("yes" if allowed else "no"), words


def test_a_pod_that_goes_is_replaced_and_its_trail_goes_on(gateway: Gateway) -> None:
    cluster, home = gateway.cluster, f"-n={gateway.home}"
    before = cluster.kubectl(home, "logs", "gateway-1", "-c", "service").stdout
    chain = next(json.loads(line)["detail"]["chain"] for line in before.splitlines() if '"start"' in line)
    began = time.monotonic()
    cluster.kubectl(home, "delete", "pod", "gateway-1", "--timeout=120s")
    assert time.monotonic() - began < 60
    cluster.kubectl(home, "rollout", "status", "statefulset/gateway", "--timeout=240s")
    until(lambda: '"start"' in cluster.kubectl(home, "logs", "gateway-1", "-c", "service", check=False).stdout, 30)
    after = cluster.kubectl(home, "logs", "gateway-1", "-c", "service").stdout
    assert next(json.loads(line)["detail"]["chain"] for line in after.splitlines() if '"start"' in line) == chain


def test_applying_again_leaves_what_is_shared_alone(gateway: Gateway) -> None:
    cluster, home = gateway.cluster, f"-n={gateway.home}"
    before = cluster.kubectl(home, "get", "configmap", "gateway-state", "-o", "jsonpath={.data}").stdout
    assert "revoked" in before
    state = next(
        one for one in render(gateway.resolution) if one.reference == f"ConfigMap {gateway.home}/gateway-state"
    )
    cluster.kubectl(
        "apply",
        "--server-side",
        "--field-manager=rayfence",
        "--force-conflicts",
        "-f",
        "-",
        stdin=to_json(dict(state.object)),
    )
    assert cluster.kubectl(home, "get", "configmap", "gateway-state", "-o", "jsonpath={.data}").stdout == before
