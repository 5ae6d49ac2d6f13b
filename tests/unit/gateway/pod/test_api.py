"""Twin of rayfence.gateway.pod.api."""

from pathlib import Path

import httpx2
import pytest

from rayfence.gateway.pod.api import MAX_ANSWER_BYTES, ApiFailure
from tests.sim.api_server import PATH, SimApi
from tests.unit.gateway.pod.pods import answering, api_server, pod_settings

pytestmark = pytest.mark.anyio


async def test_it_shows_its_own_token_as_it_is_now(tmp_path: Path) -> None:
    settings, sim = pod_settings(tmp_path), SimApi()
    api = api_server(settings, sim)
    assert (await api.get(f"{PATH}/gateway-state"))["kind"] == "ConfigMap"
    sim.token = "another"
    with pytest.raises(ApiFailure) as caught:
        await api.get(f"{PATH}/gateway-state")
    assert caught.value.status == 401
    Path(settings.mounts.api_token).write_text("another")
    assert await api.get(f"{PATH}/gateway-state")
    Path(settings.mounts.api_token).unlink()
    with pytest.raises(ApiFailure, match="own token"):
        await api.get(f"{PATH}/gateway-state")
    await api.close()


async def test_conflicts_are_told_by_their_status(tmp_path: Path) -> None:
    sim = SimApi()
    api = api_server(pod_settings(tmp_path), sim)
    value = await api.get(f"{PATH}/gateway-state")
    assert (await api.put(f"{PATH}/gateway-state", {**value, "data": {"a": "b"}}))["data"] == {"a": "b"}
    with pytest.raises(ApiFailure) as caught:
        await api.put(f"{PATH}/gateway-state", {**value, "data": {"a": "c"}})
    assert caught.value.status == 409


@pytest.mark.parametrize("content", [b"[]", b"{", b'{"a":"' + b"x" * MAX_ANSWER_BYTES + b'"}'])
async def test_what_is_no_bounded_object_is_refused(tmp_path: Path, content: bytes) -> None:
    api = answering(pod_settings(tmp_path), lambda request: httpx2.Response(200, content=content))
    with pytest.raises(ApiFailure):
        await api.get("/x")


async def test_a_server_that_is_away_is_a_failure_of_its_own(tmp_path: Path) -> None:
    sim = SimApi()
    sim.down = True
    api = api_server(pod_settings(tmp_path), sim)
    with pytest.raises(ApiFailure, match="can't be reached") as caught:
        await api.get("/x")
    assert caught.value.status == 0
    with pytest.raises(ApiFailure, match="watch"):
        async with api.watch("/x", {"watch": "true"}, 1.0):
            pass


async def test_a_watch_gives_its_events_in_order(tmp_path: Path) -> None:
    lines = '{"type":"ADDED","object":{"n":1}}\n\n{"type":"BOOKMARK","object":{"n":2}}\n'
    api = answering(pod_settings(tmp_path), lambda request: httpx2.Response(200, text=lines))
    async with api.watch("/x", {}, 1.0) as events:
        assert [event["type"] async for event in events] == ["ADDED", "BOOKMARK"]
    gone = answering(pod_settings(tmp_path), lambda request: httpx2.Response(410, json={}))
    with pytest.raises(ApiFailure) as caught:
        async with gone.watch("/x", {}, 1.0):
            pass
    assert caught.value.status == 410
