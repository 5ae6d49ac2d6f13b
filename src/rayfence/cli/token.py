"""`rayfence token`."""

from typing import TYPE_CHECKING

import click

from rayfence.cli import options, output

if TYPE_CHECKING:
    from rayfence.api.clusters.target import Where


@click.command(
    epilog="Examples:  rayfence token --ttl 10m  ·  rayfence token --role viewer --json  ·  "
    "rayfence token -f platform.yaml --tenant vision --as serviceAccount:ci/runner"
)
@options.target
@options.identity
@options.json_output
@options.ttl
@options.narrowed_role
@click.option("--right", "rights", multiple=True, metavar="RIGHT", help="Keep only these rights (repeatable).")
def command(
    where: "Where",
    member: str | None,
    as_json: bool,
    ttl: int | None,
    role: str | None,
    rights: tuple[str, ...],
) -> int:
    """Print a short-lived token for the API and Ray Client, at most as able as you are."""
    minted = _minted(where, member, ttl, role, rights or None)
    if as_json:
        output.data(minted)
    else:
        output.line(str(minted["token"]))
    return 0


def _minted(
    where: "Where", member: str | None, ttl: int | None, role: str | None, rights: tuple[str, ...] | None
) -> dict[str, object]:
    from rayfence.api.clusters.target import LocalTarget, target_of

    target = target_of(where)
    if isinstance(target, LocalTarget):
        from rayfence.api.instances import DEFAULT_NAME
        from rayfence.api.session import mint

        options.refuse_in_place(where, **{"as": member})
        return mint(target.name or DEFAULT_NAME, target.state_dir, ttl, role, rights)
    from rayfence.api.clusters import session
    from rayfence.api.clusters.reach import gateway

    with gateway(target) as found:
        return session.mint(found, options.way_of(member), ttl, role, rights)
