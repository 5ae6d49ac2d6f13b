"""Nothing starts on files that others could read or replace, or that are damaged."""

from collections.abc import Callable
from pathlib import Path

import pytest

from rayfence.access.revocation import REVOCATIONS_FILE
from rayfence.errors import StateError
from rayfence.gateway.startup import check_files, make_service, read_settings
from rayfence.model.gateway import GatewaySettings
from tests.sim.gateway import SimJournal, make_settings, write

pytestmark = pytest.mark.anyio


@pytest.fixture
def settings(tmp_path: Path) -> GatewaySettings:
    """An instance ready to start."""
    return make_settings(tmp_path / "state")


def test_a_sound_instance_passes(settings: GatewaySettings) -> None:
    check_files(settings)


@pytest.mark.parametrize("place", ["envoy", "signing", "stamp", "trail", "heads", "run", "."])
def test_a_folder_open_to_others(settings: GatewaySettings, place: str) -> None:
    path = Path(settings.users).parent / place
    path.chmod(0o750)
    with pytest.raises(StateError, match="open to other accounts"):
        check_files(settings)


@pytest.mark.parametrize("name", ["ray-token", "operator-key", "users.json"])
def test_a_file_open_to_others(settings: GatewaySettings, name: str) -> None:
    path = Path(settings.users).parent / name
    write(path, "x")
    path.chmod(0o640)
    with pytest.raises(StateError, match="open to other accounts"):
        check_files(settings)


@pytest.mark.parametrize(
    "change", [lambda text: text.replace('"port"', '"prt"'), lambda text: text[:-9], lambda text: "[]", lambda text: ""]
)
def test_damaged_settings(settings: GatewaySettings, tmp_path: Path, change: Callable[[str], str]) -> None:
    write(tmp_path / "gateway.json", settings.to_json())
    assert read_settings(tmp_path / "gateway.json") == settings
    write(tmp_path / "gateway.json", change(settings.to_json()))
    with pytest.raises(StateError, match="damaged"):
        read_settings(tmp_path / "gateway.json")


async def test_the_files_envoy_needs_are_there_before_it_starts(settings: GatewaySettings) -> None:
    service = make_service(settings, SimJournal())
    assert Path(settings.jwks).exists()
    assert (Path(settings.envoy_dir) / REVOCATIONS_FILE).exists()
    await service.close()


def test_keys_that_are_none(settings: GatewaySettings) -> None:
    write(Path(settings.stamp_keys) / "stamp1", "short")
    with pytest.raises(StateError, match="256-bit"):
        make_service(settings, SimJournal())
