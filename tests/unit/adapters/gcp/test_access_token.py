"""Where an access token comes from, and that it goes nowhere else."""

import stat
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from rayfence.adapters.gcp import access_token as module
from rayfence.adapters.gcp.access_token import COMMAND, NoAccessToken, access_token, run_gcloud


def never(command: tuple[str, ...], environ: Mapping[str, str]) -> tuple[int, str, str]:
    raise AssertionError("gcloud was started")


def test_none_where_credentials_are_switched_off() -> None:
    assert access_token({"CLOUDSDK_AUTH_DISABLE_CREDENTIALS": "true", "GOOGLE_OAUTH_ACCESS_TOKEN": "x"}, never) == ""


def test_a_token_of_the_environment() -> None:
    assert access_token({"GOOGLE_OAUTH_ACCESS_TOKEN": " ya29.x \n"}, never) == "ya29.x"


def test_a_token_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("ya29.y\n", encoding="ascii")
    assert access_token({"CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": str(file)}, never) == "ya29.y"
    for content in (b"", b"\xff", b"two words"):
        file.write_bytes(content)
        with pytest.raises(NoAccessToken, match="ACCESS_TOKEN_FILE"):
            access_token({"CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": str(file)}, never)
    with pytest.raises(NoAccessToken, match="can't be read"):
        access_token({"CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": str(tmp_path / "none")}, never)


def test_gclouds_token() -> None:
    asked: list[tuple[str, ...]] = []

    def run(command: tuple[str, ...], environ: Mapping[str, str]) -> tuple[int, str, str]:
        asked.append(command)
        return 0, "ya29.z\n", "a warning"

    assert access_token({}, run) == "ya29.z"
    assert asked == [COMMAND]


def test_gclouds_refusal_is_told() -> None:
    with pytest.raises(NoAccessToken, match="no active account"):
        access_token({}, lambda *_: (1, "", "ERROR: no active account"))
    with pytest.raises(NoAccessToken, match="exit status 3"):
        access_token({}, lambda *_: (3, "", ""))


@pytest.mark.parametrize("output", ["", "a b", "tok\r\nx-evil: 1", "é", "x" * 20_000])
def test_what_is_no_token_is_not_sent_and_not_shown(output: str) -> None:
    with pytest.raises(NoAccessToken, match="no access token") as caught:
        access_token({}, lambda *_: (0, output, ""))
    assert output.strip() == "" or output not in str(caught.value)


def test_the_program_runs_with_the_environment_and_without_input(tmp_path: Path) -> None:
    program = tmp_path / "gcloud"
    program.write_text(
        f"#!{sys.executable}\nimport os, sys\nprint(os.environ['WHO'], sys.stdin.read(), *sys.argv[1:])\nsys.exit(4)\n",
        encoding="utf-8",
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    status, output, _ = run_gcloud((str(program), "auth"), {"WHO": "me"})
    assert (status, output) == (4, "me  auth\n")


def test_a_program_that_is_missing_or_hangs_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NoAccessToken, match="not installed"):
        run_gcloud((str(tmp_path / "gcloud"),), {})
    (tmp_path / "gcloud").write_text("", encoding="utf-8")
    with pytest.raises(NoAccessToken, match="can't be started"):
        run_gcloud((str(tmp_path / "gcloud"),), {})
    monkeypatch.setattr(module, "TIMEOUT_SECONDS", 0.2)
    with pytest.raises(NoAccessToken, match="within"):
        run_gcloud((sys.executable, "-c", "import time; time.sleep(30)"), {})
