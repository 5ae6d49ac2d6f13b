"""What may run: attested images, and the repositories they and packages come from.

Constraints: container.managed.enableBinaryAuthorization; gcp.resourceLocations for repositories (the cluster's region).
"""

from collections.abc import Mapping
from typing import Final

from rayfence.model.decision import Source
from rayfence.model.gke_settings import BinaryAuthorization, Registry
from rayfence.policy.basis import Case
from rayfence.policy.gke.locations import Place

BINARY_AUTHORIZATION: Final = "container.managed.enableBinaryAuthorization"

#: Public repositories that each kind mirrors, by Artifact Registry's names (of apt: `BASE/path`).
REMOTES: Final[Mapping[str, str]] = {"docker": "DOCKER_HUB", "pypi": "PYPI", "apt": "UBUNTU/ubuntu"}

_FIELD: Final = "supplyChain"


def binary_authorization(case: Case) -> BinaryAuthorization:
    """Decide who must have signed what runs; logging alone takes a waiver."""
    wanted = case.gke.supply_chain
    path = "gke.binary_authorization"
    if wanted.dry_run:
        problem = "in a dry run unsigned images are started, and only logged"
        waiver = case.refuse_unwaived("binary-authorization", f"{_FIELD}.dryRun", problem, "leave dryRun out")
        case.decide(path, "dry run", "as specified", waiver=waiver, serves=(BINARY_AUTHORIZATION,), source=Source.SPEC)
    else:
        case.decide(path, "enforced", "an image nobody signed does not start", serves=(BINARY_AUTHORIZATION,))
    made = not wanted.attestors
    attestors = wanted.attestors or (f"projects/{case.gke.project}/attestors/{case.platform.name}-built",)
    reason = "as specified" if wanted.attestors else "made for this platform"
    source = Source.SPEC if wanted.attestors else Source.DEFAULT
    case.decide(f"{path}.attestors", attestors, reason, source=source)
    if made and wanted.attestor_key is None:
        case.warnings.append(
            f"{_FIELD}.attestorKey: the attestor has no key yet, so it admits only images of Google's own and of the "
            "platform's exempt repositories; give it the public key of whoever builds"
        )
    return BinaryAuthorization(not wanted.dry_run, attestors, made, wanted.attestor_key)


def registries(case: Case) -> tuple[Registry, ...]:
    """The platform's own repository, and mirrors of public ones, so that nodes need no way to the Internet."""
    name = case.platform.name
    settled = [Registry(f"{name}-images", "docker", None)]
    for index, kind in enumerate(case.gke.supply_chain.repositories):
        if kind not in REMOTES:
            problem = f"{kind!r} is no kind of repository that can be mirrored"
            case.refuse((), (f"{_FIELD}.repositories[{index}]",), problem, (f"choose among {', '.join(REMOTES)}",))
            continue
        settled.append(Registry(f"{name}-{kind}", kind, REMOTES[kind]))
    reason = "scanned on push; mirrors are reached without the Internet"
    case.decide("gke.registries", tuple(item.name for item in settled), reason, costs="scans are paid by image")
    return tuple(settled)


def repository_prefix(case: Case, place: Place, registry: Registry) -> str:
    """What images of a repository begin with."""
    return f"{place.region}-docker.pkg.dev/{case.gke.project}/{registry.name}/"


def package_index(case: Case, place: Place, settled: tuple[Registry, ...]) -> str | None:
    """Address of the mirror of Python packages, if there is one."""
    for registry in settled:
        if registry.kind == "pypi":
            return f"https://{place.region}-python.pkg.dev/{case.gke.project}/{registry.name}/simple/"
    return None
