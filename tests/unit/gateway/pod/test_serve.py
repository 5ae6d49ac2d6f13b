"""Twin of rayfence.gateway.pod.serve. Two whole replicas run in tests/envoy/test_pods.py."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from rayfence.access.signing_keys import JWT_FILE
from rayfence.errors import StateError
from rayfence.gateway.journal import Journal
from rayfence.gateway.pod import serve as module
from rayfence.gateway.pod.api import ApiFailure
from rayfence.gateway.pod.serve import (
    app_of,
    close,
    hand_on_filter,
    make_folders,
    make_pod_service,
    mirrors_of,
    read_pod_settings,
    serve_pod,
)
from rayfence.gateway.sessions.handover import SignedHandOver
from rayfence.model.gateway_pod import PodSettings
from tests.sim.api_server import SimApi
from tests.unit.gateway.pod.pods import api_server, pod_settings

pytestmark = pytest.mark.anyio


def _two(folder: Path) -> PodSettings:
    settings = pod_settings(folder)
    second = replace(settings.first, workload="service-answers", ray_token=str(folder / "tokens" / "service-answers"))
    return replace(settings, served=(settings.first, second))


def test_settings_are_read_strictly(tmp_path: Path) -> None:
    settings = pod_settings(tmp_path)
    path = tmp_path / "gateway.json"
    path.write_text(settings.to_json())
    assert read_pod_settings(path) == settings
    path.write_text("{}")
    with pytest.raises(StateError, match="damaged"):
        read_pod_settings(path)
    with pytest.raises(StateError, match="can't be read"):
        read_pod_settings(tmp_path / "none")


def test_folders_are_the_services_own(tmp_path: Path) -> None:
    settings = _two(tmp_path)
    tmp_path.chmod(0o777)
    make_folders(settings)
    for folder in (
        settings.first.envoy_dir,
        settings.first.trail_dir,
        str(tmp_path / "tokens"),
        str(tmp_path / "state"),
    ):
        assert Path(folder).stat().st_mode & 0o777 == 0o700
    sources = {mirror._source.name for mirror in mirrors_of(settings)}
    assert sources == {"m-signing", "m-stamp", "m-ray"}


def test_the_filter_of_tokens_is_handed_on_before_it_is_marked(tmp_path: Path) -> None:
    first = replace(pod_settings(tmp_path).first, static_dir=str(tmp_path / "config"))
    with pytest.raises(StateError, match="handed on"):
        hand_on_filter(first)
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / JWT_FILE).write_text(json.dumps({"resources": []}))
    hand_on_filter(first)
    assert json.loads((Path(first.envoy_dir) / JWT_FILE).read_text()) == {"resources": []}


async def test_ray_objects_share_identities_and_differ_in_ray(tmp_path: Path) -> None:
    settings = _two(tmp_path)
    make_folders(settings)
    journal = Journal.open(settings.first)
    api = api_server(settings, SimApi())
    service, shared = make_pod_service(settings, journal, api)
    app = app_of(settings, service)
    (other,) = app.others
    assert other.ray is not service.ray
    assert other.records is not service.records
    assert other.settings.workload == "service-answers"
    for name in ("minter", "revocations", "lockout", "members", "shared", "stamps", "recorder", "handover"):
        assert getattr(other, name) is getattr(service, name)
    assert isinstance(service.handover, SignedHandOver)
    assert service.shared is shared
    await close(service, app)
    await api.close()
    journal.close()


async def test_without_members_no_token_of_an_account_is_taken(tmp_path: Path) -> None:
    settings = replace(pod_settings(tmp_path), client_audience="")
    make_folders(settings)
    journal = Journal.open(settings.first)
    service, _ = make_pod_service(settings, journal, api_server(settings, SimApi()))
    assert service.members is None
    await service.close()
    journal.close()


async def test_a_pod_that_cant_read_what_is_shared_serves_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_START_ATTEMPTS", 2)
    monkeypatch.setattr(module, "_START_SECONDS", 0.01)
    settings = replace(pod_settings(tmp_path), api="http://127.0.0.1:1")
    settings = replace(settings, served=(replace(settings.first, static_dir=settings.first.envoy_dir),))
    (Path(settings.first.envoy_dir) / JWT_FILE).write_text("{}")
    for name in ("m-signing", "m-stamp", "m-ray"):
        (tmp_path / name).mkdir()
    with pytest.raises(ApiFailure):
        await asyncio.wait_for(serve_pod(settings), 30)
    assert not Path(settings.first.service_socket).exists()
