"""`rayfence login`."""

import sys
from pathlib import Path

import click

from rayfence.cli import options, output
from rayfence.errors import StateError


@click.command(
    epilog="Examples:  rayfence login alice  ·  rayfence login alice --server ray.acme.test:8443 --ca-file front-ca.pem"
)
@click.argument("user")
@options.instance
@options.json_output
@click.option("--server", metavar="HOST:PORT", help="A gateway that someone else started. Default: the local instance.")
@click.option("--login-host", metavar="HOST", help="Its log-in host name. Default: the server's host.")
@click.option(
    "--ca-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The authority its certificate must come from. Default: the system's roots.",
)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input, not from the terminal.")
def command(
    user: str,
    name: str | None,
    state_dir: Path | None,
    as_json: bool,
    server: str | None,
    login_host: str | None,
    ca_file: Path | None,
    password_stdin: bool,
) -> int:
    """Log in to a gateway and remember the session for `env`, `exec`, `token` and the others."""
    from rayfence.api import session as api
    from rayfence.api.instances import DEFAULT_NAME, require_record

    instance = name or DEFAULT_NAME
    if server is None:
        place = api.local_server(require_record(instance, state_dir))
    else:
        host, _, port = server.rpartition(":")
        if not host or not port.isdigit():
            raise click.BadParameter(f"{server!r} is not HOST:PORT", param_hint="--server")
        place = api.remote_server(host, int(port), login_host or host, ca_file)
    password = read_password(f"Password of {user}: ", password_stdin)
    session = api.login(instance, state_dir, place, {"username": user, "password": password})
    if as_json:
        output.data({"subject": session.subject, "expires_at": session.expires_at, "instance": instance})
    else:
        output.line(f"logged in to {instance} as {output.clean(session.subject)}")
    return 0


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
