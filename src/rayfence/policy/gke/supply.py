"""What may run: attested images, and the repositories they and packages come from.

Constraints: container.managed.enableBinaryAuthorization; gcp.resourceLocations for repositories (the cluster's region).
"""

from collections.abc import Iterator, Mapping
from typing import Final

from rayfence.model.decision import Source
from rayfence.model.gke_settings import BinaryAuthorization, Registry, Repository
from rayfence.model.tenancy import ClusterTenant
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
            f"{_FIELD}.attestorKey: the attestor has no key yet, so nothing but Google's own images starts: no Ray, no "
            "gateway, no operator of ours; give it the public key of whoever builds, and sign what it built"
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


def image_sources(case: Case, place: Place, settled: tuple[Registry, ...]) -> tuple[Repository, ...]:
    """Repositories that images come from and that are not made here: nodes must be let in there too.

    A registry that is none of Artifact Registry's, or that stops before a repository, is its owner's to open.
    """
    operator, platform = case.platform.operator, case.platform
    used = (platform.images.gateway, operator.image, *_ray_images(platform.tenants))
    found = (repository_of(name) for name in (*platform.images.registries, *used) if name)
    ours = {_own(case, place, registry) for registry in settled}
    sources = tuple(dict.fromkeys(one for one in found if one is not None and one not in ours))
    reason = "nodes may pull from there, and not write" if sources else "every image is in the platform's repositories"
    case.decide("gke.image_sources", tuple(_path(one) for one in sources), reason)
    return sources


def packages(case: Case, place: Place, settled: tuple[Registry, ...], *, isolated: bool) -> Repository | None:
    """The mirror that Ray pods install Python packages from, if it is one of Artifact Registry's.

    `isolated`: there is no way to the Internet, so the platform's own mirror stands in where the spec names none.
    """
    index = case.platform.images.pip_index or (package_index(case, place, settled) if isolated else None)
    found = repository_of(index.removeprefix("https://"), "-python.pkg.dev") if index else None
    reason = "Ray pods may read it, and install from it" if found else "packages come from no repository of Google's"
    case.decide("gke.packages", _path(found) if found else None, reason)
    return found


def repository_of(name: str, host: str = "-docker.pkg.dev") -> Repository | None:
    """The repository of an image, a registry or an index: `L-docker.pkg.dev/P/R/…`. None: another kind of name."""
    server, *path = name.split("/")
    if not server.endswith(host) or len(path) < 2 or not all(path[:2]):
        return None
    return Repository(path[0], server.removesuffix(host), path[1].partition("@")[0].partition(":")[0])


def _path(where: Repository) -> str:
    return f"projects/{where.project}/locations/{where.location}/repositories/{where.name}"


def _own(case: Case, place: Place, registry: Registry) -> Repository:
    return Repository(case.gke.project, place.region, registry.name)


def _ray_images(tenants: tuple[ClusterTenant, ...]) -> Iterator[str]:
    for tenant in tenants:
        yield from (cluster.pods.image for cluster in tenant.clusters)
        yield from (job.pods.image for job in tenant.jobs)
        yield from (service.pods.image for service in tenant.services)


def repository_prefix(case: Case, place: Place, registry: Registry) -> str:
    """What images of a repository begin with."""
    return f"{place.region}-docker.pkg.dev/{case.gke.project}/{registry.name}/"


def package_index(case: Case, place: Place, settled: tuple[Registry, ...]) -> str | None:
    """Address of the mirror of Python packages, if there is one."""
    for registry in settled:
        if registry.kind == "pypi":
            return f"https://{place.region}-python.pkg.dev/{case.gke.project}/{registry.name}/simple/"
    return None
