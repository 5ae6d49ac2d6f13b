from pathlib import Path

from rayfence.adapters.envoy.install import binary_path, installed_version


def test_the_installed_proxy_is_found_without_running_it() -> None:
    path = binary_path()
    assert path is not None
    assert Path(path).is_absolute()
    assert Path(path).is_file()
    assert installed_version() == "1.40.0"
