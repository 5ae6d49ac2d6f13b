"""`rayfence whoami`."""

from typing import TYPE_CHECKING

import click

from rayfence.cli import options, output

if TYPE_CHECKING:
    from rayfence.api.clusters.target import Where


@click.command(epilog="Examples:  rayfence whoami --json  ·  rayfence whoami -f platform.yaml --tenant vision")
@options.target
@options.identity
@options.json_output
def command(where: "Where", member: str | None, as_json: bool) -> int:
    """Show who the gateway takes you for, with which roles and rights, and until when."""
    seen = _seen(where, member)
    if as_json:
        output.data(seen)
        return 0
    for key in ("subject", "roles", "rights", "instance", "expires_at"):
        value = seen.get(key)
        text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        output.line(f"{key:<12} {output.clean(output.moment(text) if key == 'expires_at' else text) or '-'}")
    return 0


def _seen(where: "Where", member: str | None) -> dict[str, object]:
    from rayfence.api.clusters.target import LocalTarget, target_of

    target = target_of(where)
    if isinstance(target, LocalTarget):
        from rayfence.api.session import connect

        options.refuse_in_place(where, **{"as": member})
        with connect(target.name, target.state_dir) as client:
            return client.get("/v1/whoami")
    from rayfence.api.clusters import session
    from rayfence.api.clusters.reach import gateway

    with gateway(target) as found, session.connect(found, options.way_of(member)) as client:
        return client.get("/v1/whoami")
