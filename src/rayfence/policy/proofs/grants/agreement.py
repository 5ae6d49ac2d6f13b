"""Whether what the Google Cloud renderer binds and what the list of grants says are the same.

Compared by role, member and the last word of the resource, as far as the binding names it in clear: Terraform's
references are not followed. The number of the project is left out of members, because it may not be known yet.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from rayfence.model.cloud import CloudDesired
from rayfence.model.frozen import dataclass
from rayfence.model.proofs import ActorGrant, Plane

ALLOW_POLICY: Final = "iam.googleapis.com/AllowPolicy"
#: Terraform's types of bindings on everything in a project or above.
WIDE: Final = ("google_project_iam_", "google_folder_iam_", "google_organization_iam_")
#: Attributes of Terraform's `…_iam_member` that name the resource, most telling first.
TARGETS: Final = (
    "dataset_id",
    "bucket",
    "secret_id",
    "topic",
    "crypto_key_id",
    "subnetwork",
    "service_account_id",
    "repository",
    "project",
)


@dataclass(frozen=True, slots=True)
class RenderedBinding:
    """One binding as rendered. `target`: the resource, as far as it is named in clear, else empty.

    `wide`: on a whole project or more, and without a condition that narrows it.
    """

    role: str
    member: str
    target: str
    condition: str
    address: str
    wide: bool


def rendered_bindings(cloud: CloudDesired) -> Iterator[RenderedBinding]:
    """Every IAM binding of the planned resources."""
    for resource in cloud.resources:
        if resource.kind != ALLOW_POLICY:
            continue
        bindings = resource.body.get("bindings")
        for binding in bindings if isinstance(bindings, list | tuple) else ():
            if not isinstance(binding, Mapping):
                continue
            members = binding.get("members")
            condition = binding.get("condition")
            text = str(condition.get("expression", "")) if isinstance(condition, Mapping) else ""
            for member in members if isinstance(members, list | tuple) else ():
                address = f"{resource.block}.{resource.label}"
                yield RenderedBinding(
                    role=str(binding.get("role", "")),
                    member=str(member),
                    target=_target(resource.attributes),
                    condition=text,
                    address=address,
                    wide=not text and resource.block.startswith(WIDE),
                )


def disagreements(grants: Sequence[ActorGrant], cloud: CloudDesired) -> tuple[str, ...]:
    """Bindings that no grant explains, and grants said to be bound that nothing binds. Empty: they agree."""
    found: dict[tuple[str, str], list[RenderedBinding]] = {}
    for binding in rendered_bindings(cloud):
        found.setdefault((binding.role, plain(binding.member)), []).append(binding)
    missing = [
        f"{grant.actor}: {grant.role} on {grant.on} for {member} is bound by nothing"
        for grant in grants
        if grant.plane is Plane.IAM and grant.bound
        for member in grant.members
        if not any(_meets(grant.on, binding) for binding in found.get((grant.role, plain(member)), ()))
    ]
    extra = [
        f"{binding.address}: {binding.role} for {binding.member} is explained by no grant"
        for binding in unexplained(grants, cloud)
    ]
    return (*missing, *extra)


def unexplained(grants: Sequence[ActorGrant], cloud: CloudDesired) -> tuple[RenderedBinding, ...]:
    """Bindings that no grant explains."""
    listed: dict[tuple[str, str], list[str]] = {}
    for grant in grants:
        if grant.plane is Plane.IAM:
            for member in grant.members:
                listed.setdefault((grant.role, plain(member)), []).append(grant.on)
    return tuple(
        binding
        for binding in rendered_bindings(cloud)
        if not any(_meets(on, binding) for on in listed.get((binding.role, plain(binding.member)), ()))
    )


def _meets(on: str, binding: RenderedBinding) -> bool:
    """Whether the binding may be on `on`. A wide one is only on a project: a bucket's grant never explains it."""
    if binding.wide and not re.fullmatch(r"(projects|folders|organizations)/[^/]+", on):
        return False
    return not binding.target or binding.target in re.split(r"[/:]", on)


def plain(member: str) -> str:
    """A member without the project's number, which a plan may not know yet."""
    if member.startswith("principal"):
        return re.sub(r"(?<=/projects/)[^/]+", "N", member, count=1)
    agent = re.fullmatch(r"serviceAccount:(service-|bq-|cmek-p)?([^@]*)@(.+)", member)
    if agent and (agent[1] or agent[3].startswith("cloudservices.")):
        return f"serviceAccount:{agent[1] or ''}N@{agent[3]}"
    return member


def _target(attributes: Mapping[str, object]) -> str:
    for key in TARGETS:
        value = attributes.get(key)
        if isinstance(value, str):
            return "" if "${" in value else value.rpartition("/")[2]
    return ""
