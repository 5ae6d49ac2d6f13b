"""An organisation's policies: from the files that a spec names, or as they stand.

Live reading needs a token: `GOOGLE_OAUTH_ACCESS_TOKEN`, or a gcloud that is logged in. It is never printed.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from rayfence.catalog.constraints import load_known_constraints
from rayfence.errors import OrganizationError
from rayfence.model.cluster_platform import ClusterPlatform
from rayfence.model.gke import GkeTarget
from rayfence.model.orgpolicy import OrgFacts
from rayfence.organization.effective import effective
from rayfence.organization.raw import SourceFile
from rayfence.organization.read import read

#: Exports of a whole organisation have a few MB. Anything larger is no policy.
MAX_BYTES: Final = 32 * 1024 * 1024
MAX_FILES: Final = 10_000
_ENDINGS: Final = (".json", ".yaml", ".yml", ".tfstate")


def organization_of(platform: ClusterPlatform, base: Path, policies: Path | None) -> OrgFacts:
    """What binds the platform's project.

    `base`: the folder that the spec's own paths start from. `policies`: files in place of what the spec names. A
    platform on another Kubernetes is bound by no organisation of Google's. Raises OrganizationError, GoogleApiError,
    NoAccessToken.
    """
    target, given = platform.target, platform.organization
    if not isinstance(target, GkeTarget):
        return OrgFacts()
    if given.live and policies is None:
        return _live(target)
    place = policies or (base / given.policies if given.policies else None)
    raw = read(read_files(place) if place is not None else ())
    number = target.project_number
    # Exports name the project by number, specs by id: both are the project.
    chain = (*((f"projects/{number}",) if number else ()), *given.ancestors)
    return effective(raw, target.project, chain, given.tags or None, load_known_constraints())


def _live(target: GkeTarget) -> OrgFacts:
    # An HTTP client takes a tenth of a second to load: plans from files do without it.
    from rayfence.adapters.gcp.access_token import access_token  # noqa: PLC0415
    from rayfence.adapters.gcp.configuration import read_configuration  # noqa: PLC0415
    from rayfence.adapters.gcp.live_policies import LiveReader  # noqa: PLC0415
    from rayfence.adapters.gcp.rest import GoogleApi  # noqa: PLC0415

    configured = read_configuration(os.environ, Path.home())
    known = load_known_constraints()
    with GoogleApi(access_token(os.environ), configured.overrides, configured.quota_project) as api:
        reader = LiveReader(api, tuple(row.id for row in known))
        found = reader.read(target.project, target.network.network or "", target.network.host_project or "")
    facts = effective(read(found.files), target.project, found.ancestry, None, known, no_tags=found.no_tags)
    return replace(facts, problems=(*facts.problems, *found.problems))


def read_files(place: Path) -> tuple[SourceFile, ...]:
    """Every policy file at `place`, a file or a folder with folders in it, in the order of their names.

    Hidden ones and other endings are left out; links are followed. Raises OrganizationError when there is none, or one
    can't be read: a policy that was not read must never look like one that is not set.
    """
    try:
        found = list(_below(place, ())) if stat.S_ISDIR(place.stat().st_mode) else [place]
    except OSError as error:
        words = "no such file or folder" if isinstance(error, FileNotFoundError) else error.strerror
        raise OrganizationError((f"{error.filename or place}: {words}",)) from error
    if not found:
        raise OrganizationError((f"{place}: no {', '.join(_ENDINGS)} file in it",))
    if len(found) > MAX_FILES:
        raise OrganizationError((f"{place}: {len(found)} files; at most {MAX_FILES} are read",))
    return tuple(_read(path, place) for path in found)


def _below(folder: Path, inside: tuple[tuple[int, int], ...]) -> Iterator[Path]:
    """`inside`: device and inode of the folders above, so that a link to one of them ends instead of going round."""
    here = folder.stat()
    inside = (*inside, (here.st_dev, here.st_ino))
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.suffix not in _ENDINGS and not path.is_dir():
            continue
        found = path.stat()
        if not stat.S_ISDIR(found.st_mode):
            yield path
        elif (found.st_dev, found.st_ino) in inside:
            raise OrganizationError((f"{path}: a link to a folder it lies in",))
        else:
            yield from _below(path, inside)


def _read(path: Path, place: Path) -> SourceFile:
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise OrganizationError((f"{path}: not a file",))  # a pipe or device may have no end, or never begin
        if found.st_size > MAX_BYTES:
            raise OrganizationError((f"{path}: larger than {MAX_BYTES >> 20} MiB",))
        # Named from the folder on, so that a plan is the same wherever the folder lies.
        name = path.name if path == place else f"{place.name}/{path.relative_to(place)}"
        return name, path.read_bytes()
    except OSError as error:
        raise OrganizationError((f"{path}: {error.strerror}",)) from error
