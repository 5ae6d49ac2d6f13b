"""`login`, `whoami`, `exec`, `logs`, `trail`, `status` as a stranger types them, against a gateway in a real cluster.

Programs and people: service accounts by tokens asked for, people by an issuer that the API server trusts. Without Ray:
what is asked of it is answered 503 by the gateway, to whoever may ask.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.harness.cluster import Cluster
from tests.cluster.images.gateway import gateway_image
from tests.cluster.objects.people import Issuer, people
from tests.cluster.objects.standing import Standing, spec_of, standing

pytestmark = pytest.mark.cluster

#: Asks the gateway for Ray's version as Ray's own tools would, and prints the status.
ASK = """
import json, os, ssl, urllib.error, urllib.request
headers = json.loads(os.environ["RAY_JOB_HEADERS"])
request = urllib.request.Request(os.environ["RAY_ADDRESS"] + "/api/version", headers=headers)
try:
    print(urllib.request.urlopen(request, context=ssl.create_default_context()).status)
except urllib.error.HTTPError as error:
    print(error.code, error.read().decode())
"""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody at a machine of their own: a home, a kubeconfig."""

    stand: Standing
    home: Path
    kubeconfig: Path

    def environment(self) -> dict[str, str]:
        """What a program of theirs sees."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "KUBE", "RAYFENCE"))}
        return {**kept, "HOME": str(self.home), "KUBECONFIG": str(self.kubeconfig)}

    def run(self, *words: str, seconds: float = 120) -> subprocess.CompletedProcess[str]:
        """One rayfence command about the stand's platform."""
        command = [sys.executable, "-m", "rayfence", *words[: _verb(words)], "--file", str(self.stand.spec)]
        return subprocess.run(
            [*command, *words[_verb(words) :]],
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
            env=self.environment(),
        )

    def ok(self, *words: str) -> str:
        """Its output; it must succeed."""
        done = self.run(*words)
        assert done.returncode == 0, (words, done.stdout[-2000:], done.stderr[-2000:])
        return done.stdout


def _verb(words: tuple[str, ...]) -> int:
    return 2 if words[0] == "trail" else 1


@pytest.fixture(scope="module")
def stand(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    """A gateway with accounts and a group among its members."""
    image = cluster.import_image(gateway_image(print))
    tenant = f"v{os.getpid()}"
    roles = {
        "viewer": [f"serviceAccount:{tenant}/reader"],
        "submitter": [f"serviceAccount:{tenant}/runner", "group:people@example.com"],
    }
    spec = spec_of(tmp_path_factory.mktemp("spec"), f"p{os.getpid()}", tenant, image, roles)
    with standing(cluster, spec) as found:
        for account in ("reader", "runner", "stranger"):
            cluster.kubectl("-n", tenant, "create", "serviceaccount", account)
        yield found


@pytest.fixture(scope="module")
def admin(stand: Standing, tmp_path_factory: pytest.TempPathFactory) -> Person:
    """Who made the cluster; known to it by a certificate."""
    return Person(stand, tmp_path_factory.mktemp("admin"), stand.cluster.kubeconfig)


@pytest.fixture(scope="module")
def issuer(stand: Standing, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Issuer]:
    """Makes people known to the API server."""
    with people(stand.cluster, tmp_path_factory.mktemp("issuer")) as found:
        yield found


def someone(stand: Standing, folder: Path, token: str) -> Person:
    """A person whom the API server knows by a token."""
    value: Any = yaml.safe_load(stand.cluster.kubeconfig.read_text())
    for user in value["users"]:
        user["user"] = {"token": token}
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(value))
    return Person(stand, folder, path)


def test_a_service_account_logs_in_runs_a_command_and_logs_out(admin: Person) -> None:
    tenant = admin.stand.tenant
    refused = admin.run("whoami")
    assert refused.returncode == 6 and "not logged in" in refused.stderr
    assert f"system:serviceaccount:{tenant}:runner" in admin.ok("login", f"serviceAccount:{tenant}/runner")
    seen = json.loads(admin.ok("whoami", "--json"))
    assert seen["roles"] == ["viewer", "submitter"] and seen["expires_at"] < time.time() + 3700
    assert admin.ok("exec", "--", sys.executable, "-c", ASK).startswith("503")  # let through; there is no Ray
    # The way closes with the command, whose exit status it is.
    done = admin.run("exec", "--", "sh", "-c", "echo $RAY_ADDRESS; exit 7")
    assert done.returncode == 7
    port = done.stdout.strip().rpartition(":")[2]
    assert subprocess.run(["curl", "-sk", f"https://localhost:{port}/"], check=False).returncode == 7  # nobody listens
    narrow = json.loads(admin.ok("token", "--role", "viewer", "--json"))
    assert narrow["roles"] == ["viewer"]
    assert admin.run("env").returncode == 4  # nothing here leads to the gateway's own name
    assert "logged out" in admin.ok("logout")
    assert admin.run("whoami").returncode == 6


def test_for_one_command_and_for_strangers(admin: Person) -> None:
    tenant = admin.stand.tenant
    one = admin.ok("exec", "--as", f"serviceAccount:{tenant}/reader", "--", sys.executable, "-c", ASK)
    assert one.startswith("503")
    assert admin.run("whoami").returncode == 6  # nothing was kept
    stranger = admin.run("login", f"serviceAccount:{tenant}/stranger")
    assert stranger.returncode == 6 and "no role" in stranger.stderr
    absent = admin.run("login", f"serviceAccount:{tenant}/absent")
    assert absent.returncode == 5 and "not found" in absent.stderr
    certificate = admin.run("login")
    assert certificate.returncode == 4 and "certificate" in certificate.stderr


def test_people_are_members_by_the_groups_that_the_api_server_sees(
    stand: Standing, issuer: Issuer, tmp_path: Path
) -> None:
    ada = someone(stand, tmp_path, issuer.token("ada@example.com", "people@example.com", "other@example.com"))
    assert "as ada@example.com" in ada.ok("login")
    seen = json.loads(ada.ok("whoami", "--json"))
    assert (seen["subject"], seen["roles"]) == ("ada@example.com", ["viewer", "submitter"])
    assert ada.ok("exec", "--", sys.executable, "-c", ASK).startswith("503")
    # What leads her there is little: no Secret, no program in a pod, no other namespace.
    for words in (
        ("get", "secrets"),
        ("get", "configmaps/gateway-config"),
        ("create", "pods/exec"),
        ("create", "pods"),
    ):
        said = subprocess.run(
            [stand.cluster.kubectl_program, "auth", "can-i", *words, "-n", stand.home],
            capture_output=True,
            text=True,
            check=False,
            env=ada.environment(),
        )
        assert said.stdout.strip() == "no", words
    assert ada.run("trail", "tail").returncode == 6


def test_others_are_not_whatever_groups_they_claim(
    stand: Standing, admin: Person, issuer: Issuer, tmp_path: Path
) -> None:
    groups = (
        "system:serviceaccounts",
        f"system:serviceaccounts:{stand.tenant}",
        "system:authenticated",
        "x@example.com",
    )
    for name, listed in (("eve@example.com", groups), (f"system:serviceaccount:{stand.tenant}:runner", groups)):
        done = subprocess.run(
            [sys.executable, "-m", "rayfence", "login", "--token-stdin", "--file", str(stand.spec)],
            input=issuer.token(name, *listed),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            env=admin.environment(),
        )
        assert done.returncode == 6, (name, done.stderr)
    outsider = someone(stand, tmp_path, issuer.token("eve@example.com"))
    done = outsider.run("login")
    assert done.returncode == 6 and ("pods" in done.stderr or "configmaps" in done.stderr)
    expired = someone(stand, tmp_path, issuer.token("ada@example.com", "people@example.com", seconds=-60))
    done = expired.run("login")
    assert done.returncode == 6 and "does not know us" in done.stderr


def test_the_trail_of_both_replicas_is_read_merged_and_verified(admin: Person) -> None:
    tenant = admin.stand.tenant
    admin.ok("whoami", "--as", f"serviceAccount:{tenant}/reader")
    verified = json.loads(admin.ok("trail", "verify", "--json"))
    assert verified["whole"] and [one["replica"] for one in verified["replicas"]] == [
        f"{tenant}/gateway-0",
        f"{tenant}/gateway-1",
    ]
    assert {chain["instance"].rpartition(":")[2] for chain in verified["chains"]} == {"gateway-0", "gateway-1"}
    found = admin.ok(
        "trail", "query", "--subject", f"system:serviceaccount:{tenant}:reader", "--action", "login", "--json"
    )
    records = [json.loads(line) for line in found.splitlines()]
    assert {record["kind"] for record in records} >= {"intent", "outcome"} and records[0]["replica"]
    times = [json.loads(line)["ts"] for line in admin.ok("trail", "tail", "-n", "20", "--json").splitlines()]
    assert len(times) == 20 and times == sorted(times)


def test_what_is_followed_comes_while_it_happens_and_ends_with_its_reader(admin: Person) -> None:
    tenant, cluster = admin.stand.tenant, admin.stand.cluster
    subject = f"system:serviceaccount:{tenant}:reader"
    words = [sys.executable, "-m", "rayfence", "trail", "tail", "--file", str(admin.stand.spec), "-n", "0", "-f"]
    with subprocess.Popen(
        [*words, "--subject", subject, "--json"], stdout=subprocess.PIPE, text=True, env=admin.environment()
    ) as following:
        try:
            deadline = time.monotonic() + 60
            while not _followers(cluster, admin.stand.home):
                assert time.monotonic() < deadline
                time.sleep(1)
            admin.ok("whoami", "--as", f"serviceAccount:{tenant}/reader")
            assert following.stdout is not None
            assert json.loads(following.stdout.readline())["subject"] == subject
        finally:
            following.terminate()
    deadline = time.monotonic() + 150  # a reader that goes without a word is missed after 90 seconds
    while _followers(cluster, admin.stand.home):
        assert time.monotonic() < deadline
        time.sleep(3)


def _followers(cluster: Cluster, home: str) -> int:
    """Programs in the first replica that follow its trail."""
    look = "import glob; print(sum(b'follow' in open(p, 'rb').read() for p in glob.glob('/proc/[0-9]*/cmdline')))"
    words = ("-n", home, "exec", "gateway-0", "-c", "service", "--", "python", "-I", "-c", look)
    said = cluster.kubectl(*words, check=False).stdout.strip()
    return int(said or 0) - 1  # the one that looks has the word in its own words


def test_logs_come_from_pods(admin: Person) -> None:
    text = admin.ok("logs", "gateway", "--tail", "5")
    sources = {line.partition(": ")[0] for line in text.splitlines()}
    assert {f"{admin.stand.tenant}/gateway/gateway-{number}/service" for number in (0, 1)} <= sources
    absent = admin.run("logs", f"{admin.stand.tenant}/nothing")
    assert absent.returncode == 4 and "cluster-train" in absent.stderr


def test_status_is_a_fresh_look(admin: Person) -> None:
    done = admin.run("status", "--json")
    seen = json.loads(done.stdout)
    assert done.returncode == 1 and not seen["ready"]  # there is no Ray
    parts = {part["name"]: part["phase"] for part in seen["parts"]}
    tenant = admin.stand.tenant
    assert parts[f"{tenant}/gateway"] == "ready" and parts[f"{tenant}/cluster-train"] != "ready"
    rows = {row["control"]: row["verdict"] for row in seen["posture"]}
    assert rows["gateway.identity"] == rows["gateway.hosts"] == rows["certificates"] == rows["secrets"] == "pass"
    assert rows["kubernetes.network"] == "pass" and rows["kubernetes.admission"] == "fail"  # left out here
    assert rows["kubernetes.enforcement"] == "unknown"
    assert seen["tenants"][0]["gateway"]["ready"] == 2
    admin.stand.cluster.kubectl("-n", tenant, "delete", "networkpolicy", "default-deny")
    again = json.loads(admin.run("status", "--json").stdout)
    row = next(row for row in again["posture"] if row["control"] == "kubernetes.network")
    assert row["verdict"] == "fail" and "default-deny" in row["evidence"]
