import json
from pathlib import Path

import pytest

from rayfence.adapters.envoy.admin import EnvoyAdmin
from rayfence.errors import ProcessError
from tests.unit.adapters.envoy.fake_admin import fake_admin


def stats(**values: int) -> str:
    """Envoy's JSON form of counters; dots are written as two underscores."""
    rows: list[dict[str, object]] = [
        {"name": name.replace("__", "."), "value": value} for name, value in values.items()
    ]
    return json.dumps({"stats": [*rows, {"histograms": {}}]})


def test_it_asks_on_the_socket_and_reads_the_answers(tmp_path: Path) -> None:
    answers = {
        "/ready": (200, "LIVE\n"),
        "/listeners": (200, "front::127.0.0.1:8443\nray_client::127.0.0.1:8449\n"),
        "/config_dump": (200, '{"configs": []}'),
        "/stats": (200, stats(http__front__downstream_rq_completed=7, http__ray_client__downstream_rq_completed=0)),
        "/reopen_logs": (200, "OK\n"),
    }
    with fake_admin(tmp_path, answers) as server, EnvoyAdmin(f"{tmp_path}/admin.sock") as admin:
        assert admin.ready()
        assert admin.listeners() == {"front": "127.0.0.1:8443", "ray_client": "127.0.0.1:8449"}
        assert admin.config_dump() == {"configs": []}
        assert admin.requests_completed() == {"front": 7, "ray_client": 0}
        admin.reopen_logs()
        assert server.asked[-1] == "POST /reopen_logs"


def test_only_refusals_of_configuration_are_named(tmp_path: Path) -> None:
    counted = stats(listener_manager__lds__update_rejected=2, cluster__ray__update_failure=1, sds__x__update_rejected=0)
    with fake_admin(tmp_path, {"/stats": (200, counted)}), EnvoyAdmin(f"{tmp_path}/admin.sock") as admin:
        assert admin.refusals() == {"listener_manager.lds.update_rejected": 2}


def test_the_part_with_the_route_tables_has_the_form_of_a_dump(tmp_path: Path) -> None:
    rows = '{"configs": [{"version_info": "v", "route_config": {"name": "front"}}]}'
    with fake_admin(tmp_path, {"/config_dump": (200, rows)}), EnvoyAdmin(f"{tmp_path}/admin.sock") as admin:
        section = admin.routes_dump()["configs"][0]
        assert section["dynamic_route_configs"][0]["route_config"]["name"] == "front"


def test_silence_is_not_ready_and_an_error_for_all_else(tmp_path: Path) -> None:
    with EnvoyAdmin(f"{tmp_path}/none.sock") as admin:
        assert not admin.ready()
        with pytest.raises(ProcessError, match="does not answer"):
            admin.config_dump()


def test_a_refusal_and_nonsense_are_errors(tmp_path: Path) -> None:
    with fake_admin(tmp_path, {"/config_dump": (200, "[]")}) as server, EnvoyAdmin(f"{tmp_path}/admin.sock") as admin:
        with pytest.raises(ProcessError, match="no object"):
            admin.config_dump()
        server.answers["/ready"] = (503, "INITIALIZING")
        assert not admin.ready()
        with pytest.raises(ProcessError, match="404"):
            admin.reopen_logs()
