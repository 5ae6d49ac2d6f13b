"""`rayfence login`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rayfence.cli import options, output
from rayfence.errors import StateError

if TYPE_CHECKING:
    from rayfence.api.clusters.target import ClusterTarget, LocalTarget, Where
    from rayfence.api.session import Session


@click.command(
    epilog="Examples:  rayfence login alice  ·  rayfence login alice --server ray.acme.test:8443 --ca-file front-ca.pem"
    "  ·  rayfence login -f platform.yaml --tenant vision  ·  "
    "rayfence login serviceAccount:ci/runner --name ml --tenant vision"
)
@click.argument("user", required=False)
@options.target
@options.json_output
@click.option("--server", metavar="HOST:PORT", help="A gateway that someone else started. Default: the local instance.")
@click.option("--login-host", metavar="HOST", help="Its log-in host name. Default: the server's host.")
@click.option(
    "--ca-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The authority its certificate must come from. Default: the system's roots.",
)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input, not from the terminal.")
@click.option("--token-stdin", is_flag=True, help="In a cluster: read the token to show from standard input.")
def command(
    user: str | None,
    where: "Where",
    as_json: bool,
    server: str | None,
    login_host: str | None,
    ca_file: Path | None,
    password_stdin: bool,
    token_stdin: bool,
) -> int:
    """Log in to a gateway and remember the session for `env`, `exec`, `token` and the others.

    USER: a local account. In a cluster: serviceAccount:NAMESPACE/NAME, for which a short-lived token is asked that is
    made for this gateway alone; left out, you log in as yourself, by the token that kubectl shows to the API server.
    """
    from rayfence.api.clusters.target import LocalTarget, target_of

    target = target_of(where)
    if isinstance(target, LocalTarget):
        options.refuse_in_place(where, **{"token-stdin": token_stdin})
        if user is None:
            raise click.UsageError("Missing argument 'USER'.")
        session = _here(target, user, server, login_host, ca_file, password_stdin)
    else:
        for option, given in (("server", server), ("login-host", login_host), ("ca-file", ca_file)):
            if given is not None:
                raise click.UsageError(f"--{option} is for a gateway that is no platform's in a cluster")
        session = _in_cluster(target, user, token_stdin)
    if as_json:
        data = {"subject": session.subject, "expires_at": session.expires_at, "instance": session.name}
        output.data(data)
    else:
        output.line(f"logged in to {session.name} as {output.clean(session.subject)}")
    return 0


def _in_cluster(target: "ClusterTarget", user: str | None, token_stdin: bool) -> "Session":
    from rayfence.api.clusters import session
    from rayfence.api.clusters.reach import gateway

    if user is not None and token_stdin:
        raise click.UsageError("a token says itself whose it is: leave USER or --token-stdin out")
    proof = sys.stdin.readline().strip() if token_stdin else ""
    if token_stdin and not proof:
        raise StateError("the token is empty")
    with gateway(target) as found:
        return session.login(found, session.Way(user or "", proof))


def _here(
    target: "LocalTarget",
    user: str,
    server: str | None,
    login_host: str | None,
    ca_file: Path | None,
    password_stdin: bool,
) -> "Session":
    from rayfence.api import session as api
    from rayfence.api.instances import DEFAULT_NAME, require_record

    instance, state_dir = target.name or DEFAULT_NAME, target.state_dir
    if server is None:
        place = api.local_server(require_record(instance, state_dir))
    else:
        host, _, port = server.rpartition(":")
        if not host or not port.isdigit():
            raise click.BadParameter(f"{server!r} is not HOST:PORT", param_hint="--server")
        place = api.remote_server(host, int(port), login_host or host, ca_file)
    password = read_password(f"Password of {user}: ", password_stdin)
    return api.login(instance, state_dir, place, {"username": user, "password": password})


def read_password(prompt: str, from_stdin: bool, confirm: bool = False) -> str:
    """A password from the terminal without echo, or one line of standard input; never an argument."""
    if from_stdin:
        text = sys.stdin.readline().rstrip("\n")
    elif output.is_terminal():
        again = "The password again: " if confirm else False
        text = click.prompt(prompt, prompt_suffix="", hide_input=True, confirmation_prompt=again, err=True)
    else:
        raise StateError("no terminal to ask for a password", hint="use --password-stdin")
    if not text:
        raise StateError("the password is empty")
    return text
