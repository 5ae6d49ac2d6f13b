"""The Ray objects of a tenant in one form, whatever their kind."""

from enum import StrEnum

from rayfence.model.frozen import dataclass
from rayfence.model.tenancy import ClusterTenant, RayPods
from rayfence.render.kubernetes.names import (
    AUTOSCALER_ACCOUNT,
    HEAD_ACCOUNT,
    SIDECAR_CLIENT,
    SIDECAR_DASHBOARD,
    SIDECAR_SERVE,
)


class Kind(StrEnum):
    """Which Ray object; the value begins its label."""

    CLUSTER = "cluster"
    JOB = "job"
    CRON = "cron"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Workload:
    """One Ray object and its pods. `autoscaled`: its head holds an autoscaler."""

    kind: Kind
    name: str
    pods: RayPods
    autoscaled: bool

    @property
    def label(self) -> str:
        """Value of the workload label, and name of the objects that belong to it."""
        return f"{self.kind}-{self.name}"

    @property
    def head_account(self) -> str:
        """Service account of the head."""
        return AUTOSCALER_ACCOUNT if self.autoscaled else HEAD_ACCOUNT

    @property
    def sidecar_ports(self) -> tuple[int, ...]:
        """What the head's sidecar listens on."""
        return sidecar_ports(self.kind)


def sidecar_ports(kind: Kind) -> tuple[int, ...]:
    """The dashboard's; Ray Client's for long-lived clusters, Serve's for services."""
    if kind is Kind.CLUSTER:
        return SIDECAR_DASHBOARD, SIDECAR_CLIENT
    if kind is Kind.SERVICE:
        return SIDECAR_DASHBOARD, SIDECAR_SERVE
    return (SIDECAR_DASHBOARD,)


def workloads(tenant: ClusterTenant) -> tuple[Workload, ...]:
    """Clusters, jobs and services in the spec's order.

    Under a queue nothing is autoscaled: Kueue admits a Ray object by the pods it asks for at once, and refuses an
    autoscaler (kueue#780).
    """
    queued = tenant.queue is not None
    found = [(Kind.CLUSTER, cluster.name, cluster.pods) for cluster in tenant.clusters]
    found += [(Kind.CRON if job.schedule else Kind.JOB, job.name, job.pods) for job in tenant.jobs]
    found += [(Kind.SERVICE, service.name, service.pods) for service in tenant.services]
    return tuple(Workload(kind, name, pods, pods.autoscaling and not queued) for kind, name, pods in found)
