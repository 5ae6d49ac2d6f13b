"""Which fields and gates a release of the KubeRay operator has.

A field that the release lacks is pruned silently, a gated one stops the whole RayCluster at reconcile: so what can't be
had is refused here instead of rendered. Source: KubeRay v1.5.1, v1.6.0, v1.7.0 (`pkg/features`, RayCluster v1).
"""

from collections.abc import Mapping
from typing import Final

from rayfence.errors import RenderError
from rayfence.model.cluster_platform import OperatorSource
from rayfence.model.cluster_resolution import ClusterResolution, KubernetesSettings

#: First release with `authOptions.mode`; below it a Ray cluster has no authentication.
OLDEST: Final = (1, 5, 1)
MTLS_GATE: Final = "RayClusterMTLS"
NETWORK_GATE: Final = "RayClusterNetworkPolicy"
CRON_GATE: Final = "RayCronJob"

_BETA: Final = ("RayClusterStatusConditions", "RayJobDeletionPolicy", "RayMultiHostIndexing")
#: Every gate of a release with the value we want where the spec asks for none. Incremental upgrades are off: they make
#: Gateways of their own, beside the tenant's gateway.
_GATES: Final[Mapping[tuple[int, int], Mapping[str, bool]]] = {
    (1, 5): {**dict.fromkeys(_BETA, True), "RayServiceIncrementalUpgrade": False},
    (1, 6): {
        **dict.fromkeys(_BETA, True),
        "RayServiceIncrementalUpgrade": False,
        CRON_GATE: False,
        "AsyncJobInfoQuery": False,
    },
    (1, 7): {
        **dict.fromkeys(_BETA, True),
        "RayServiceIncrementalUpgrade": False,
        CRON_GATE: False,
        MTLS_GATE: False,
        NETWORK_GATE: False,
        "RayClusterHistoryServer": False,
        "GCSFaultToleranceEmbeddedStorage": False,
        "KubernetesWAS": False,
        "SidecarSubmitterRestart": False,
    },
}


def release(version: str) -> tuple[int, int, int]:
    """`1.7.0`, `v1.7` or `1.7.0-gke.1` as numbers. Raises RenderError for anything else."""
    parts = version.removeprefix("v").partition("-")[0].split(".")
    if not 2 <= len(parts) <= 3 or not all(part.isascii() and part.isdigit() for part in parts):
        raise RenderError(f"the KubeRay operator's version can't be read: {version!r}")
    numbers = [int(part) for part in parts]
    return numbers[0], numbers[1], numbers[2] if len(numbers) == 3 else 0


def has_gate(settings: KubernetesSettings, gate: str, since: tuple[int, int, int]) -> bool:
    """Whether a gated field may be written: the release has it, and its gate is on."""
    return gate in settings.gates and release(settings.operator_version) >= since


def names_tokens(settings: KubernetesSettings) -> bool:
    """Whether a Ray cluster can be told which Secret holds its token (`authOptions.secretName`)."""
    return release(settings.operator_version) >= (1, 6, 0)


def mutual_tls(settings: KubernetesSettings) -> bool:
    """Whether KubeRay makes mutual TLS between Ray's pods (`tlsOptions`)."""
    return has_gate(settings, MTLS_GATE, (1, 7, 0))


def own_policies(settings: KubernetesSettings) -> bool:
    """Whether KubeRay makes network policies of its own (`networkPolicy`), besides ours."""
    return has_gate(settings, NETWORK_GATE, (1, 7, 0))


def wanted_gates(resolution: ClusterResolution) -> frozenset[str]:
    """Gates that must be on: those asked for, and RayCronJob where a job has a schedule."""
    scheduled = any(job.schedule for tenant in resolution.platform.tenants for job in tenant.jobs)
    return frozenset(resolution.kubernetes.gates) | (frozenset({CRON_GATE}) if scheduled else frozenset())


def gate_settings(resolution: ClusterResolution) -> Mapping[str, bool]:
    """Every gate of the release with its value: a complete list leaves nothing to the defaults of an upgrade."""
    wanted = wanted_gates(resolution)
    known = _GATES.get(release(resolution.kubernetes.operator_version)[:2], {})
    return dict(sorted({**known, **dict.fromkeys(wanted, True)}.items()))


def demand(resolution: ClusterResolution) -> None:
    """Refuse what the operator can't do. Raises RenderError with what would help."""
    settings = resolution.kubernetes
    version = release(settings.operator_version)
    if version < OLDEST:
        raise RenderError(
            f"KubeRay {settings.operator_version} can't ask for Ray's token (authOptions.mode)",
            hint="use operator version 1.5.1 or newer",
        )
    pinned = resolution.platform.operator.source is OperatorSource.MANIFESTS
    wanted = wanted_gates(resolution) if pinned else wanted_gates(resolution) - set(settings.gates)
    for gate in sorted(wanted):
        known = _GATES.get(version[:2])
        if known is not None and gate not in known:
            raise RenderError(f"KubeRay {settings.operator_version} has no feature gate {gate}")
        if not pinned:
            raise RenderError(
                f"scheduled jobs need KubeRay's feature gate {gate}, which this operator is not known to have on",
                hint="name the gate in operator.gates once it is on, or install the operator from pinned manifests",
            )
