"""An access token for reading Google Cloud, from where the user already has one.

1. None with `CLOUDSDK_AUTH_DISABLE_CREDENTIALS`, as gcloud against an emulator.
2. `GOOGLE_OAUTH_ACCESS_TOKEN`, as Terraform's provider takes it; `CLOUDSDK_AUTH_ACCESS_TOKEN_FILE`, as gcloud does.
3. `gcloud auth print-access-token`, which knows accounts, impersonation and workload identity federation.

gcloud is started from an argument list that holds no secret; the token comes back through a pipe, is held in memory
only, and stands in no message.
"""

import re
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from rayfence.errors import RayfenceError, cut

COMMAND: Final = ("gcloud", "auth", "print-access-token", "--quiet")
TIMEOUT_SECONDS: Final = 60.0
#: What may stand in an HTTP header after `Bearer `; anything else is no token, and could add a header.
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/=-]{1,16384}")
_TRUE: Final = frozenset({"true", "1", "yes", "on"})

Run = Callable[[tuple[str, ...], Mapping[str, str]], tuple[int, str, str]]


class NoAccessToken(RayfenceError):
    """There is no token to read Google Cloud with."""

    exit_status = 6
    hint = "run `gcloud auth login`, or put a token into GOOGLE_OAUTH_ACCESS_TOKEN"


def run_gcloud(command: tuple[str, ...], environ: Mapping[str, str]) -> tuple[int, str, str]:
    """Exit status, output and errors of a gcloud command. Raises NoAccessToken: not there, or it does not end."""
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            check=False,
            env=dict(environ),
            stdin=subprocess.DEVNULL,  # it would ask for a password
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=TIMEOUT_SECONDS,
        )
    except FileNotFoundError as error:
        raise NoAccessToken("gcloud is not installed here, and no token is given") from error
    except subprocess.TimeoutExpired as error:
        raise NoAccessToken(f"gcloud gave no token within {TIMEOUT_SECONDS:.0f} s") from error
    except OSError as error:
        raise NoAccessToken(f"gcloud can't be started: {error.strerror}") from error
    return done.returncode, done.stdout, done.stderr


def access_token(environ: Mapping[str, str], run: Run = run_gcloud) -> str:
    """The token; empty where credentials are switched off. Raises NoAccessToken."""
    if environ.get("CLOUDSDK_AUTH_DISABLE_CREDENTIALS", "").lower() in _TRUE:
        return ""
    given = environ.get("GOOGLE_OAUTH_ACCESS_TOKEN", "").strip()
    if given:
        return _checked(given, "GOOGLE_OAUTH_ACCESS_TOKEN")
    file = environ.get("CLOUDSDK_AUTH_ACCESS_TOKEN_FILE", "")
    if file:
        try:
            return _checked(Path(file).read_text(encoding="ascii").strip(), "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE")
        except (OSError, UnicodeDecodeError) as error:
            raise NoAccessToken(f"CLOUDSDK_AUTH_ACCESS_TOKEN_FILE: {file} can't be read") from error
    status, output, errors = run(COMMAND, environ)
    if status != 0:
        raise NoAccessToken(f"gcloud gives no token: {cut(errors.strip() or f'exit status {status}', 300)}")
    return _checked(output.strip(), "gcloud")


def _checked(token: str, source: str) -> str:
    if not _TOKEN.fullmatch(token):
        raise NoAccessToken(f"what {source} gives is no access token")
    return token
