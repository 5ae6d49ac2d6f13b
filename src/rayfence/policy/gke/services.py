"""Which of Google's APIs are switched on, and whether the organisation lets them be used.

Constraints: gcp.restrictServiceUsage (an API that is not allowed answers 403 while the platform runs, not when it is
made) and the older serviceuser.services. Source: Resource Manager, restricting-resources.
"""

from typing import Final

from rayfence.model.decision import Source
from rayfence.model.gke import NetworkKind
from rayfence.model.gke_settings import KeySettings
from rayfence.policy.basis import Case
from rayfence.policy.basis.petitions import admitted, tagged

USAGE: Final = "gcp.restrictServiceUsage"
ENABLING: Final = "serviceuser.services"
NO_LOGGING: Final = "gcp.disableCloudLogging"

#: What every platform needs.
ALWAYS: Final = (
    "artifactregistry",
    "binaryauthorization",
    "cloudresourcemanager",
    "compute",
    "container",
    "containeranalysis",
    "containerscanning",
    "dns",
    "iam",
    "iamcredentials",
    "logging",
    "monitoring",
    "oslogin",
    "pubsub",
    "secretmanager",
    "serviceusage",
    "sts",
)


def services(case: Case, key: KeySettings | None) -> tuple[str, ...]:
    """The APIs of this platform in order of name; each must be allowed."""
    names = {*ALWAYS, *(grant.service for tenant in case.platform.tenants for grant in tenant.access)}
    names = {"cloudkms" if name == "kms" else name for name in names}
    target = case.gke
    if key is not None:
        names.add("cloudkms")
    if target.iap is not None:
        names |= {"iap", "certificatemanager"}
    if target.network.kind is NetworkKind.SPOKE and "/networks/" not in (target.network.hub or ""):
        names.add("networkconnectivity")
    if target.perimeter is not None:
        names.add("accesscontextmanager")
    if target.workbench is not None:
        names |= {"aiplatform", "notebooks"}
    settled = tuple(f"{name}.googleapis.com" for name in sorted(names))
    case.decide("gke.services", settled, "what the platform's objects need", serves=(USAGE, ENABLING))
    _require(case, settled)
    return settled


def cloud_logging(case: Case) -> bool:
    """Logs are always written; where the organisation throws them away, nobody can be held to anything."""
    binding = case.rules.binding(NO_LOGGING)
    case.decide(
        "gke.cloud_logging", True, "system, workload and control-plane logs", serves=LOGGING, source=Source.DEFAULT
    )
    if case.rules.undecided(NO_LOGGING):
        case.warn_undecided(NO_LOGGING, taken="logs are written, and may be thrown away")
    elif binding:
        case.refuse(
            binding,
            ("observability",),
            f"the organisation throws Cloud Logging's entries away: {case.rules.source(NO_LOGGING)}",
            ("ask for the exception below",),
            tagged(
                NO_LOGGING, case.rules.organization(), "without logs no misuse of the platform can be found or proved"
            ),
        )
    return True


LOGGING: Final = ("container.managed.enableCloudLogging",)


def _require(case: Case, settled: tuple[str, ...]) -> None:
    for rule in (USAGE, ENABLING):
        refused = {name: verdict for name in settled if not (verdict := case.rules.verdict(rule, name)).allowed}
        if not refused:
            continue
        first = next(iter(refused.values()))
        names = ", ".join(refused)
        case.refuse(
            (rule,),
            ("target.gke",),
            f"the platform needs {names}: {first.reason}",
            ("leave out what needs them, where that is possible", "ask for the exception below"),
            admitted(rule, "`, `".join(refused), "objects of the platform are made and run by these services"),
        )
