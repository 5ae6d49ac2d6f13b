"""`verify` against a real cluster: what holds, what this cluster's network lacks, and each weakening by the row that
names it. Where a network is needed that enforces policies, rules of the test's own stand in for it.
"""

import base64
import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from rayfence.api.clock import SystemClock
from rayfence.cli.entry import rayfence
from rayfence.model.evidence import Evidence
from rayfence.model.verdict import Verdict
from rayfence.verify.kubernetes.inside.crew import LIFE, LISTEN, members_of, pod
from rayfence.verify.kubernetes.inside.stage import Stage
from tests.cluster.attacked import Attacked, attacked, spec_of
from tests.cluster.enforcement import TABLE, Enforced
from tests.cluster.harness.cluster import Cluster
from tests.cluster.images.stock import ray_version
from tests.sim.planning import write

pytestmark = pytest.mark.cluster

HEAD = "cluster-train.head"


@pytest.fixture(scope="module")
def target(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacked]:
    """A platform with one Ray head and its gateway."""
    with attacked(cluster, tmp_path_factory.mktemp("attacked")) as found:
        yield found


def names(rows: dict[str, Evidence], verdict: Verdict) -> set[str]:
    return {name for name, row in rows.items() if row.verdict is verdict}


def told(rows: dict[str, Evidence], *wanted: Verdict) -> dict[str, tuple[str, str]]:
    """What of these verdicts was seen, for a failing test's message."""
    return {name: (row.seen, row.control) for name, row in rows.items() if row.verdict in wanted}


def probe_left(target: Attacked) -> str:
    """Pods and namespaces of the probe."""
    pods = target.kubectl("get", "pods", "-A", "-l", "rayfence.dev/probe-of", "-o", "name")
    spaces = target.kubectl("get", "namespaces", "-o", "name")
    return pods + "".join(line for line in spaces.splitlines() if f"{target.name}-probe" in line)


def test_what_holds_passes_and_what_nothing_enforces_is_named(target: Attacked) -> None:
    rows = target.verify()
    a, b = target.tenant, target.other
    assert names(rows, Verdict.FAIL) == {
        "network.enforced",
        f"network.egress.{a}",
        f"network.egress.{b}",
        f"network.gateway.{a}",
        f"ports.{a}.{HEAD}.agent-http",
        f"ports.{a}.{HEAD}.metrics",
        f"ports.{a}.{HEAD}.autoscaler-metrics",
        f"ports.{a}.{HEAD}.dashboard-metrics",
    }, told(rows, Verdict.FAIL)
    assert not told(rows, Verdict.UNKNOWN)
    assert names(rows, Verdict.NOT_APPLICABLE) == {f"ports.{a}.cluster-train.workers.all"}
    assert rows["network.enforced"].field == "target.kubernetes.datapath"
    metrics = rows[f"ports.{a}.{HEAD}.metrics"]
    assert "GET /metrics 200" in metrics.seen and metrics.fix == f"NetworkPolicy {a}/default-deny"
    assert "GET /api/healthz 200" in rows[f"ports.{a}.{HEAD}.agent-http"].seen
    for port, words in (("gcs", "UNAUTHENTICATED"), ("ray-client", "UNAUTHENTICATED"), ("others", "401")):
        assert words in rows[f"ports.{a}.{HEAD}.{port}"].seen, port
    for port in ("sidecar-of-dashboard", "sidecar-of-client"):
        assert "TLS refused" in rows[f"ports.{a}.{HEAD}.{port}"].seen
    assert rows[f"ports.{a}.{HEAD}.dashboard-and-jobs"].seen == "no connection"
    assert probe_left(target) == ""


def test_where_policies_hold_the_same_rows_pass(target: Attacked) -> None:
    with Enforced(target.cluster, target.api):
        rows = target.verify("[np]*")
    assert {name.partition(".")[0] for name in rows} == {"network", "ports"}
    assert not told(rows, Verdict.FAIL, Verdict.UNKNOWN)
    metrics = rows[f"ports.{target.tenant}.{HEAD}.metrics"]
    assert metrics.seen == "no connection" and "a scraper's namespace is answered" in metrics.control


def test_a_policy_that_lets_everybody_in_is_named_where_policies_hold(target: Attacked) -> None:
    a = target.tenant
    policy = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "let-all-in", "namespace": a},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{}]},
    }
    target.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(policy))
    try:
        with Enforced(target.cluster, target.api):
            rows = target.verify("ports.*")
        guard = target.verify("guard.foreign-policies.*")[f"guard.foreign-policies.{a}"]
    finally:
        target.kubectl("-n", a, "delete", "networkpolicy", "let-all-in")
    hole = rows[f"ports.{a}.{HEAD}.metrics"]
    assert (hole.verdict, hole.fix) == (Verdict.FAIL, f"NetworkPolicy {a}/let-all-in")
    assert (guard.verdict, guard.fix) == (Verdict.FAIL, f"NetworkPolicy {a}/let-all-in")


def test_rules_of_the_test_are_gone(target: Attacked) -> None:
    with Enforced(target.cluster, target.api):
        assert TABLE in _tables(target)
    assert TABLE not in _tables(target)


def _tables(target: Attacked) -> str:
    return subprocess.run(
        target.cluster.inside(["nft", "list", "tables"]), capture_output=True, text=True, check=True
    ).stdout


def test_a_deleted_network_policy(target: Attacked) -> None:
    a = target.tenant
    target.kubectl("-n", a, "delete", "networkpolicy", "default-deny")
    rows = target.verify("guard.networkpolicy.*")
    hole = rows[f"guard.networkpolicy.{a}.default-deny"]
    assert (hole.verdict, hole.fix) == (Verdict.FAIL, f"NetworkPolicy {a}/default-deny")
    assert names(rows, Verdict.FAIL) == {hole.attack}
    target.apply()
    assert not names(target.verify("guard.networkpolicy.*"), Verdict.FAIL)


def test_a_deleted_admission_policy(target: Attacked) -> None:
    a, policy = target.tenant, f"rayfence-{target.name}-rayclusters"
    target.kubectl("delete", "validatingadmissionpolicy", policy)
    rows = _until(target, f"admission.{a}.raycluster.*", Verdict.FAIL)
    for name in ("auth-empty", "foreign-account", "privileged", "unpinned"):
        assert policy in rows[f"admission.{a}.raycluster.{name}"].fix, name
    assert rows[f"admission.{a}.raycluster.auth-empty"].field == "spec.authOptions"
    assert target.verify("guard.validating*")[f"guard.validatingadmissionpolicy.{policy}"].verdict is Verdict.FAIL
    target.apply()
    _until(target, f"admission.{a}.raycluster.*", Verdict.PASS)


def test_a_binding_that_only_warns(target: Attacked) -> None:
    b, policy = target.other, f"rayfence-{target.name}-pods"
    patch = json.dumps({"spec": {"validationActions": ["Warn"]}})
    target.kubectl("patch", "validatingadmissionpolicybinding", policy, "--type=merge", "-p", patch)
    (hole,) = _until(target, f"admission.{b}.pod.unpinned", Verdict.FAIL).values()
    assert policy in hole.fix
    target.kubectl("delete", "validatingadmissionpolicybinding", policy)
    target.apply()
    _until(target, f"admission.{b}.pod.*", Verdict.PASS)


def test_a_loosened_role(target: Attacked) -> None:
    a = target.tenant
    rule = {"apiGroups": [""], "resources": ["pods", "secrets"], "verbs": ["create", "get", "list"]}
    patch = json.dumps([{"op": "add", "path": "/rules/-", "value": rule}])
    target.kubectl("-n", a, "patch", "role", "train", "--type=json", "-p", patch)
    for name in ("pods", "secrets"):
        (hole,) = _until(target, f"rights.{a}.ray-autoscaler.{name}", Verdict.FAIL).values()
        assert hole.fix == f"Role {a}/train, given by RoleBinding {a}/train"
    assert not told(target.verify(f"rights.{a}.ray-autoscaler.identities"), Verdict.FAIL, Verdict.UNKNOWN)
    assert target.verify("guard.role.*")[f"guard.role.{a}.train"].fix == f"Role {a}/train"
    target.kubectl("-n", a, "delete", "role", "train")
    target.apply()
    _until(target, "rights.*", Verdict.PASS)


def test_the_autoscalers_real_token_makes_no_pods_and_reads_no_secrets(target: Attacked) -> None:
    a, cluster = target.tenant, target.cluster
    token = target.kubectl("-n", a, "create", "token", "ray-autoscaler").strip()
    config = json.loads(target.kubectl("config", "view", "--raw", "--flatten", "-o", "json"))
    server = config["clusters"][0]["cluster"]["server"]
    ca = cluster.place.folder / "authority-of-the-test.pem"
    ca.write_bytes(base64.b64decode(config["clusters"][0]["cluster"]["certificate-authority-data"]))
    alone = [
        f"--server={server}",
        f"--certificate-authority={ca}",
        f"--token={token}",
        "--kubeconfig=/dev/null",
        "-n",
        a,
    ]
    try:
        seen = cluster.kubectl(*alone, "get", "raycluster", "train", "-o", "name", check=False)
        assert "raycluster.ray.io/train" in seen.stdout, seen.stderr
        for words in (
            ("get", "secrets"),
            ("-n", f"{a}-gateway", "get", "secrets"),
            ("create", "token", "ray-head"),
            ("get", "rayclusters"),
        ):
            done = cluster.kubectl(*alone, *words, check=False)
            assert done.returncode and "forbidden" in done.stderr.lower(), (words, done.stdout, done.stderr)
        value = pod(members_of(target.name, "00", (a,))[-1], target.name, "localhost/x@sha256:" + "0" * 64, "", {}, {})
        done = cluster.kubectl(*alone, "create", "--validate=false", "-f", "-", stdin=json.dumps(value), check=False)
        assert done.returncode and "cannot create resource" in done.stderr, done.stderr
        # The one right that it has is bounded by admission: another identity for its pods is no number of workers.
        change = json.dumps({"spec": {"headGroupSpec": {"template": {"spec": {"serviceAccountName": "default"}}}}})
        done = cluster.kubectl(*alone, "patch", "raycluster", "train", "--type=merge", "-p", change, check=False)
        assert done.returncode and "denied request" in done.stderr, done.stderr
    finally:
        ca.unlink()


def test_a_sidecar_that_asks_for_no_certificate(target: Attacked) -> None:
    a = target.tenant
    read = json.loads(target.kubectl("-n", a, "get", "configmap", "sidecar-cluster-train", "-o", "json"))
    weak = _asks_nobody(json.loads(read["data"]["envoy.yaml"]))
    patch = json.dumps({"data": {"envoy.yaml": json.dumps(weak)}})
    target.kubectl("-n", a, "patch", "configmap", "sidecar-cluster-train", "--type=merge", "-p", patch)
    _restart_head(target)
    row = target.verify(f"ports.{a}.{HEAD}.sidecar-of-dashboard")[f"ports.{a}.{HEAD}.sidecar-of-dashboard"]
    assert (row.verdict, row.fix) == (Verdict.FAIL, f"ConfigMap {a}/sidecar-cluster-train"), row.seen
    target.kubectl("-n", a, "delete", "configmap", "sidecar-cluster-train")
    target.apply()
    _restart_head(target)
    assert target.verify(f"ports.{a}.{HEAD}.sidecar-of-dashboard")[row.attack].verdict is Verdict.PASS


def test_what_a_crash_left_is_removed_by_the_next_run(target: Attacked) -> None:
    image = target.planned.platform.images.gateway
    assert image is not None
    tenants = (target.tenant, target.other)
    api = target.api
    stage = Stage(api, api.kinds(), SystemClock(), print, api.log, target.name, tenants, "rfv:")
    stage.open()
    for member in members_of(target.name, "dead", (target.other,)):
        stage.start(
            pod(member, target.name, image, "import time; time.sleep(600)", {"listen": LISTEN, "seconds": LIFE}, {})
        )
    assert "verify-dead" in probe_left(target)
    rows = target.verify("network.enforced")
    assert rows["network.enforced"].verdict is Verdict.FAIL
    assert probe_left(target) == ""


def test_ctrl_c_leaves_nothing(target: Attacked) -> None:
    class Impatient(Exception):
        """Stands for the signal."""

    def report(text: str) -> None:
        if text.startswith("attacking"):
            raise Impatient

    with pytest.raises(Impatient):
        target.verify("network.*", report)
    assert probe_left(target) == ""


def _asks_nobody(value: Any) -> Any:
    """Envoy's configuration without its demand for certificates: names to match alone would demand one too."""
    if isinstance(value, dict):
        barred = ("require_client_certificate", "validation_context_sds_secret_config")
        return {key: _asks_nobody(item) for key, item in value.items() if key not in barred}
    return [_asks_nobody(item) for item in value] if isinstance(value, list) else value


def _restart_head(target: Attacked) -> None:
    head = ("-n", target.tenant, "-l", "ray.io/node-type=head")
    target.kubectl("delete", "pods", *head, "--timeout=120s")
    for _ in range(60):
        if target.kubectl("get", "pods", *head, "-o", "name"):
            break
    target.kubectl("wait", "--for=condition=Ready", "pods", *head, "--timeout=240s")


def _until(target: Attacked, only: str, verdict: Verdict) -> dict[str, Evidence]:
    """Rows, once all have this verdict: the API server takes up a changed policy or role a moment later."""
    for _ in range(30):
        rows = target.verify(only)
        if names(rows, verdict) == set(rows):
            return rows
        time.sleep(1)
    raise AssertionError(told(rows, *Verdict))


def test_the_command_says_it_with_its_exit_status(target: Attacked, tmp_path: Path) -> None:
    """Whole, from a file: the spec is not shrunk, so guards on Ray's own object differ, and nothing else is asked."""
    image = target.planned.platform.images.gateway
    assert image is not None
    path = write(tmp_path, spec_of(target.name, image, target.cluster.images[f"localhost/ray:{ray_version()}"]))
    environment = {"KUBECONFIG": str(target.cluster.kubeconfig)}
    words = ["verify", "-f", str(path), "--json", "--only"]
    done = CliRunner().invoke(rayfence, [*words, "rights.*"], env=environment, standalone_mode=False)
    assert done.return_value == 0, done.output
    done = CliRunner().invoke(rayfence, [*words, "network.enforced"], env=environment, standalone_mode=False)
    assert done.return_value == 1
    data = json.loads(done.stdout)
    assert data["holes"] == ["network.enforced"]
    assert data["evidence"][0]["fix"] == "the cluster's network plugin"
