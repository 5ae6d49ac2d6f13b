"""A kubelet for `verify`'s probes, and a network for them: who reaches what is a table, enforced or not.

Runs what a probe's pod is told (its argument, decoded) against that table instead of sockets, and prints the report.
"""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from rayfence.verify.kubernetes.inside.crew import PART
from tests.sim.kubernetes.cluster import SimCluster

Said = dict[str, object]
#: An open listener of the probe's own.
HELLO: Said = {"kind": "http", "paths": {"GET /": 200}}


@dataclass
class SimProbes:
    """Beside a SimCluster. `ports`: address to what each open port says; `walls`: whether policies hold.

    `let_in`: who gets through where they do: (part of the attacker, address, port). `replies`: answer to a request by
    the end of its key. `broken`: part to the phase in which such a pod ends without a word.
    """

    cluster: SimCluster
    ports: dict[str, dict[int, Said]] = field(default_factory=dict)
    walls: bool = True
    let_in: Callable[[str, str, int], bool] = lambda part, address, port: False
    replies: dict[str, Said] = field(default_factory=dict)
    greetings: dict[str, str] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    wishes: dict[str, dict[str, Any]] = field(default_factory=dict)
    closed: str = ""

    def __post_init__(self) -> None:
        self.cluster.clock.beside.append(self.step)

    def step(self) -> None:
        """Run every pod of a probe that does not run yet."""
        for pod in list(self.cluster.objects.values()):
            part = pod["metadata"].get("labels", {}).get(PART)
            if pod["kind"] == "Pod" and part and "status" not in pod:
                self._run(pod, part)

    def _run(self, pod: dict[str, Any], part: str) -> None:
        home, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
        wish = json.loads(base64.b64decode(pod["spec"]["containers"][0]["args"][0]))
        self.wishes[part] = wish
        if part in self.broken:
            pod["status"] = {"phase": self.broken[part], "reason": "Evicted"}
            return
        address = f"10.9.0.{len(self.wishes)}"
        state = {"running": {}} if part in ("open", "closed") else {"terminated": {"exitCode": 0}}
        pod["status"] = {
            "phase": "Running" if part in ("open", "closed") else "Succeeded",
            "podIP": address,
            "containerStatuses": [{"name": "probe", "state": state}],
        }
        if part in ("open", "closed"):
            self.ports[address] = {8080: HELLO}
            self.closed = address if part == "closed" else self.closed
            return
        self.cluster.logs[home, name] = f"noise\n{wish['mark']}{json.dumps(self._report(part, wish))}\n"

    def _report(self, part: str, wish: dict[str, Any]) -> dict[str, object]:
        targets = {}
        for key, spot in wish["targets"].items():
            known = self.ports.get(spot["host"], {})
            if spot["host"] == "self":
                found = [[1, HELLO]]
            else:
                found = [
                    [port, said]
                    for port, said in known.items()
                    if any(first <= port <= last for first, last in spot["ports"])
                    and self._reaches(part, spot["host"], port)
                ]
            targets[key] = {"tried": 1, "open": found}
        health = {"status": 200, "body": "{}"}
        refused = {"error": "unauthenticated", "message": "", "required": "", "request_id": "1"}
        usual: dict[str, Said] = {
            "health": health,
            "account": {"status": 403, "body": json.dumps(refused)},
            "host": {"status": 421, "body": json.dumps(refused)},
        }
        default: Said = {"status": 401, "body": json.dumps(refused)}
        replies = {**usual, **self.replies}
        return {
            "targets": targets,
            "requests": {key: replies.get(key.rpartition("/")[2], default) for key in wish["requests"]},
            "greetings": {key: self._greeted(key.rpartition("/")[2]) for key in wish["greetings"]},
        }

    def _greeted(self, version: str) -> str:
        return self.greetings.get(version, "accepted (TLSv1.2)" if version == "TLSv1_2" else "refused")

    def _reaches(self, part: str, address: str, port: int) -> bool:
        if not self.walls:
            return True
        if address.startswith("10.9.0."):
            return part != "tenant" and address != self.closed
        return self.let_in(part, address, port)
