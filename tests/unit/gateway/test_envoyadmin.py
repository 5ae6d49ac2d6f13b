"""Envoy's admin socket, its answers recorded from Envoy 1.40."""

import asyncio
from collections.abc import Callable

import httpx2
import pytest

from rayfence.gateway.envoyadmin import EnvoyAdmin
from rayfence.gateway.loss import Sample

STARTED = {"configs": [{"@type": "x", "last_updated": "2026-11-25T15:26:24.249Z"}]}
STATS = {
    "stats": [
        {"name": "http.front.downstream_rq_active", "value": 2},
        {"name": "http.front.downstream_rq_total", "value": 12},
        {"name": "http.ray_client.downstream_rq_active", "value": 1},
        {"name": "http.ray_client.downstream_rq_total", "value": 1},
        {"histograms": {"computed_quantiles": []}},
    ]
}

Answer = Callable[[httpx2.Request], httpx2.Response]


def ask(answer: Answer) -> tuple[Sample | None, bool]:
    """A sample, and whether the log was reopened."""

    async def run() -> tuple[Sample | None, bool]:
        admin = EnvoyAdmin("/nowhere/admin.sock", transport=httpx2.MockTransport(answer))
        try:
            return await admin.sample(), await admin.reopen_logs()
        finally:
            await admin.close()

    return asyncio.run(run())


def envoy(request: httpx2.Request) -> httpx2.Response:
    """Envoy as it answers."""
    if request.url.path == "/reopen_logs":
        return httpx2.Response(200 if request.method == "POST" else 405)
    return httpx2.Response(200, json=STARTED if request.url.path == "/config_dump" else STATS)


def test_what_has_ended_is_what_began_and_is_not_under_way() -> None:
    sample, reopened = ask(envoy)
    assert sample is not None
    assert sample.finished == {"front": 10, "ray_client": 0}
    assert sample.epoch == 1795620384.249
    assert reopened


def test_only_times_and_counters_are_asked_for() -> None:
    asked = []

    def watch(request: httpx2.Request) -> httpx2.Response:
        asked.append((request.url.path, dict(request.url.params)))
        return envoy(request)

    ask(watch)
    assert ("/config_dump", {"mask": "last_updated"}) in asked
    assert asked[1][1]["format"] == "json"


def test_a_restart_between_the_questions_is_no_sample() -> None:
    times = iter(["2026-11-25T15:26:24.249Z", "2026-11-25T15:26:29.000Z"])

    def restarting(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/config_dump":
            return httpx2.Response(200, json={"configs": [{"last_updated": next(times)}]})
        return envoy(request)

    assert ask(restarting)[0] is None


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"configs":[]}', b'{"configs":[{"last_updated":"x"}]}'])
def test_a_strange_answer_is_no_sample(body: bytes) -> None:
    assert ask(lambda request: httpx2.Response(200, content=body))[0] is None


def test_an_envoy_that_is_away_is_no_error() -> None:
    def away(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("no such file")

    assert ask(away) == (None, False)
