"""Twin of rayfence.api.clusters.run."""

import json
import ssl
import sys
import urllib.request
from pathlib import Path

import pytest

from rayfence.adapters.gateway import client as gateway_client
from rayfence.api.clusters.reach import gateway
from rayfence.api.clusters.run import environment, lasting_environment, run
from rayfence.api.clusters.session import Way
from rayfence.errors import PreflightError
from tests.sim.kubernetes.gateway import SimDoor
from tests.unit.api.clusters.test_reach import target

WAY = Way("serviceAccount:vision/runner")


def test_rays_tools_are_led_to_the_gateway_under_a_name_they_can_check(door: SimDoor) -> None:
    door.sessions["minted 60 None"] = "who calls"
    with gateway(target(door)) as found, environment(found, WAY, "train", 60, None, lambda _: None) as told:
        headers = json.loads(told["RAY_JOB_HEADERS"])
        assert headers == {"Authorization": "Bearer minted 60 None", "Host": "cluster-train.vision-gateway.svc"}
        assert told["RAY_ADDRESS"].startswith("https://localhost:") and told["RAY_AUTH_MODE"] == "disabled"
        bundle = Path(told["SSL_CERT_FILE"])
        context = ssl.create_default_context(cafile=str(bundle))
        request = urllib.request.Request(told["RAY_ADDRESS"] + "/api/version", headers=headers)  # noqa: S310
        assert json.loads(urllib.request.urlopen(request, context=context).read())["subject"] == "who calls"  # noqa: S310
    assert ("GET", "cluster-train.vision-gateway.svc", "/api/version") in door.asked
    assert not bundle.exists()
    with pytest.raises(OSError):
        urllib.request.urlopen(request, context=ssl._create_unverified_context(), timeout=2)  # noqa: S310, S323


def test_a_command_runs_with_it_and_its_status_is_ours(door: SimDoor, tmp_path: Path) -> None:
    out = tmp_path / "out"
    program = f"import os, sys; open({str(out)!r}, 'w').write(os.environ['RAY_ADDRESS']); sys.exit(5)"
    assert run(target(door), [sys.executable, "-c", program], WAY, None, None, None, lambda _: None) == 5
    assert out.read_text().startswith("https://localhost:")
    with pytest.raises(FileNotFoundError):
        run(target(door), ["/no/such"], WAY, None, None, None, lambda _: None)


def test_an_environment_that_stays_needs_an_address_that_stays(door: SimDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PreflightError) as caught:
        lasting_environment(target(door), WAY, None, None, None)
    assert "rayfence exec" in caught.value.hint
    # As in a pod, where the gateway's name leads to it: here names are resolved to the server on loopback.
    port = next(iter(door.pods.ports.values()))
    real = gateway_client.GatewayClient

    class Resolved(real):  # type: ignore[misc, valid-type]
        def __init__(self, server: gateway_client.Server, bearer: str = "") -> None:
            here = gateway_client.Server("127.0.0.1", port, server.login_host, server.ca_pem)
            super().__init__(here, bearer)

    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")
    monkeypatch.setattr("rayfence.api.clusters.reach.reaches", lambda *_: True)
    monkeypatch.setattr("rayfence.api.session.GatewayClient", Resolved)
    monkeypatch.setattr("rayfence.api.clusters.session.GatewayClient", Resolved)
    told = lasting_environment(target(door), WAY, None, 60, None)
    assert told["RAY_ADDRESS"] == "https://cluster-train.vision-gateway.svc"
    assert json.loads(told["RAY_JOB_HEADERS"]) == {"Authorization": "Bearer minted 60 None"}
    assert "BEGIN CERTIFICATE" in Path(told["SSL_CERT_FILE"]).read_text()
    with gateway(target(door)) as found, environment(found, WAY, None, 60, None, lambda _: None) as inside:
        assert inside["RAY_ADDRESS"] == "https://cluster-train.vision-gateway.svc"
