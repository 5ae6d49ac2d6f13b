"""Settings of a pod below a folder, and a client of a simulated API server, for the tests of this folder."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx2

from rayfence.gateway.pod.api import ApiServer
from rayfence.model.gateway_pod import Holder, Mounts, PodSettings
from rayfence.model.routes import Right, Role
from tests.sim.api_server import SimApi
from tests.sim.gateway import make_settings

HOLDERS = (
    Holder("group:people@acme.com", Role.OPERATOR),
    Holder("serviceAccount:robot@p.iam.gserviceaccount.com", Role.OPERATOR),
    Holder("serviceAccount:ci/runner", Role.SUBMITTER, (Right.RAY_CLIENT,)),
    Holder("serviceAccount:web/front", None, (Right.SERVE_CALL,)),
)


def pod_settings(folder: Path) -> PodSettings:
    """A pod whose mounts lie in `folder`."""
    (folder / "token").write_text("pod-token\n")
    mounts = Mounts(
        str(folder / "m-signing"), str(folder / "m-stamp"), str(folder / "m-ray"), str(folder / "token"), ""
    )
    first = replace(make_settings(folder), workload="cluster-train", users="", operator_key="")
    return PodSettings(
        "vision", "vision-gateway", (first,), HOLDERS, mounts, "gateway-state", "vision:clients", False, "http://api"
    )


def api_server(settings: PodSettings, api: SimApi) -> ApiServer:
    """A client whose requests end in `api`; its watch is a plain answer of one event."""

    def handle(request: httpx2.Request) -> httpx2.Response:
        if api.down:
            raise httpx2.ConnectError("away")
        if "watch" in request.url.params:
            event = json.dumps({"type": "MODIFIED", "object": api.object})
            return httpx2.Response(200, text=f"{event}\n")
        status, value = api.answer(
            request.method, request.url.path, request.content, request.headers.get("authorization", "")
        )
        return httpx2.Response(status, json=value)

    return ApiServer(settings, httpx2.MockTransport(handle))


def answering(settings: PodSettings, handle: Callable[[httpx2.Request], httpx2.Response]) -> ApiServer:
    """A client of a server that answers as told."""
    return ApiServer(settings, httpx2.MockTransport(handle))
