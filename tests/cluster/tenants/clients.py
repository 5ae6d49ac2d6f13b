"""People of a tenant as pods of the cluster are: a service account, its token made for the gateway, Ray's own tools.

Programs run in the cluster's network with the cluster's names, as in a pod, but from this machine's files: the Ray of
this project's environment, unmodified.
"""

import base64
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.cluster.harness.cluster import Cluster
from tests.cluster.inside.settings import NODE_ADDRESS
from tests.envoy.clients import Answer, Http1, tls_context

#: Of a command that waits for a job on a busy machine.
JOB_SECONDS: Final = 240
_RESOLVER: Final = f"nameserver {NODE_ADDRESS}\nsearch cluster.local\noptions ndots:5\n"
_IN_A_POD: Final = 'mount --bind "$0" /etc/resolv.conf && exec "$@"'


@dataclass(slots=True)
class Door:
    """The gateway of one tenant, from outside: its authority, its hosts."""

    cluster: Cluster
    platform: str
    tenant: str
    folder: Path
    ca: Path = field(init=False)
    leaf: Path = field(init=False)

    def __post_init__(self) -> None:
        self.ca, self.leaf = (self.folder / f"{self.tenant}-{name}" for name in ("ca.crt", "tls.crt"))
        secret = ("-n", self.home, "get", "secret", "gateway-tls", "-o", "jsonpath={.data}")
        data = json.loads(self.cluster.kubectl(*secret).stdout)
        self.ca.write_bytes(base64.b64decode(data["ca.crt"]))
        self.leaf.write_bytes(base64.b64decode(data["tls.crt"]))

    @property
    def home(self) -> str:
        """The gateway's namespace."""
        return f"{self.tenant}-gateway"

    def host(self, service: str = "gateway") -> str:
        """The host of one of its Services."""
        return f"{service}.{self.home}.svc"

    def address(self, service: str = "gateway") -> str:
        """The Service's address."""
        words = ("-n", self.home, "get", "service", service, "-o", "jsonpath={.spec.clusterIP}")
        return self.cluster.kubectl(*words).stdout

    def ask(self, service: str, method: str, target: str, token: str = "", body: bytes = b"") -> Answer:
        """One request to a Service of the gateway."""
        headers = [("host", self.host(service)), ("content-length", str(len(body)))]
        headers += [("authorization", f"Bearer {token}")] if token else []
        headers += [("content-type", "application/json")] if body else []
        context = tls_context(str(self.ca), ["http/1.1"])
        with (
            self.cluster.forward(self.address(service), 443) as door,
            Http1(door.port, context, self.host(service), timeout=60) as client,
        ):
            return client.request(method, target, headers, body)


@dataclass(slots=True)
class Person:
    """A service account and the gateway that it goes to."""

    door: Door
    namespace: str
    account: str

    def proof(self) -> str:
        """A token of the account for this gateway, made by the cluster."""
        audience = f"--audience=rayfence:{self.door.platform}:{self.door.tenant}:clients"
        return self.door.cluster.kubectl("-n", self.namespace, "create", "token", self.account, audience).stdout.strip()

    def log_in(self) -> Answer:
        """Show it."""
        body = json.dumps({"service_account_token": self.proof()}).encode()
        return self.door.ask("gateway", "POST", "/v1/session", body=body)

    def token(self) -> str:
        """What Ray's tools send."""
        answer = self.log_in()
        assert answer.status == 200, answer.body
        return str(answer.json()["token"])

    def ray(self, service: str, *words: str, seconds: float = JOB_SECONDS) -> "subprocess.CompletedProcess[str]":
        """`ray job WORDS` at a Ray object; both streams as one."""
        address = ("--address", f"https://{self.door.host(service)}", "--verify", str(self.door.ca))
        program = str(Path(sys.executable).with_name("ray"))
        verb, *rest = words
        return self.run(program, "job", verb, *address, *rest, seconds=seconds)

    def run(self, *words: str, seconds: float = JOB_SECONDS, **more: str) -> "subprocess.CompletedProcess[str]":
        """A program with this person's token where the cluster's names are known."""
        resolver = self.door.folder / "resolv.conf"
        resolver.write_text(_RESOLVER, encoding="ascii")
        inside = self.door.cluster.inside(["unshare", "--mount", "sh", "-c", _IN_A_POD, str(resolver), *words])
        home = self.door.folder / "home"
        home.mkdir(exist_ok=True)
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(home),
            "RAY_AUTH_MODE": "disabled",
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_JOB_HEADERS": json.dumps({"Authorization": f"Bearer {self.token()}"}),
            "SSL_CERT_FILE": str(self.door.ca),
            **more,
        }
        return subprocess.run(
            inside,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
            env=environment,
        )
