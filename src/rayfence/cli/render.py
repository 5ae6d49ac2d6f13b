"""`rayfence render`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import click

from rayfence.cli import options, output
from rayfence.model.cluster_platform import ClusterPlatform
from rayfence.model.platform import LocalPlatform

FORMATS: Final = ("terraform", "kubernetes")


@click.command(
    epilog="Examples:  rayfence render -o rendered/  ·  rayfence render -f platform.yaml --format terraform -o infra/"
)
@options.spec_file
@options.policies
@options.instance
@options.json_output
@click.option(
    "-o",
    "--output",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write files here.",
)
@click.option(
    "--format",
    "wanted",
    type=click.Choice([*FORMATS, "all"]),
    help="Of a platform on Kubernetes or GKE: which files. Default: all.",
)
def command(
    spec: Path | None,
    policies: Path | None,
    name: str | None,
    state_dir: Path | None,
    as_json: bool,
    folder: Path | None,
    wanted: str | None,
) -> int:
    """Write the objects and configuration that would be made. No secret is in them: only requests for secrets.

    A plan with conflicts is not rendered: `rayfence plan` shows them.
    """
    from rayfence.api.specs import read_platform

    if spec is None:
        options.refuse_with_local(policies=policies, format=wanted)
        return _local(None, "", "", name, state_dir, as_json, folder)
    platform, text = read_platform(spec)
    if isinstance(platform, ClusterPlatform):
        return _cluster(
            platform, spec, policies, as_json, folder, FORMATS if wanted in (None, "all") else (str(wanted),)
        )
    options.refuse_with_local(policies=policies, format=wanted)
    return _local(platform, text, str(spec), name, state_dir, as_json, folder)


def _cluster(
    platform: ClusterPlatform,
    spec: Path,
    policies: Path | None,
    as_json: bool,
    folder: Path | None,
    formats: tuple[str, ...],
) -> int:
    from rayfence.api.cluster import judge_cluster, rendered

    made = rendered(judge_cluster(platform, spec, policies), formats)
    if as_json:
        output.data(made)
        return 0
    if not made:
        output.note(f"nothing of this platform is {' or '.join(formats)}")
    return _hand_out(made, folder, formats)


def _local(
    platform: LocalPlatform | None,
    text: str,
    source: str,
    name: str | None,
    state_dir: Path | None,
    as_json: bool,
    folder: Path | None,
) -> int:
    from rayfence.api.plan import make_plan, named, plan_platform
    from rayfence.api.render import rendered_files

    if platform is None:
        planned = make_plan(None, name, state_dir)
    else:
        planned = plan_platform(named(platform, name, source), text, state_dir)
    if as_json:
        output.data(planned.desired)
        return 0
    return _hand_out(dict(rendered_files(planned.desired)), folder)


def _hand_out(made: Mapping[str, str], folder: Path | None, parts: tuple[str, ...] = ()) -> int:
    from rayfence.api.render import write_files

    if folder is None:
        for path, content in made.items():
            output.heading(f"# {path}")
            output.line(content.rstrip())
        return 0
    for written in write_files(made, folder, parts):
        output.line(output.clean(str(written)))
    return 0
