"""`rayfence logout`."""

from pathlib import Path

import click

from rayfence.cli import options, output


@click.command(epilog="Examples:  rayfence logout  ·  rayfence logout --everywhere")
@options.instance
@options.json_output
@click.option("--everywhere", is_flag=True, help="End every session and token of this user, not only this one's.")
def command(name: str | None, state_dir: Path | None, as_json: bool, everywhere: bool) -> int:
    """End the session at the gateway and forget it here."""
    from rayfence.api.instances import DEFAULT_NAME
    from rayfence.api.session import logout

    there = logout(name or DEFAULT_NAME, state_dir, everywhere)
    if as_json:
        output.data({"logged_out": there})
    else:
        output.line("logged out" if there else "nobody was logged in")
    return 0
