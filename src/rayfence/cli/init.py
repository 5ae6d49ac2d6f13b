"""`rayfence init`."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rayfence.cli import options, output

if TYPE_CHECKING:
    from rayfence.api.init import Draft

_QUESTIONS = {
    "project": ("--project", "Google Cloud project"),
    "location": ("--location", "Region"),
    "registry": ("--registry", "Registry of your images, with its path"),
    "network": ("--network", "Name of the network"),
    "subnetwork": ("--subnetwork", "Name of the subnet of nodes"),
}


@click.command(epilog="Examples:  rayfence init --target local  ·  rayfence init --target gke --from-gcloud -o ml.yaml")
@click.option("--target", type=click.Choice(["local", "kubernetes", "gke"]), help="Where Ray shall run.")
@click.option("--name", default="default", show_default=True, metavar="NAME", help="The platform's name.")
@click.option("--tenant", default="team", show_default=True, metavar="NAME", help="The first tenant.")
@click.option("--group", default="", metavar="E-MAIL", help="Group that may submit jobs.")
@click.option("--registry", default="", metavar="HOST/PATH", help="Where images come from. GKE: Artifact Registry.")
@click.option("--project", default="", metavar="ID", help="Google Cloud project.")
@click.option("--location", default="", metavar="REGION", help="Region of the cluster.")
@click.option("--mode", type=click.Choice(["standard", "autopilot"]), default="standard", help="Kind of GKE cluster.")
@click.option("--network", default="", metavar="NAME", help="An existing network. Default: one is made.")
@click.option("--subnetwork", default="", metavar="NAME", help="Its subnet for nodes.")
@click.option("--host-project", default="", metavar="ID", help="The project of a Shared VPC.")
@click.option("--hub", default="", metavar="NAME", help="Hub that the new network joins, by its full name.")
@click.option("--policies", default="", metavar="PATH", help="Exported organisation policies.")
@click.option("--context", default="", metavar="NAME", help="Context of the kubeconfig.")
@click.option("--ray-image", default="", metavar="IMAGE", help="Ray's image, by digest.")
@click.option("--gateway-image", default="", metavar="IMAGE", help="The gateway's image, by digest.")
@click.option("--operator-image", default="", metavar="IMAGE", help="KubeRay's image, by digest.")
@click.option("--from-gcloud", is_flag=True, help="Take project and region from gcloud's local configuration.")
@click.option(
    "-o",
    "--output",
    "path",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    default=Path("platform.yaml"),
    show_default=True,
    metavar="FILE",
    help="Where to write it; - for standard output.",
)
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
@options.json_output
def command(target: str | None, from_gcloud: bool, path: Path, force: bool, as_json: bool, **told: str) -> int:
    """Write a commented, minimal, valid spec. Asks on a terminal for what is missing."""
    from rayfence.api import init

    draft = init.Draft(target=target or _ask_target(), **told)
    if from_gcloud and draft.target != "gke":
        raise click.UsageError(f"--from-gcloud is for target gke, and this one is {draft.target}")
    if from_gcloud:
        draft = init.from_gcloud(draft)
    draft = _complete(draft)
    file = None if str(path) == "-" else path
    text = init.write(draft, file, force=force)
    if as_json:
        output.data({"file": str(file) if file else None, "target": draft.target, "name": draft.name, "spec": text})
    elif file is None:
        output.line(text.rstrip())
    else:
        output.line(output.clean(f"wrote {file}"))
        output.note(output.clean(f"next: rayfence plan -f {file}"))
    return 0


def _ask_target() -> str:
    if not output.is_terminal():
        raise click.UsageError("Missing option '--target'.")
    answer: str = click.prompt("Target", type=click.Choice(["local", "kubernetes", "gke"]), default="local", err=True)
    return answer


def _complete(draft: "Draft") -> "Draft":
    """Ask for what the target needs. Without a terminal: a usage error that names every missing flag."""
    from rayfence.api.init import missing, unused

    idle = unused(draft)
    if idle:
        flags = ", ".join(f"--{name.replace('_', '-')}" for name in idle)
        raise click.UsageError(f"Not used with target {draft.target} and the other flags: {flags}")
    lacking = missing(draft)
    if lacking and not output.is_terminal():
        raise click.UsageError(f"Missing: {', '.join(_QUESTIONS[name][0] for name in lacking)}")
    for name in lacking:
        draft = replace(draft, **{name: click.prompt(_QUESTIONS[name][1], err=True)})
    return draft
