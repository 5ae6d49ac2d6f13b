import json
import stat
from pathlib import Path

import pytest

from rayfence.adapters.envoy.admin import EnvoyAdmin
from rayfence.adapters.envoy.configuration import difference, replace_configuration, write_files
from rayfence.errors import ProcessError
from rayfence.model.desired import ConfigFile
from tests.unit.adapters.envoy.fake_admin import fake_admin

KIND = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"
DUMP = "type.googleapis.com/envoy.admin.v3.RoutesConfigDump"


def table(folder: Path, version: str) -> ConfigFile:
    """A file with a route table of that version."""
    content = json.dumps({"version_info": version, "resources": [{"@type": KIND, "name": "front"}]})
    return ConfigFile(path=f"{folder}/rds.yaml", content=content)


def runs(version: str) -> dict[str, tuple[int, str]]:
    """An admin interface that shows the table in that version."""
    row = {"version_info": version, "route_config": {"name": "front"}}
    return {"/config_dump": (200, json.dumps({"configs": [{"@type": DUMP, "dynamic_route_configs": [row]}]}))}


def test_only_what_differs_is_written_privately(tmp_path: Path) -> None:
    file = table(tmp_path, "v1")
    assert [one.content for one in write_files([file])] == [""]
    assert stat.S_IMODE(Path(file.path).stat().st_mode) == 0o600
    inode = Path(file.path).stat().st_ino
    assert write_files([file]) == ()
    assert Path(file.path).stat().st_ino == inode
    assert write_files([table(tmp_path, "v2")])[0].content == file.content
    assert [path.name for path in tmp_path.iterdir()] == ["rds.yaml"]


def test_what_envoy_took_stays(tmp_path: Path) -> None:
    with fake_admin(tmp_path, runs("v1")), EnvoyAdmin(f"{tmp_path}/admin.sock") as admin:
        assert replace_configuration(admin, [table(tmp_path, "v1")])
        assert not replace_configuration(admin, [table(tmp_path, "v1")])
        assert difference(admin, [table(tmp_path, "v1")]) == ()


def test_what_envoy_refused_is_put_back_and_named(tmp_path: Path) -> None:
    old = table(tmp_path, "v1")
    write_files([old])
    refused = pytest.raises(ProcessError, match="routes front: runs v1, not v2")
    with fake_admin(tmp_path, runs("v1")), EnvoyAdmin(f"{tmp_path}/admin.sock") as admin, refused:
        replace_configuration(admin, [table(tmp_path, "v2")], patience=0.05, sleep=lambda _: None)
    assert Path(old.path).read_text() == old.content
