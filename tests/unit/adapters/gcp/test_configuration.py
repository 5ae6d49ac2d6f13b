"""The local gcloud configuration."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rayfence.adapters.gcp.configuration import ConfigurationUnreadable, GcloudConfiguration, read_configuration

TEXT = "[core]\nproject = acme-ml\naccount = a@b.org\n\n[compute]\nzone = europe-west4-a\n"


def write(home: Path, text: str | bytes, name: str = "default", active: str = "") -> None:
    folder = home / ".config" / "gcloud" / "configurations"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"config_{name}").write_bytes(text.encode() if isinstance(text, str) else text)
    if active:
        (folder.parent / "active_config").write_text(active, encoding="utf-8")


def test_nothing_is_configured(tmp_path: Path) -> None:
    assert read_configuration({}, tmp_path) == GcloudConfiguration("default")


def test_the_active_configuration_is_read_and_a_zone_tells_its_region(tmp_path: Path) -> None:
    write(tmp_path, "[core]\nproject = other-one\n")
    write(tmp_path, TEXT, "work", "work\n")
    assert read_configuration({}, tmp_path) == GcloudConfiguration(
        "work", project="acme-ml", region="europe-west4", zone="europe-west4-a"
    )
    by_variable = read_configuration({"CLOUDSDK_ACTIVE_CONFIG_NAME": "default"}, tmp_path)
    assert by_variable.project == "other-one"


def test_variables_come_first(tmp_path: Path) -> None:
    write(tmp_path, TEXT)
    found = read_configuration(
        {
            "CLOUDSDK_CORE_PROJECT": "example.com:from-env",
            "CLOUDSDK_COMPUTE_REGION": "us-east1",
            "CLOUDSDK_BILLING_QUOTA_PROJECT": "payer-1",
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_ORGPOLICY": "http://127.0.0.1:1/",
        },
        tmp_path,
    )
    assert (found.project, found.region, found.zone) == ("example.com:from-env", "us-east1", "europe-west4-a")
    assert found.quota_project == "payer-1"
    assert found.overrides == {"orgpolicy": "http://127.0.0.1:1/"}


def test_another_folder(tmp_path: Path) -> None:
    write(tmp_path, TEXT)
    folder = str(tmp_path / ".config" / "gcloud")
    assert read_configuration({"CLOUDSDK_CONFIG": folder}, tmp_path / "elsewhere").project == "acme-ml"


def test_gclouds_words_for_quota_are_no_project(tmp_path: Path) -> None:
    write(tmp_path, "[billing]\nquota_project = LEGACY\n[api_endpoint_overrides]\ncompute = http://127.0.0.1:2/\n")
    found = read_configuration({}, tmp_path)
    assert found.quota_project == ""
    assert found.overrides == {"compute": "http://127.0.0.1:2/"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[core\nproject = x", "config_default"),
        ("project = x", "config_default"),
        (b"\xff\xfe", "UTF-8"),
        ("[core]\nproject = ${evil}\n", "core/project"),
        ("[compute]\nregion = europe-west4; rm\n", "compute/region"),
        ("[compute]\nzone = x\n", "compute/zone"),
        (b" " * (1024 * 1024 + 1), "larger"),
    ],
)
def test_a_file_that_can_not_be_understood_is_an_error(tmp_path: Path, text: str | bytes, said: str) -> None:
    write(tmp_path, text)
    with pytest.raises(ConfigurationUnreadable, match=said):
        read_configuration({}, tmp_path)


def test_a_name_that_leaves_the_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationUnreadable, match="not the name"):
        read_configuration({"CLOUDSDK_ACTIVE_CONFIG_NAME": "../../etc/passwd"}, tmp_path)
    write(tmp_path, TEXT, active="a/b")
    with pytest.raises(ConfigurationUnreadable, match="not the name"):
        read_configuration({}, tmp_path)


def test_a_folder_in_the_place_of_a_file(tmp_path: Path) -> None:
    (tmp_path / ".config" / "gcloud" / "configurations" / "config_default").mkdir(parents=True)
    with pytest.raises(ConfigurationUnreadable):
        read_configuration({}, tmp_path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=120) | st.text("[]=:\ncoreprjtmpuz.-1%{}$ #;", max_size=120))
def test_any_file_is_read_or_refused(tmp_path: Path, text: str) -> None:
    write(tmp_path, text.encode("utf-8", "replace"))
    try:
        read_configuration({}, tmp_path)
    except ConfigurationUnreadable:
        return
