"""`rayfence token`."""

from pathlib import Path

import click

from rayfence.cli import options, output


@click.command(epilog="Examples:  rayfence token --ttl 10m  ·  rayfence token --role viewer --json")
@options.instance
@options.json_output
@options.ttl
@options.narrowed_role
@click.option("--right", "rights", multiple=True, metavar="RIGHT", help="Keep only these rights (repeatable).")
def command(
    name: str | None,
    state_dir: Path | None,
    as_json: bool,
    ttl: int | None,
    role: str | None,
    rights: tuple[str, ...],
) -> int:
    """Print a short-lived token for the API and Ray Client, at most as able as you are."""
    from rayfence.api.instances import DEFAULT_NAME
    from rayfence.api.session import mint

    minted = mint(name or DEFAULT_NAME, state_dir, ttl, role, rights or None)
    if as_json:
        output.data(minted)
    else:
        output.line(str(minted["token"]))
    return 0
