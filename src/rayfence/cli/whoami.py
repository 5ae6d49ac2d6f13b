"""`rayfence whoami`."""

from pathlib import Path

import click

from rayfence.cli import options, output


@click.command(epilog="Example:  rayfence whoami --json")
@options.instance
@options.json_output
def command(name: str | None, state_dir: Path | None, as_json: bool) -> int:
    """Show who the gateway takes you for, with which roles and rights, and until when."""
    from rayfence.api.session import connect

    with connect(name, state_dir) as client:
        seen = client.get("/v1/whoami")
    if as_json:
        output.data(seen)
        return 0
    for key in ("subject", "roles", "rights", "instance", "expires_at"):
        value = seen.get(key)
        text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        output.line(f"{key:<12} {output.clean(output.moment(text) if key == 'expires_at' else text) or '-'}")
    return 0
