"""What goes wrong with a real API server, as a person at the command line meets it: text, status, receipt, no trace.

The simulator's tests have every refusal there is; here are those of which the words or the order are the server's.
"""

import base64
import copy
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.cluster.harness.forward import Forward, dial_here, listener
from tests.cluster.site import DIGEST, Site

pytestmark = pytest.mark.cluster

EXEC = {"apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never"}


@dataclass(frozen=True)
class Ended:
    """How a verb ended."""

    status: int
    out: str
    err: str


class Person:
    """Somebody with a kubeconfig and a spec."""

    def __init__(self, site: Site) -> None:
        self.site, self.state = site, site.folder / "state"
        text = site.kubectl("config", "view", "--raw", "--flatten", "-o", "json")
        self.config: dict[str, Any] = json.loads(text)

    def run(self, verb: str, *words: str, config: Path | None = None) -> Ended:
        """One verb, in a process of its own."""
        own = {
            **os.environ,
            "KUBECONFIG": str(config or self.site.cluster.kubeconfig),
            "XDG_STATE_HOME": str(self.state),
        }
        done = subprocess.run(
            [sys.executable, "-m", "rayfence", verb, *words], env=own, capture_output=True, text=True, check=False
        )
        assert "Traceback" not in done.stderr and "internal error" not in done.stderr, done.stderr
        return Ended(done.returncode, done.stdout, done.stderr)

    def apply(self, spec: Path, *words: str, config: Path | None = None) -> Ended:
        """An apply that waits for guards only, unless told otherwise."""
        return self.run("apply", "-f", str(spec), "-q", *words, config=config)

    def changed(self, name: str, change: Callable[[dict[str, Any], dict[str, Any]], None]) -> Path:
        """A kubeconfig of which cluster and user are changed."""
        config = copy.deepcopy(self.config)
        change(config["clusters"][0]["cluster"], config["users"][0]["user"])
        path = self.site.folder / f"{name}.json"
        path.write_text(json.dumps(config), encoding="utf-8")
        return path

    def receipt(self) -> dict[str, Any]:
        """The receipt on this machine."""
        path = self.state / "rayfence" / "receipts" / f"{self.site.name}.json"
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found


@pytest.fixture
def person(site: Site) -> Person:
    """Somebody at the command line."""
    return Person(site)


def _user(**credentials: Any) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    def change(_: dict[str, Any], user: dict[str, Any]) -> None:
        user.clear()
        user.update(credentials)

    return change


def _server(address: str) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    return lambda cluster, _: cluster.update(server=address)


def _foreign_ca(cluster: dict[str, Any], _: dict[str, Any]) -> None:
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "other")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    pem = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    cluster["certificate-authority-data"] = base64.b64encode(pem).decode()


#: Name to what is wrong with the kubeconfig, the exit status, and words of the message.
KUBECONFIGS: dict[str, tuple[Callable[[dict[str, Any], dict[str, Any]], None], int, str]] = {
    "nobody answers": (_server("https://127.0.0.1:9"), 4, "https://127.0.0.1:9 does not answer"),
    "no such host": (_server("https://api.invalid:6443"), 4, "https://api.invalid:6443 does not answer"),
    "another authority": (_foreign_ca, 4, "is not who the context expects"),
    "an expired token": (_user(token="expired"), 6, "does not know us (Unauthorized)"),
    "no credentials": (_user(), 6, "sees nobody in us (system:anonymous)"),
    "a plugin that fails": (
        _user(exec={**EXEC, "command": "sh", "args": ["-c", "echo please log in >&2; exit 3"]}),
        6,
        "please log in",
    ),
    "a plugin that is not there": (_user(exec={**EXEC, "command": "no-such-plugin"}), 6, "is not installed"),
    "a plugin that says nothing": (_user(exec={**EXEC, "command": "echo"}), 6, "no ExecCredential"),
}


def test_a_kubeconfig_that_does_not_work_is_told_with_the_next_step(person: Person) -> None:
    spec = person.site.spec("a")
    for name, (change, status, words) in KUBECONFIGS.items():
        ended = person.apply(spec, config=person.changed(name.replace(" ", "-"), change))
        assert ended.status == status and words in ended.err and "rayfence: hint: " in ended.err, (name, ended)
    ended = person.apply(spec, "--context", "nowhere")
    assert ended.status == 4 and "'nowhere' not found" in ended.err and "contexts there: " in ended.err
    assert not (person.state / "rayfence" / "receipts").exists()


def test_each_missing_verb_is_named_before_the_first_write(person: Person, namespace: str) -> None:
    one = person.site
    one.kubectl("-n", namespace, "create", "serviceaccount", "weak")
    words = ("create", "clusterrole", f"{one.name}-weak", "--verb=get,list,create", "--resource=*.*")
    one.kubectl(*words)
    bound = (f"--clusterrole={one.name}-weak", f"--serviceaccount={namespace}:weak")
    one.kubectl("create", "clusterrolebinding", f"{one.name}-weak", *bound)
    try:
        token = one.kubectl("-n", namespace, "create", "token", "weak").strip()
        ended = person.apply(one.spec("a"), config=person.changed("weak", _user(token=token)))
    finally:
        one.kubectl("delete", "clusterrolebinding,clusterrole", f"{one.name}-weak")
    assert ended.status == 6 and "rights are missing, and nothing has been changed" in ended.err, ended
    home = f"{one.name}-a"
    for right in (f"patch on networkpolicies.networking.k8s.io in {home}", f"patch on rayclusters.ray.io in {home}"):
        assert right in ended.err, ended.err
    assert "update, delete on leases" in ended.err and not [name for name in one.listing() if "weak" not in name]


def test_missing_kinds_are_named_with_what_brings_them(person: Person) -> None:
    spec = person.site.spec("a")
    value = json.loads(spec.read_text(encoding="utf-8"))
    value["tenants"][0]["queue"] = "shared"
    spec.write_text(json.dumps(value), encoding="utf-8")
    ended = person.apply(spec)
    assert ended.status == 4 and "LocalQueue" in ended.err and "install Kueue" in ended.err, ended
    assert person.site.listing() == set()


OLD = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: old-operator, labels: {app.kubernetes.io/name: kuberay-operator}}
spec:
  replicas: 0
  selector: {matchLabels: {app: old-operator}}
  template:
    metadata: {labels: {app: old-operator}}
    spec: {containers: [{name: operator, image: "registry.example/kuberay/operator:v1.3.0"}]}
"""


def test_an_operator_that_is_too_old_is_told_with_its_version(person: Person, namespace: str) -> None:
    person.site.cluster.kubectl("-n", namespace, "apply", "-f", "-", stdin=OLD)
    ended = person.apply(person.site.spec("a"))
    assert ended.status == 5 and f"{namespace}/old-operator is KubeRay 1.3.0" in ended.err, ended
    assert "upgrade the operator" in ended.err and person.site.listing() == set()


def test_a_namespace_that_ends_is_told_before_the_first_write(person: Person) -> None:
    one, home = person.site, f"{person.site.name}-a"
    assert person.apply(one.spec("a"), "--no-wait").status == 0
    one.kubectl("-n", home, "create", "configmap", "held")
    hold = json.dumps({"metadata": {"finalizers": ["example.com/hold"]}})
    one.kubectl("-n", home, "patch", "configmap", "held", "--type=merge", "-p", hold)
    one.kubectl("delete", "namespace", home, "--wait=false")
    try:
        ended = person.apply(one.spec("a"), "--no-wait")
        assert ended.status == 5 and f"being deleted: namespace {home}" in ended.err, ended
        assert f"kubectl get namespace {home}" in ended.err
    finally:
        free = json.dumps({"metadata": {"finalizers": None}})
        one.kubectl("-n", home, "patch", "configmap", "held", "--type=merge", "-p", free)
        one.kubectl("wait", "--for=delete", f"namespace/{home}", "--timeout=120s")


def test_a_full_quota_is_told_and_a_receipt_says_how_far_it_came(person: Person) -> None:
    one, home = person.site, f"{person.site.name}-a-gateway"
    assert person.apply(one.spec("a"), "--no-wait").status == 0
    one.kubectl("-n", home, "delete", "configmap", "gateway-config")
    one.kubectl("-n", home, "create", "quota", "full", "--hard=count/configmaps=1")
    one.kubectl("-n", home, "wait", "quota/full", "--for=jsonpath={.status.used.count/configmaps}", "--timeout=60s")
    ended = person.apply(one.spec("a"), "--no-wait")
    assert ended.status == 5 and "exceeded quota: full" in ended.err, ended
    assert "raise the quota" in ended.err and "how far it came is in " in ended.err
    assert person.receipt()["outcome"] == "failed" and "exceeded quota" in person.receipt()["problem"]
    one.kubectl("-n", home, "delete", "quota", "full")
    assert person.apply(one.spec("a"), "--no-wait").status == 0
    assert person.receipt()["outcome"] == "complete"


WEBHOOK = """
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: %(name)s}
webhooks:
- name: nobody.example.com
  admissionReviewVersions: [v1]
  sideEffects: None
  failurePolicy: Fail
  timeoutSeconds: 1
  namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: %(home)s}}
  clientConfig: {service: {name: nobody, namespace: default, path: /}}
  rules:
  - {apiGroups: [networking.k8s.io], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [networkpolicies]}
"""


def test_a_webhook_that_refuses_stops_it_before_any_workload(person: Person) -> None:
    one = person.site
    text = WEBHOOK % {"name": one.name, "home": f"{one.name}-a"}
    one.cluster.kubectl("apply", "-f", "-", stdin=text)
    try:
        ended = person.apply(one.spec("a"), "--no-wait")
    finally:
        one.kubectl("delete", "validatingwebhookconfiguration", one.name)
    assert ended.status == 5 and 'failed calling webhook "nobody.example.com"' in ended.err, ended
    assert "an admission webhook does not answer" in ended.err and person.receipt()["outcome"] == "failed"
    assert not [name for name in one.listing() if name.startswith(("RayCluster ", "StatefulSet ", "Pod "))]


def test_a_pod_that_waits_past_the_deadline_is_told_with_the_scheduler_s_words(person: Person) -> None:
    """The trail's volume finds no class here."""
    ended = person.apply(person.site.spec("a"), "--timeout", "40")
    assert ended.status == 5 and "pod gateway-0: Unschedulable: " in ended.err, ended
    assert person.receipt()["left"] == [f"StatefulSet {person.site.name}-a-gateway/gateway"]


def test_an_image_that_can_t_be_pulled_is_named_when_the_time_is_up(person: Person) -> None:
    ended = person.apply(person.site.spec("a", images={"registries": ["localhost/"]}), "--timeout", "90")
    assert ended.status == 5 and f"localhost/absent{DIGEST}" in ended.err, ended
    assert "Pull" in ended.err and person.receipt()["left"] == [f"RayCluster {person.site.name}-a/train"]


@contextmanager
def door_to(cluster_address: str) -> Iterator[Forward]:
    """A way to the API server that a test can shut."""
    host, _, port = cluster_address.removeprefix("https://").partition(":")
    with Forward(listener(), dial_here((host, int(port)))) as door:
        yield door


def test_an_api_server_that_goes_away_in_the_middle_leaves_a_receipt(person: Person) -> None:
    one = person.site
    with door_to(person.config["clusters"][0]["cluster"]["server"]) as door:
        config = person.changed("door", _server(f"https://127.0.0.1:{door.port}"))
        own = {**os.environ, "KUBECONFIG": str(config), "XDG_STATE_HOME": str(person.state)}
        words = [sys.executable, "-m", "rayfence", "apply", "-f", str(one.spec("a")), "--no-wait"]
        running = subprocess.Popen(words, env=own, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        assert running.stderr is not None
        for line in running.stderr:
            if "created NetworkPolicy" in line:
                door.close()
                break
        err = running.stderr.read()
        assert running.wait(timeout=120) == 5, err
    assert "does not answer" in err and "how far it came is in " in err and "Traceback" not in err
    assert person.receipt()["outcome"] == "failed" and person.receipt()["done"]
    ended = person.apply(one.spec("a"), "--no-wait")
    assert ended.status == 0, ended
    assert person.receipt()["outcome"] == "complete"
