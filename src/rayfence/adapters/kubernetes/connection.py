"""Which API server, and as whom: kubeconfig or the pod's own account.

Order as kubectl's: `KUBECONFIG` (several files are merged, the first to say something wins), `~/.kube/config`, then the
service account of the pod; a named context always means a kubeconfig. Certificates, tokens, token files that are
renewed and credential plugins are lightkube's; what it would pass over in silence is refused here.
"""

import os
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpx2
import yaml

from rayfence.adapters.kubernetes.server import Server
from rayfence.errors import CredentialsRefused, PreflightError, cut
from rayfence.ports.kubernetes import Clock

if TYPE_CHECKING:
    from lightkube.config.kubeconfig import SingleConfig

ACCOUNT_FOLDER: Final = "/var/run/secrets/kubernetes.io/serviceaccount"
_TIMEOUT: Final = httpx2.Timeout(30.0, connect=5.0)
#: Fields that hold paths, relative to their file.
_PATHS: Final = {"certificate-authority", "client-certificate", "client-key", "tokenFile"}
#: Fields that change whom we talk to, or as whom, and that would be passed over.
_UNKNOWN: Final = ("tls-server-name", "proxy-url")
_UNKNOWN_OF_USERS: Final = ("as", "as-uid", "as-groups", "as-user-extra")
_HINT: Final = "see `kubectl config get-contexts`; the spec names one as target.kubernetes.context"


def connect(context: str | None, clock: Clock, environment: Mapping[str, str] | None = None) -> Server:
    """A client of the server that `context` means; nothing is sent yet.

    Raises PreflightError where no configuration is found, or one that can't be used safely; CredentialsRefused when
    certificates can't be read.
    """
    from lightkube.config import client_adapter  # noqa: PLC0415 - an extra: rayfence imports without it
    from lightkube.core.exceptions import ConfigError  # noqa: PLC0415

    config = find_config(context, os.environ if environment is None else environment)
    address = config.cluster.server
    try:
        parameters = client_adapter.ConnectionParams(timeout=_TIMEOUT)
        client = client_adapter.Client(config, parameters)
    except (OSError, ValueError, ConfigError) as error:
        raise CredentialsRefused(
            f"credentials of context {config.context_name!r} can't be used: {cut(str(error))}",
            hint="check certificate-authority, client-certificate and client-key of the context, or log in again with "
            "your cluster's own tool",
        ) from error
    if client.auth is not None:
        client.auth = _ToldAuth(client.auth, ConfigError)
    return Server(client, address, clock)


class _ToldAuth(httpx2.Auth):
    """Credentials whose trouble (a plugin that fails or gives no token, a token file that is gone) is ours to tell."""

    def __init__(self, inner: httpx2.Auth, failure: type[Exception]) -> None:
        self._inner, self._failure = inner, failure

    def sync_auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        """As the credentials' own."""
        try:
            yield from self._inner.sync_auth_flow(request)
        except (self._failure, OSError, ValueError, KeyError) as error:
            raise CredentialsRefused(f"the context's credentials can't be had: {_trouble(error)}") from error


def _trouble(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return f"the credential plugin {error.filename!r} is not installed"
    if isinstance(error, KeyError):
        return f"what the credential plugin answers has no {error.args[0]}"
    if isinstance(error, ValueError):
        return f"what the credential plugin answers is no ExecCredential ({cut(str(error))})"
    return cut(str(error)).rstrip(": ")


def find_config(context: str | None, environment: Mapping[str, str]) -> "SingleConfig":
    """The one configuration that is meant. Raises PreflightError."""
    from lightkube.config.kubeconfig import KubeConfig  # noqa: PLC0415
    from lightkube.config.models import User  # noqa: PLC0415
    from lightkube.core.exceptions import ConfigError  # noqa: PLC0415

    files = _files(environment)
    present = [path for path in files if path.is_file()]
    if not present:
        if context is None and Path(ACCOUNT_FOLDER, "token").is_file():
            return _in_pod()
        named = ", ".join(map(str, files))
        raise PreflightError(f"there is no kubeconfig: {named}", hint="set KUBECONFIG, or log in to the cluster")
    data = merged(present)
    try:
        config = KubeConfig.from_dict(data).get(context)
    except (ConfigError, KeyError, TypeError, ValueError) as error:
        listed = ", ".join(str(entry["name"]) for entry in data["contexts"])
        raise PreflightError(
            f"{', '.join(map(str, present))}: {_words(error)}", hint=f"contexts there: {listed or 'none'}; {_HINT}"
        ) from error
    if config is None:
        raise PreflightError(f"{', '.join(map(str, present))}: no context is chosen", hint=_HINT)
    _refuse_unsafe(config, data)
    return config if config.user is not None else config._replace(user=User())


def merged(files: Sequence[Path]) -> dict[str, Any]:
    """Several kubeconfigs as one, paths made absolute. Raises PreflightError for a file that is none."""
    result: dict[str, Any] = {"clusters": [], "contexts": [], "users": []}
    for path in files:
        try:
            data = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, yaml.YAMLError) as error:
            # The parser quotes the line it stumbles over, and a token may stand there.
            raise PreflightError(
                f"{path} can't be read as a kubeconfig ({type(error).__name__})", hint="set KUBECONFIG to one"
            ) from error
        if not isinstance(data, dict):
            raise PreflightError(f"{path} is no kubeconfig", hint="set KUBECONFIG to one")
        if data.get("current-context"):
            result.setdefault("current-context", data["current-context"])
        for section, part in (("clusters", "cluster"), ("contexts", "context"), ("users", "user")):
            known = {entry["name"] for entry in result[section]}
            for entry in data.get(section) or []:
                if isinstance(entry, dict) and isinstance(entry.get("name"), str) and entry["name"] not in known:
                    result[section].append({**entry, part: _absolute(entry.get(part) or {}, path.parent)})
    return result


def _files(environment: Mapping[str, str]) -> list[Path]:
    listed = [Path(part) for part in environment.get("KUBECONFIG", "").split(os.pathsep) if part]
    return listed or [Path(environment.get("HOME") or "~").expanduser() / ".kube" / "config"]


def _in_pod() -> "SingleConfig":
    from lightkube.config.kubeconfig import KubeConfig  # noqa: PLC0415
    from lightkube.core.exceptions import ConfigError  # noqa: PLC0415

    try:
        config = KubeConfig.from_service_account(ACCOUNT_FOLDER).get()
    except (ConfigError, KeyError) as error:
        raise PreflightError(f"the pod's service account can't be used: {_words(error)}") from error
    if config is None:
        raise PreflightError("the pod's service account can't be used")
    return config


def _absolute(value: dict[str, Any], folder: Path) -> dict[str, Any]:
    made = {key: str(folder / item) if key in _PATHS and item else item for key, item in value.items()}
    plugin = made.get("exec")
    if isinstance(plugin, dict):
        made["exec"] = _plugin(plugin, folder)
    return made


def _plugin(plugin: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The credential plugin as lightkube runs it: its v1 differs from v1beta1 by the name, and plugins ask the
    environment which of them is meant. A command with a slash is relative to the kubeconfig, as for kubectl.
    """
    version, command = str(plugin.get("apiVersion", "")), str(plugin.get("command", ""))
    told = f'{{"kind":"ExecCredential","apiVersion":"{version}","spec":{{"interactive":false}}}}'
    return {
        **plugin,
        "apiVersion": version.replace("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")
        if version.endswith("/v1")
        else version,
        "command": str(folder / command) if "/" in command else command,
        "env": [*(plugin.get("env") or []), {"name": "KUBERNETES_EXEC_INFO", "value": told}],
    }


def _refuse_unsafe(config: "SingleConfig", data: dict[str, Any]) -> None:
    where = f"context {config.context_name!r}"
    cluster = next(entry["cluster"] for entry in data["clusters"] if entry["name"] == config.context.cluster)
    for field in _UNKNOWN:
        if cluster.get(field):
            raise PreflightError(f"{where}: {field} is not supported", hint="use a context without it")
    users = {entry["name"]: entry["user"] for entry in data["users"]}
    for field in _UNKNOWN_OF_USERS:
        # Passed over, it would be done with the rights of the person, not with those that were chosen.
        if users.get(config.context.user, {}).get(field):
            raise PreflightError(f"{where}: {field} is not supported", hint="use a context without it")
    if config.cluster.insecure:
        # Whoever answers would be handed our token and, with the next write, the platform's secrets.
        raise PreflightError(
            f"{where} does not check the API server's certificate (insecure-skip-tls-verify)",
            hint="put the server's CA into the kubeconfig: certificate-authority-data",
        )
    if not config.cluster.server.startswith("https://") and not _is_loopback(config.cluster.server):
        raise PreflightError(f"{where} speaks plain HTTP to {config.cluster.server}", hint="use an https:// address")


def _is_loopback(address: str) -> bool:
    return httpx2.URL(address).host in ("127.0.0.1", "::1", "localhost")


def _words(error: Exception) -> str:
    return cut(f"{error.args[0]!r} is not defined" if isinstance(error, KeyError) else str(error))
