"""`rayfence down`."""

from pathlib import Path

import click

from rayfence.cli import options, output


@click.command(epilog="Examples:  rayfence down  ·  rayfence down --name second --purge")
@options.instance
@options.json_output
@click.option("--purge", is_flag=True, help="Also delete keys, accounts, configuration and the trail.")
@click.option("--yes", is_flag=True, help="Do not ask before --purge.")
def command(name: str | None, state_dir: Path | None, as_json: bool, purge: bool, yes: bool) -> int:
    """Stop an instance and leave nothing running: no process, socket, shared memory or port.

    Touches only processes that this instance started. State (accounts, keys, trail) stays, unless --purge.
    """
    from rayfence.api.down import down

    if purge and not yes:
        click.confirm(f"Delete every key, account and the trail of {name or 'default'!r}?", abort=True, err=True)
    result = down(name, state_dir, purge, output.Progress(quiet=as_json))
    if as_json:
        output.data(result)
    else:
        output.line(f"{result.name}: {result.summary}")
    return 0
