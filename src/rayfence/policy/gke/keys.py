"""The customer-managed key: whether there is one, whose it is, where it stands, and who may use it.

Constraints: gcp.restrictNonCmekServices (which services may not store without such a key),
gcp.restrictCmekCryptoKeyProjects (whose keys), gcp.resourceLocations (where),
container.managed.enableSecretsEncryption.
Source: Cloud KMS, cmek-org-policy; GKE, using-cmek.
"""

import re
from collections.abc import Mapping
from typing import Final

from rayfence.model.decision import Source
from rayfence.model.gke import Encryption, Protection
from rayfence.model.gke_settings import KeySettings
from rayfence.policy.basis import Case, Standing
from rayfence.policy.basis.petitions import admitted
from rayfence.policy.gke.locations import Place, require_place

NON_CMEK: Final = "gcp.restrictNonCmekServices"
KEY_PROJECTS: Final = "gcp.restrictCmekCryptoKeyProjects"
SECRETS: Final = "container.managed.enableSecretsEncryption"

#: Services of ours that store something, and the service agent that needs the key for it.
AGENTS: Final = {
    "compute.googleapis.com": "compute-system",
    "container.googleapis.com": "container-engine-robot",
    "artifactregistry.googleapis.com": "gcp-sa-artifactregistry",
    "pubsub.googleapis.com": "gcp-sa-pubsub",
}

NOTEBOOK: Final = {"notebooks.googleapis.com": "gcp-sa-notebooks"}

_KEY: Final = re.compile(r"projects/([^/]+)/locations/([^/]+)/keyRings/([^/]+)/cryptoKeys/([^/]+)")
_FIELD: Final = "encryption"
_PATH: Final = "gke.key"


def demanding(case: Case) -> tuple[str, ...]:
    """Services of this platform that may not, or perhaps may not, store anything without a customer's key."""
    return tuple(service for service in agents(case) if not case.rules.verdict(NON_CMEK, service).allowed)


def agents(case: Case) -> Mapping[str, str]:
    """Service to service agent, of what this platform stores."""
    return {**AGENTS, **NOTEBOOK} if case.gke.workbench else AGENTS


def key(case: Case, place: Place) -> KeySettings | None:
    """Decide the key.

    1. Whether one is needed: demanded, wanted, or named.
    2. Which: the one named, else one made for this platform.
    3. Its place and project must be allowed.
    """
    wanted = case.gke.encryption
    services = demanding(case)
    rules = ((NON_CMEK,) if services else ()) + case.rules.binding(SECRETS)
    case.warn_undecided(NON_CMEK, SECRETS, taken="everything that can take a key gets one")
    if not rules and not wanted.wanted and wanted.key is None:  # 1
        case.decide(_PATH, None, "not asked for, and not demanded: Google's own keys encrypt", source=Source.DEFAULT)
        return None
    if wanted.wanted is False and rules:
        _refuse_without(case, rules, services)
    settled = _made(case, wanted, place, rules) if wanted.key is None else _named(case, wanted.key, rules)  # 2
    if settled is None:
        return None
    field = f"{_FIELD}.make.project" if wanted.project else f"{_FIELD}.key"
    if settled.location != place.region:  # 3
        problem = (
            f"the key stands in {settled.location}, and disks of {place.region} take keys of their own region only"
        )
        case.refuse((NON_CMEK,) if services else (), (field,), problem, (f"name a key in {place.region}",))
    require_place(case, settled.location, field, "the key")
    _require_project(case, settled, field)
    case.decide(
        f"{_PATH}.agents", settled.agents, "they get encrypt and decrypt on this one key before anything uses it"
    )
    return settled


def encrypt_secrets(case: Case, settled: KeySettings | None) -> bool:
    """Whether Kubernetes Secrets in etcd are encrypted with the key: whenever there is one."""
    reason = "Secrets are encrypted with the key before they are stored" if settled else "there is no key of ours"
    case.decide("gke.encrypt_secrets", settled is not None, reason, serves=(SECRETS, NON_CMEK) if settled else ())
    return settled is not None


def _refuse_without(case: Case, rules: tuple[str, ...], services: tuple[str, ...]) -> None:
    what = ", ".join(services) or "Kubernetes Secrets"
    petition = (
        admitted(NON_CMEK, "`, `".join(services), "this platform is to store without a key of its own")
        if services
        else ()
    )
    case.refuse(
        rules,
        (f"{_FIELD}.googleManaged",),
        f"the organisation demands a customer-managed key for {what}",
        ("leave googleManaged out; a key is then named or made", "ask for the exception below")
        if petition
        else ("leave googleManaged out",),
        petition,
    )


def _named(case: Case, name: str, rules: tuple[str, ...]) -> KeySettings | None:
    match = _KEY.fullmatch(name)
    if match is None:
        form = "projects/P/locations/L/keyRings/R/cryptoKeys/K"
        case.refuse((), (f"{_FIELD}.key",), f"{name!r} is no key's full name", (f"write it as {form}",))
        return None
    project, location, ring, short = match.groups()
    reason = "an existing key of the organisation"
    case.decide(_PATH, name, reason, serves=(*rules, KEY_PROJECTS), source=Source.SPEC, irreversible=_BOUND)
    return _settings(case, name, False, (project, location, ring, short))


def _made(case: Case, wanted: Encryption, place: Place, rules: tuple[str, ...]) -> KeySettings:
    project = wanted.project or case.gke.project
    ring, short = case.platform.name, f"{case.platform.name}-data"
    name = f"projects/{project}/locations/{place.region}/keyRings/{ring}/cryptoKeys/{short}"
    costs = "key versions and their use are paid" + (
        ", HSM and external ones by far more" if wanted.protection is not Protection.SOFTWARE else ""
    )
    kept = f"{_BOUND}; rings and keys can't be deleted, only versions destroyed"
    case.decide(_PATH, name, "made for this platform", serves=(*rules, KEY_PROJECTS), irreversible=kept, costs=costs)
    _protection(case, wanted)
    return _settings(case, name, True, (project, place.region, ring, short))


def _protection(case: Case, wanted: Encryption) -> None:
    source = Source.DEFAULT if wanted.protection is Protection.HSM else Source.SPEC
    reasons = {
        Protection.HSM: "the key's bytes never leave a hardware module",
        Protection.SOFTWARE: "as specified; the key's bytes are held by Google's software",
        Protection.EXTERNAL: "as specified; the key's bytes stay outside Google, reached over the Internet",
        Protection.EXTERNAL_VPC: "as specified; the key's bytes stay outside Google, reached through the VPC",
    }
    path = f"{_PATH}.protection"
    case.decide(
        path, wanted.protection, reasons[wanted.protection], source=source, irreversible="a key keeps its protection"
    )
    external = wanted.protection in {Protection.EXTERNAL, Protection.EXTERNAL_VPC}
    if external and not wanted.external_key:
        case.refuse((), (f"{_FIELD}.make.externalKey",), "an external key must be named", ("set externalKey",))
    if wanted.protection is Protection.EXTERNAL_VPC and not wanted.ekm_connection:
        problem = "a key reached through the VPC needs its EKM connection"
        case.refuse((), (f"{_FIELD}.make.ekmConnection",), problem, ("set ekmConnection",))
    if external:
        case.decide(f"{_PATH}.rotation_days", "none", "an external key is rotated where it lives", source=Source.SPEC)
        return
    if wanted.rotation_days < 1:
        case.refuse(
            (), (f"{_FIELD}.make.rotationDays",), "a key that never rotates is never retired", ("set 1 or more days",)
        )
    path, source = f"{_PATH}.rotation_days", case.said(f"{_FIELD}.make.rotationDays")
    case.decide(path, wanted.rotation_days, "what one version has encrypted stays little", source=source)


def _settings(case: Case, name: str, made: bool, parts: tuple[str, str, str, str]) -> KeySettings:
    wanted = case.gke.encryption
    project, location, ring, short = parts
    external = made and wanted.protection in {Protection.EXTERNAL, Protection.EXTERNAL_VPC}
    return KeySettings(
        name=name,
        made=made,
        project=project,
        location=location,
        ring=ring,
        short_name=short,
        protection=wanted.protection,
        rotation_days=0 if external else wanted.rotation_days,
        external_key=wanted.external_key,
        ekm_connection=wanted.ekm_connection,
        agents=tuple(agents(case).values()),
    )


def _require_project(case: Case, settled: KeySettings, field: str) -> None:
    project = f"projects/{settled.project}"
    verdict = case.rules.verdict(KEY_PROJECTS, project)
    if verdict.allowed:
        return
    policy = case.rules.facts.policies[KEY_PROJECTS]
    allowed = ", ".join(policy.values.allowed) if policy.values else ""
    remedy = f"name a key of an allowed project ({allowed or 'none is listed'}) in encryption.key"
    remedies: tuple[str, ...]
    if verdict.standing is Standing.UNKNOWN:
        remedies = (f"give the folders and organisation above {project}, so that it can be decided", remedy)
    else:
        remedies = (remedy, "have the key made there: encryption.make.project", "ask for the exception below")
    case.refuse(
        (KEY_PROJECTS,),
        (field,),
        f"keys of {project} may not be used: {verdict.reason}"
        if verdict.standing is Standing.REFUSED
        else f"nobody knows whether keys of {project} may be used: {verdict.reason}",
        remedies,
        admitted(
            KEY_PROJECTS, project, "the platform's disks, Secrets and repositories are encrypted with a key kept there"
        ),
    )


_BOUND: Final = "disks and Secrets stay bound to the key they were made with"
