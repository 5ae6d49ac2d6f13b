"""Envoy's admin interface, on its unix socket: is it live, what does it run, what has it counted.

Leaves out anything that changes how it serves: configuration goes through files (`configuration`), stopping through
its process.
"""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, Self

import httpx2

from rayfence.errors import ProcessError, cut

TIMEOUT_SECONDS: Final = 5.0


class EnvoyAdmin:
    """A client of one Envoy.

    Every method raises ProcessError when the socket does not answer, unless it says otherwise.
    """

    def __init__(self, socket: str) -> None:
        self._socket = socket
        self._client = httpx2.Client(
            transport=httpx2.HTTPTransport(uds=socket), base_url="http://envoy", timeout=TIMEOUT_SECONDS
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the connection."""
        self._client.close()

    def ready(self) -> bool:
        """Whether it is live: first configuration taken, listeners open. False when nothing answers."""
        try:
            return self._client.get("/ready").status_code == 200
        except httpx2.HTTPError:
            return False

    def config_dump(self) -> Mapping[str, Any]:
        """What it runs, as its own JSON. Secrets are redacted by Envoy."""
        return self._dump({})

    def routes_dump(self) -> Mapping[str, Any]:
        """The part of `config_dump` that names route tables and their versions, without the routes: quick to poll."""
        rows = self._dump({"resource": "dynamic_route_configs", "mask": "version_info,route_config.name"})
        return {"configs": [{"@type": "RoutesConfigDump", "dynamic_route_configs": rows.get("configs", [])}]}

    def counters(self, expression: str) -> dict[str, int]:
        """Counters and gauges whose name matches the regular expression."""
        answer = self._ask("GET", "/stats", {"filter": expression, "format": "json"})
        stats = answer.json().get("stats", [])
        return {
            str(row["name"]): int(row["value"]) for row in stats if "name" in row and isinstance(row.get("value"), int)
        }

    def requests_completed(self) -> dict[str, int]:
        """Answered requests per listener (`front`, `ray_client`): what the access log must hold as many lines of."""
        found = self.counters(r"^http\.(front|ray_client)\.downstream_rq_completed$")
        return {name.split(".")[1]: value for name, value in found.items()}

    def refusals(self) -> dict[str, int]:
        """Configuration it did not take since it started: counter name to count, only those above zero."""
        found = self.counters(r"(update_rejected|update_failure|config_fail)$")
        return {name: value for name, value in found.items() if value and not name.startswith("cluster.")}

    def listeners(self) -> dict[str, str]:
        """Open listeners: name to address."""
        rows = self._ask("GET", "/listeners").text.splitlines()
        return dict(row.split("::", 1) for row in rows if "::" in row)

    def reopen_logs(self) -> None:
        """Open the access log anew, after someone has renamed it."""
        self._ask("POST", "/reopen_logs")

    def _dump(self, params: Mapping[str, str]) -> Mapping[str, Any]:
        value = self._ask("GET", "/config_dump", params).json()
        if not isinstance(value, dict):
            raise ProcessError("Envoy's configuration dump is no object")
        return value

    def _ask(self, method: str, path: str, params: Mapping[str, str] | None = None) -> httpx2.Response:
        try:
            answer = self._client.request(method, path, params=params)
        except httpx2.HTTPError as error:
            raise ProcessError(f"Envoy does not answer on {self._socket}: {cut(str(error))}") from error
        if answer.status_code != 200:
            raise ProcessError(f"Envoy answers {answer.status_code} to {path}: {cut(answer.text)}")
        return answer
