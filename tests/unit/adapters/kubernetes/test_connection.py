"""Which server, and as whom: kubeconfigs as kubectl reads them."""

import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from rayfence.adapters.kubernetes import connection
from rayfence.adapters.kubernetes.connection import connect, find_config, merged
from rayfence.errors import CredentialsRefused, PreflightError
from tests.sim.kubernetes.clock import SimClock


def _write(path: Path, *, current: str | None = "a", cluster: dict[str, Any] | None = None, **user: Any) -> Path:
    data = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1", **(cluster or {})}}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "a", "context": {"cluster": "c", "user": "u"}}],
        **({"current-context": current} if current else {}),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(data))
    return path


def _env(*paths: Path) -> dict[str, str]:
    return {"KUBECONFIG": ":".join(map(str, paths))}


def test_the_current_context_or_the_named_one(tmp_path: Path) -> None:
    path = _write(tmp_path / "config", token="t")
    for context in (None, "a"):
        config = find_config(context, _env(path))
        assert config.cluster.server == "https://127.0.0.1:1" and config.user is not None and config.user.token == "t"
    with pytest.raises(PreflightError, match="Context 'b' not found") as caught:
        find_config("b", _env(path))
    assert "contexts there: a;" in caught.value.hint


def test_the_home_s_kubeconfig_is_the_default(tmp_path: Path) -> None:
    _write(tmp_path / ".kube" / "config", token="home")
    config = find_config(None, {"HOME": str(tmp_path)})
    assert config.user is not None and config.user.token == "home"


def test_several_files_are_merged_and_the_first_wins(tmp_path: Path) -> None:
    first = _write(tmp_path / "one" / "config", current=None, token="first")
    second = _write(tmp_path / "two" / "config", token="second")
    absent = tmp_path / "absent"
    config = find_config(None, _env(absent, first, second))
    assert config.context_name == "a" and config.user is not None and config.user.token == "first"


def test_paths_are_relative_to_their_own_file(tmp_path: Path) -> None:
    path = _write(
        tmp_path / "x" / "config",
        cluster={"certificate-authority": "ca.crt"},
        exec={"apiVersion": "client.authentication.k8s.io/v1", "command": "./bin/plugin"},
    )
    data = merged([path])
    assert data["clusters"][0]["cluster"]["certificate-authority"] == str(tmp_path / "x" / "ca.crt")
    assert data["users"][0]["user"]["exec"]["command"] == str(tmp_path / "x" / "bin" / "plugin")


def test_nothing_to_read_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(PreflightError, match=r"there is no kubeconfig: .*absent"):
        find_config(None, _env(tmp_path / "absent"))


@pytest.mark.parametrize("text", ["a: [", "- 1", "\x00", "x"])
def test_a_file_that_is_none_is_told_without_its_content(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config"
    path.write_text(f"token-hunter2: {text}" if text == "a: [" else text)
    with pytest.raises(PreflightError) as caught:
        find_config(None, _env(path))
    assert str(path) in str(caught.value) and "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("cluster", "words"),
    [
        ({"insecure-skip-tls-verify": True}, "does not check the API server's certificate"),
        ({"server": "http://api.example.com"}, "plain HTTP"),
        ({"tls-server-name": "other"}, "tls-server-name is not supported"),
        ({"proxy-url": "http://p"}, "proxy-url is not supported"),
    ],
)
def test_what_would_lower_the_guard_is_refused(tmp_path: Path, cluster: dict[str, Any], words: str) -> None:
    path = _write(tmp_path / "config", cluster=cluster, token="t")
    with pytest.raises(PreflightError, match=words):
        find_config(None, _env(path))


def test_plain_http_to_this_machine_is_a_proxy_of_kubectl(tmp_path: Path) -> None:
    path = _write(tmp_path / "config", cluster={"server": "http://127.0.0.1:8001"})
    assert find_config(None, _env(path)).cluster.server == "http://127.0.0.1:8001"


def test_without_a_chosen_context_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(PreflightError, match="No current context"):
        find_config(None, _env(_write(tmp_path / "config", current=None, token="t")))


def test_the_pod_s_own_account_is_the_last_resort(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "ACCOUNT_FOLDER", str(tmp_path))
    for name, text in (("token", "pod-token"), ("namespace", "vision"), ("ca.crt", "")):
        (tmp_path / name).write_text(text)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    config = find_config(None, _env(tmp_path / "absent"))
    assert config.cluster.server == "https://10.96.0.1:443"
    assert config.user is not None and config.user.token_file == str(tmp_path / "token")
    with pytest.raises(PreflightError):
        find_config("named", _env(tmp_path / "absent"))


def test_certificates_that_can_t_be_read_are_told(tmp_path: Path) -> None:
    user: dict[str, Any] = {"client-certificate": "absent.crt", "client-key": "absent.key"}
    path = _write(tmp_path / "config", **user)
    with pytest.raises(CredentialsRefused, match="credentials of context 'a'"):
        connect(None, SimClock(), _env(path))


def test_a_credential_plugin_is_run_and_its_failure_told(tmp_path: Path) -> None:
    plugin = tmp_path / "plugin"
    plugin.write_text(f"#!{sys.executable}\nimport sys\nsys.exit('log in again')\n")
    plugin.chmod(0o700)
    told = {"apiVersion": "client.authentication.k8s.io/v1", "command": "./plugin", "interactiveMode": "Never"}
    server = connect(None, SimClock(), _env(_write(tmp_path / "config", exec=told)))
    with pytest.raises(CredentialsRefused, match="log in again"):
        server.version()
    server.close()


@pytest.mark.parametrize("field", ["as", "as-groups", "as-uid", "as-user-extra"])
def test_another_identity_that_was_chosen_is_never_passed_over(tmp_path: Path, field: str) -> None:
    chosen: dict[str, Any] = {field: ["weak"]}
    path = _write(tmp_path / "config", token="t", **chosen)
    with pytest.raises(PreflightError, match=f"{field} is not supported"):
        find_config(None, _env(path))


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("no-such-plugin", "the credential plugin 'no-such-plugin' is not installed"),
        ("echo", "is no ExecCredential"),
        ("./empty", "has no "),
    ],
)
def test_what_is_wrong_with_a_plugin_is_told(tmp_path: Path, command: str, words: str) -> None:
    empty = tmp_path / "empty"
    empty.write_text("#!/bin/sh\necho '{\"status\": {}}'\n")
    empty.chmod(0o700)
    told = {"apiVersion": "client.authentication.k8s.io/v1", "command": command, "interactiveMode": "Never"}
    server = connect(None, SimClock(), _env(_write(tmp_path / "config", exec=told)))
    with pytest.raises(CredentialsRefused, match=words):
        server.version()
    server.close()
