"""`rayfence logout`."""

from typing import TYPE_CHECKING

import click

from rayfence.cli import options, output

if TYPE_CHECKING:
    from rayfence.api.clusters.target import Where


@click.command(
    epilog="Examples:  rayfence logout  ·  rayfence logout --everywhere  ·  rayfence logout --name ml --tenant vision"
)
@options.target
@options.json_output
@click.option("--everywhere", is_flag=True, help="End every session and token of this user, not only this one's.")
def command(where: "Where", as_json: bool, everywhere: bool) -> int:
    """End the session at the gateway and forget it here."""
    there = _ended(where, everywhere)
    if as_json:
        output.data({"logged_out": there})
    else:
        output.line("logged out" if there else "nobody was logged in")
    return 0


def _ended(where: "Where", everywhere: bool) -> bool:
    from rayfence.api.clusters.target import LocalTarget, target_of

    target = target_of(where)
    if isinstance(target, LocalTarget):
        from rayfence.api.instances import DEFAULT_NAME
        from rayfence.api.session import logout

        return logout(target.name or DEFAULT_NAME, target.state_dir, everywhere)
    from rayfence.api.clusters import session
    from rayfence.api.clusters.reach import gateway

    with gateway(target) as found:
        return session.logout(found, everywhere)
