"""`rayfence explain`."""

from pathlib import Path

import click

from rayfence.cli import options, output


@click.command(
    epilog="Examples:  rayfence explain gcp.resourceLocations -f platform.yaml  ·  "
    "rayfence explain gke.private_nodes -f platform.yaml --json"
)
@click.argument("subject", metavar="PATH|CONSTRAINT|CONTROL")
@options.cluster_spec
@options.policies
@options.json_output
def command(subject: str, spec: Path, policies: Path | None, as_json: bool) -> int:
    """Say why a setting is as it is, how the platform stands to a constraint, or what a waiver accepts; and what would
    change it.

    A setting is named as `rayfence plan` prints it, or by its field in the spec.
    """
    from rayfence.api.cluster import explain_subject
    from rayfence.cli import cluster_plan

    found = explain_subject(subject, spec, policies)
    if as_json:
        output.data(found)
        return 0
    cluster_plan.show_explanations(found)
    return 0
