"""Asks one process whether it is ready, again and again, until it is or time is up. A program of its own.

The keeper runs `entry.py prober KIND name=value…` and reads one line: the proof, or the last reason. Exit 0: ready.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from rayfence.adapters.net.handshake import Client, Outcome, accepts, http_get, tls_outcome

Facts = Mapping[str, str]
_PAUSE: Final = 0.1


class NotReady(Exception):
    """Why not yet, in words."""


def main(arguments: Sequence[str]) -> None:
    """Arguments: the kind, then its facts. Ends when its parent ends: nobody would read the answer."""
    kind, *pairs = arguments
    facts = dict(pair.split("=", 1) for pair in pairs)
    parent = os.getppid()
    deadline = time.monotonic() + float(facts["timeout"])
    reason = "never asked"
    while time.monotonic() < deadline and os.getppid() == parent:
        try:
            proof = KINDS[kind](facts)
        except (NotReady, OSError, ValueError, KeyError) as problem:
            reason = str(problem) or type(problem).__name__
            time.sleep(_PAUSE)
        else:
            sys.stdout.write(proof + "\n")
            return
    sys.stdout.write(reason[:500] + "\n")
    sys.exit(1)


def _alive(_facts: Facts) -> str:
    return "runs"


def _answers(facts: Facts) -> str:
    """Alive means to answer, whatever: one that says it can't work now would not be helped by a restart."""
    named = {f"x-rayfence-{name}": facts[name] for name in ("route", "surface") if name in facts}
    if http_get(facts["socket"], facts["path"], {"Host": "localhost", **named}) is None:
        raise NotReady("its socket does not answer")
    return "answers on its socket"


def _service(facts: Facts) -> str:
    path = facts.get("path", "/v1/health")
    named = {f"x-rayfence-{name}": facts[name] for name in ("route", "surface") if name in facts}
    answer = http_get(facts["socket"], path, {"Host": facts.get("host", "localhost"), **named})
    if answer is None:
        raise NotReady("its socket does not answer")
    if answer.status >= 400:
        raise NotReady(f"{path} answers {answer.status}")
    return f"{path} answers {answer.status} on its socket"


def _envoy(facts: Facts) -> str:
    answer = http_get(facts["socket"], "/ready", {"Host": "localhost"})
    if answer is None or answer.status != 200:
        raise NotReady("its admin socket does not say it is live")
    ports = [int(facts[name]) for name in ("port", "ray_client") if name in facts]
    for port in ports:
        if not accepts(port):
            raise NotReady(f"port {port} is closed")
        # A live Envoy may have no listener: whoever had the port before would answer in its place.
        if "ca" in facts and (outcome := tls_outcome(port, Client(facts["ca"]))) is not Outcome.ACCEPTED:
            raise NotReady(f"port {port} with our authority's certificate: {outcome}")
    return ", ".join(["its admin socket says it is live", *(f"port {port} is open" for port in ports[:1])])


def _ray_head(facts: Facts) -> str:
    """Both doors are shown to be locked before the head counts as ready: an open Ray must never be announced."""
    _marker(facts)
    gcs, dashboard = int(facts["gcs"]), int(facts["dashboard"])
    open_answer = http_get(dashboard, "/api/version")
    if open_answer is None:
        raise NotReady("the dashboard does not answer")
    if open_answer.status != 401:
        raise NotReady(f"the dashboard answers {open_answer.status} without a token, not 401")
    answer = http_get(dashboard, "/api/version", _bearer(facts))
    if answer is None or answer.status != 200:
        raise NotReady("the dashboard does not accept the token yet")
    certified = tls_outcome(gcs, Client(facts["ca"], facts["certificate"], facts["key"]))
    if certified is not Outcome.ACCEPTED:
        raise NotReady(f"the GCS with our certificate: {certified}")
    anonymous = tls_outcome(gcs, Client(facts["ca"]))
    if anonymous is not Outcome.REFUSED:
        raise NotReady(f"the GCS without a certificate: {anonymous}")
    return "GCS takes our certificate and refuses none; dashboard answers 401 without and 200 with the token"


def _ray_worker(facts: Facts) -> str:
    node = _marker(facts)
    answer = http_get(int(facts["dashboard"]), "/nodes?view=summary", _bearer(facts))
    if answer is None or answer.status != 200:
        raise NotReady("the head's dashboard does not answer")
    for item in json.loads(answer.body)["data"]["summary"]:
        raylet = item.get("raylet", {})
        if raylet.get("nodeId") == node:
            if raylet.get("state") == "ALIVE":
                return f"the head sees node {node[:12]} alive"
            raise NotReady(f"the head sees node {node[:12]} {raylet.get('state')}")
    raise NotReady(f"the head does not see node {node[:12]} yet")


def _marker(facts: Facts) -> str:
    """Node id out of the marker that `adapters/ray/node.py` writes when its start is complete."""
    if "marker" not in facts:
        return ""
    try:
        # Jobs can write where the marker lies: no link is followed, no pipe waited for, nothing of it is shown.
        handle = os.open(facts["marker"], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        raise NotReady("the node has not started yet") from None
    with os.fdopen(handle, "rb") as file:
        text = file.read(1000)
    try:
        content = json.loads(text)
        run, node = str(content["run"]), str(content["node"])
    except (ValueError, KeyError, TypeError):
        raise NotReady("the node's marker is damaged") from None
    if run != facts["run"] or not node.isalnum():
        raise NotReady("the node has not started yet")
    return node


def _bearer(facts: Facts) -> dict[str, str]:
    return {"Authorization": "Bearer " + Path(facts["token"]).read_text(encoding="ascii").strip()}


KINDS: Final[Mapping[str, Callable[[Facts], str]]] = {
    "alive": _alive,
    "answers": _answers,
    "service": _service,
    "envoy": _envoy,
    "ray-head": _ray_head,
    "ray-worker": _ray_worker,
}
