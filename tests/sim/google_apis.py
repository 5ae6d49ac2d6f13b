"""An organisation behind Google's REST APIs on loopback: as much as reading its policies asks for.

Paths, members and errors copy Google's; semantics are a model. `denied` and `broken` make single paths fail.
Every request is kept in `seen`. Source: references of Resource Manager v3, Organization Policy v2, Compute Engine v1.
"""

import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

Answer = tuple[int, Any]


def refusal(status: int, name: str, message: str, reason: str = "") -> Answer:
    """Google's error object."""
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}] if reason else []
    return status, {"error": {"code": status, "status": name, "message": message, "details": details}}


DENIED = refusal(403, "PERMISSION_DENIED", "The caller does not have permission")
MISSING = refusal(404, "NOT_FOUND", "not found")


@dataclass
class SimGoogle:
    """One project `acme-ml` (123) in folders/2 in organizations/1; change its members before reading."""

    parents: dict[str, str] = field(default_factory=lambda: {"acme-ml": "folders/2", "folders/2": "organizations/1"})
    numbers: dict[str, str] = field(default_factory=lambda: {"acme-ml": "123"})
    policies: dict[str, list[Any]] = field(default_factory=dict)
    merged: dict[str, Any] = field(default_factory=dict)
    custom: list[Any] = field(default_factory=list)
    tags: list[Any] = field(default_factory=list)
    networks: dict[str, Any] = field(default_factory=dict)
    associations: dict[str, list[str]] = field(default_factory=dict)
    firewall_policies: dict[str, Any] = field(default_factory=dict)
    denied: set[str] = field(default_factory=set)
    #: path to the answers it gives before the right one, in order
    broken: dict[str, list[Answer]] = field(default_factory=dict)
    page: int = 2
    seen: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    def __enter__(self) -> Self:
        sim = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                url = urlsplit(self.path)
                query = {key: values[0] for key, values in parse_qs(url.query).items()}
                sim.seen.append((self.command, url.path, {k.lower(): v for k, v in self.headers.items()}))
                status, body = sim.answer(self.command, url.path, query)
                raw = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(raw)))
                if status == 302:
                    self.send_header("location", "http://127.0.0.1:9/elsewhere")
                self.end_headers()
                self.wfile.write(raw)

            do_POST = do_GET

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def overrides(self) -> dict[str, str]:
        """Addresses of the three APIs, as `CLOUDSDK_API_ENDPOINT_OVERRIDES_…` would give them."""
        address = f"http://127.0.0.1:{self._server.server_port}/"
        return dict.fromkeys(("cloudresourcemanager", "compute", "orgpolicy"), address)

    def paths(self) -> list[str]:
        """Paths that were asked for, in order."""
        return [path for _, path, _ in self.seen]

    def answer(self, method: str, path: str, query: dict[str, str]) -> Answer:
        """The answer to one request."""
        if self.broken.get(path):
            return self.broken[path].pop(0)
        if path in self.denied:
            return DENIED
        if method == "POST":
            return self._ancestry(path)
        if path == "/v3/effectiveTags":
            return self._listed("effectiveTags", self.tags, query)
        if found := re.fullmatch(r"/v3/(?:projects/)?(folders/\d+|[a-z-]+)", path):
            return self._described(found[1])
        if found := re.fullmatch(r"/v2/(.+)/policies", path):
            node = found[1].removeprefix("projects/")
            return self._listed("policies", self.policies.get(node, []), query)
        if found := re.fullmatch(r"/v2/projects/acme-ml/policies/(.+):getEffectivePolicy", path):
            merged = self.merged.get(found[1])
            return MISSING if merged is None else (200, merged)
        if path == "/v2/organizations/1/customConstraints":
            return self._listed("customConstraints", self.custom, query)
        return self._compute(path.removeprefix("/compute/v1/"), query)

    def _described(self, node: str) -> Answer:
        if node not in self.parents:
            return DENIED  # Google does not tell what exists from what may not be seen
        parent = {"parent": self.parents[node]} if self.parents[node] else {}
        name = {"name": f"projects/{self.numbers[node]}", "projectId": node} if node in self.numbers else {"name": node}
        return 200, {**name, **parent, "state": "ACTIVE"}

    def _ancestry(self, path: str) -> Answer:
        node = path.removeprefix("/v1/projects/").removesuffix(":getAncestry")
        nodes = [f"projects/{node}"]
        while node := self.parents.get(node, ""):
            nodes.append(node)
        ids = [dict(zip(("type", "id"), (n.split("/")[0][:-1], n.split("/")[1]), strict=True)) for n in nodes]
        return 200, {"ancestor": [{"resourceId": item} for item in ids]}

    def _listed(self, key: str, items: list[Any], query: dict[str, str]) -> Answer:
        start = int(query.get("pageToken", "0"))
        more = {"nextPageToken": str(start + self.page)} if start + self.page < len(items) else {}
        found = items[start : start + self.page]
        return 200, {**({key: found} if found else {}), **more}

    def _compute(self, path: str, query: dict[str, str]) -> Answer:
        if found := re.fullmatch(r"projects/(.+)/global/networks/([a-z0-9-]+)(/getEffectiveFirewalls)?", path):
            network = self.networks.get(f"{found[1]}/{found[2]}")
            if network is None:
                return MISSING
            return 200, network["firewalls" if found[3] else "network"]
        if path == "locations/global/firewallPolicies/listAssociations":
            node = query["targetResource"]
            ids = self.associations.get(node, [])
            return 200, {"associations": [{"firewallPolicyId": i, "attachmentTarget": node} for i in ids]}
        policy = self.firewall_policies.get(path.rpartition("/")[2])
        return MISSING if policy is None else (200, policy)
