"""Two hundred clients at once for a minute, of every role, at one real instance: is any decision wrong?

    python -m bench.clients [--json] [--clients 200] [--seconds 60] [--jobs 20]

Reads, refusals, and stops and logs of finished jobs by owner, operator, viewer, another submitter and nobody. Each
answer is compared with what that person may get. A 5xx that the gateway made itself counts against it; Ray's does not.
"""

import argparse
import asyncio
import itertools
import json
import ssl
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import httpx2

from tests.e2e.stack import ENDED, Person, Stack


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, and the status it must get. `token` is empty for a stranger."""

    who: str
    token: str
    method: str
    path: str
    wanted: int


def asks(people: dict[str, Person], jobs: list[str]) -> list[Ask]:
    """Every kind of request; the owner of all jobs is alice."""
    tokens = {"nobody": "", **{name: person.token for name, person in people.items()}}
    found: list[Ask] = []

    def add(method: str, path: str, **wanted: int) -> None:
        found.extend(Ask(who, tokens[who], method, path, status) for who, status in wanted.items())

    add("GET", "/api/version", nobody=401, vera=200, bob=200, alice=200, olga=200)
    add("GET", "/api/jobs/", nobody=401, vera=200, olga=200)
    add("POST", "/api/jobs/", nobody=401, vera=403)
    add("GET", "/no/such/route", nobody=401, vera=403, olga=403)
    for job in jobs:
        add("GET", f"/api/jobs/{job}/logs", nobody=401, vera=403, bob=403, alice=200, olga=200)
        add("POST", f"/api/jobs/{job}/stop", nobody=401, vera=403, bob=403, alice=200, olga=200)
    return found


class Crowd:
    """Clients that ask in turn, and what was wrong with the answers."""

    def __init__(self, url: str, ca: str, requests: list[Ask]) -> None:
        self._url, self._context = url, ssl.create_default_context(cafile=ca)
        self._requests = requests
        self.answers: Counter[int] = Counter()
        self.wrong: Counter[str] = Counter()
        self.own_failures: Counter[str] = Counter()
        self.rays_failures = 0

    async def run(self, clients: int, seconds: float) -> None:
        """All of them, until the time is over."""
        until = time.monotonic() + seconds
        await asyncio.gather(*(self._client(number, until) for number in range(clients)))

    async def _client(self, number: int, until: float) -> None:
        start = number * 7 % len(self._requests)
        turn = itertools.cycle([*self._requests[start:], *self._requests[:start]])
        async with httpx2.AsyncClient(base_url=self._url, verify=self._context, timeout=60, trust_env=False) as client:
            while time.monotonic() < until:
                await self._one(client, next(turn))

    async def _one(self, client: httpx2.AsyncClient, ask: Ask) -> None:
        headers = {"authorization": f"Bearer {ask.token}"} if ask.token else {}
        name = f"{ask.who} {ask.method} {ask.path}"
        try:
            answer = await client.request(ask.method, ask.path, headers=headers)
        except httpx2.HTTPError as error:
            self.own_failures[f"{name}: {type(error).__name__}"] += 1
            return
        self.answers[answer.status_code] += 1
        if answer.status_code >= 500:
            refusal = answer.headers.get("x-rayfence-refusal", "")
            if refusal in {"", "ray_failed"}:
                self.rays_failures += 1
            else:
                self.own_failures[f"{name}: {answer.status_code} {refusal}"] += 1
        elif answer.status_code != ask.wanted:
            self.wrong[f"{name}: {answer.status_code} instead of {ask.wanted}"] += 1


def finished_jobs(alice: Person, count: int) -> list[str]:
    """Jobs of alice's that have ended."""
    jobs = []
    for _ in range(count):
        jobs.append(alice.submit("echo done"))
        while alice.job(jobs[-1])["status"] not in ENDED:
            time.sleep(0.2)
    return jobs


def measure(clients: int, seconds: int, count: int) -> dict[str, object]:
    """One instance, its people, their jobs, and the crowd."""
    with tempfile.TemporaryDirectory(prefix="rfb-") as name:
        stack = Stack.at(Path(name), "bench")
        try:
            stack.up()
            roles = {"alice": "submitter", "bob": "submitter", "vera": "viewer", "olga": "operator"}
            people = {who: stack.add(who, role) for who, role in roles.items()}
            requests = asks(people, finished_jobs(people["alice"], count))
            crowd = Crowd(stack.url, stack.layout.front_ca, requests)
            asyncio.run(crowd.run(clients, seconds))
        finally:
            stack.down()
    return {
        "clients": clients,
        "answers": {str(status): number for status, number in sorted(crowd.answers.items())},
        "wrong_decisions": dict(crowd.wrong.most_common(10)),
        "own_failures": dict(crowd.own_failures.most_common(10)),
        "rays_failures": crowd.rays_failures,
        "kept": not crowd.wrong and not crowd.own_failures and crowd.answers.total() > clients,
        "repeat": "python -m bench.clients --json",
    }


def main() -> int:
    """Print the result; exit 1 when anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", action="store_true", help="the only form there is")
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--jobs", type=int, default=20)
    arguments = parser.parse_args()
    result = measure(arguments.clients, arguments.seconds, arguments.jobs)
    print(json.dumps(result, indent=1))
    return 0 if result["kept"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
