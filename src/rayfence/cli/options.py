"""Options that several verbs share, so that they are called the same everywhere."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from rayfence.cli import output

if TYPE_CHECKING:
    from rayfence.api.clusters.session import Way
    from rayfence.api.clusters.target import Where

F = TypeVar("F", bound=Callable[..., Any])


def instance(function: F) -> F:
    """`--name` and `--state-dir`: which instance."""
    function = click.option(
        "--name",
        default=None,
        envvar="RAYFENCE_NAME",
        metavar="NAME",
        help="The instance; several run side by side. Default: the spec's name, or `default`.",
    )(function)
    return click.option(
        "--state-dir",
        type=click.Path(path_type=Path, file_okay=False),
        envvar="RAYFENCE_STATE_DIR",
        metavar="DIR",
        help="Where instances keep their state. Default: the platform's state folder.",
    )(function)


def target(function: F) -> F:
    """`-f`, `--tenant`, `--context`, `--name`, `--state-dir`: what the verb is about, handed on as `where`."""
    return _targeted(function, "-f", "--file")


def long_target(function: F) -> F:
    """The same without `-f`: these verbs have always followed with it."""
    return _targeted(function, "--file")


def _targeted(function: F, *flags: str) -> F:
    @wraps(function)
    def with_where(*args: Any, **options: Any) -> Any:
        from rayfence.api.clusters.target import Where

        names = ("spec", "name", "state_dir", "context", "tenant")
        return function(*args, where=Where(**{name: options.pop(name) for name in names}), **options)

    found = click.option(
        *flags,
        "spec",
        type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
        metavar="FILE",
        help="A platform's spec: one in a cluster, or on this machine. A platform applied from here needs --name only.",
    )(instance(cast("F", with_where)))
    found = click.option("--tenant", metavar="NAME", help="Of a platform in a cluster: which tenant.")(found)
    return context(found)


def identity(function: F) -> F:
    """`--as`: at a gateway in a cluster, log in for this command only."""
    return click.option(
        "--as",
        "member",
        metavar="MEMBER",
        help="In a cluster: log in for this command only, as serviceAccount:NAMESPACE/NAME or as `me`, by the "
        "kubeconfig's own token.",
    )(function)


def way_of(member: str | None) -> "Way | None":
    """The way that `--as` means."""
    from rayfence.api.clusters.session import Way

    if member is None:
        return None
    return Way() if member == "me" else Way(member)


def ray_object(function: F) -> F:
    """`--object`: which Ray object of the tenant."""
    return click.option(
        "--object",
        "ray_object",
        metavar="NAME",
        help="In a cluster: which Ray object of the tenant, `train` or `cluster-train`. Default: its main one.",
    )(function)


def refuse_in_place(where: "Where", **given: object) -> None:
    """Raise UsageError for options that mean nothing for an instance on this machine."""
    for name, value in given.items():
        if value:
            raise click.UsageError(
                f"--{name} is for platforms in a cluster; this is {where.name or 'the instance here'}"
            )


def json_output(function: F) -> F:
    """`--json`: the same facts for programs."""
    return click.option(
        "--json",
        "as_json",
        is_flag=True,
        expose_value=True,
        callback=_remember,
        help="Print JSON instead of text.",
    )(function)


def spec_file(function: F) -> F:
    """`-f FILE`: the spec; `-` reads standard input; left out: the default local platform."""
    told = "Platform spec (YAML; - for standard input). Default: a local platform with one worker."
    return _spec(told)(function)


def cluster_spec(function: F) -> F:
    """`-f FILE`, which must be there: a platform on Kubernetes or GKE."""
    return _spec("Platform spec (YAML; - for standard input).", required=True)(function)


def cluster_file(function: F) -> F:
    """`-f FILE`: a platform on Kubernetes or GKE; left out: an instance on this machine."""
    told = "Platform spec of a cluster (YAML; - for standard input). Default: an instance on this machine."
    return _spec(told)(function)


def _spec(told: str, *, required: bool = False) -> Callable[[F], F]:
    path = click.Path(path_type=Path, dir_okay=False, allow_dash=True)
    return click.option("-f", "--file", "spec", required=required, type=path, metavar="FILE", help=told)


def context(function: F) -> F:
    """`--context`: another cluster than the spec's."""
    return click.option(
        "--context",
        metavar="NAME",
        help="Context of the kubeconfig. Default: the spec's, else the current one.",
    )(function)


def timeout(function: F) -> F:
    """`--timeout`: how long a part may take."""
    return click.option(
        "--timeout",
        default="10m",
        show_default=True,
        callback=_seconds,
        metavar="TIME",
        help="How long each stage may take: 90s, 10m, 2h.",
    )(function)


def policies(function: F) -> F:
    """`--policies`: an organisation's policies in place of those that the spec names."""
    return click.option(
        "--policies",
        type=click.Path(path_type=Path, exists=True),
        metavar="DIR",
        help="Policies of the organisation: a file or folder, in place of what the spec names.",
    )(function)


def refuse_with_local(**given: object) -> None:
    """Raise UsageError for options that mean nothing for a platform on this machine."""
    for name, value in given.items():
        if value is not None:
            raise click.UsageError(f"--{name} is for platforms on Kubernetes and GKE; give one with -f FILE")


def _remember(_context: click.Context, _parameter: click.Parameter, value: bool) -> bool:
    output.set_json(value)
    return value


def _seconds(_context: click.Context, _parameter: click.Parameter, value: str | None) -> int | None:
    """`90`, `90s`, `10m`, `2h` in seconds."""
    if value is None:
        return None
    units = {"s": 1, "m": 60, "h": 3600}
    number, unit = (value[:-1], value[-1]) if value[-1:] in units else (value, "s")
    if not number.isascii() or not number.isdigit() or int(number) == 0:
        raise click.BadParameter(f"{value!r} is no length of time; write 90s, 10m or 2h")
    return int(number) * units[unit]


def ttl(function: F) -> F:
    """`--ttl`: how long the minted token lives."""
    return click.option(
        "--ttl",
        callback=_seconds,
        metavar="TIME",
        help="How long it lives: 90s, 10m, 2h. Default: the spec's tokenMinutes.",
    )(function)


def narrowed_role(function: F) -> F:
    """`--role`: give away less than one has."""
    return click.option(
        "--role", type=click.Choice(["viewer", "submitter", "operator", "admin"]), help="Narrow it to this role."
    )(function)
