"""Where objects are spilled to, and the queue a tenant draws from.

Source: storage.k8s.io/v1, Compute Engine's CSI driver (`disk-encryption-kms-key`); kueue.x-k8s.io/v1beta2.
"""

from typing import Final

from rayfence.model.cluster_resolution import KubernetesSettings
from rayfence.model.tenancy import ClusterTenant
from rayfence.render.kubernetes.shape import Json, resource

#: Name of the tenant's queue; workloads name it in their label.
QUEUE: Final = "ray"
QUEUE_LABEL: Final = "kueue.x-k8s.io/queue-name"


def spill_class(settings: KubernetesSettings) -> tuple[Json, ...]:
    """A class whose disks are encrypted with the customer's key; none where no key is demanded.

    Disks are bound where the pod runs, and go with it: what was spilled outlives nobody.
    """
    if settings.spill_key is None or settings.spill_class is None:
        return ()
    return (
        resource(
            "storage.k8s.io/v1",
            "StorageClass",
            settings.spill_class,
            provisioner="pd.csi.storage.gke.io",
            parameters={"type": "pd-balanced", "disk-encryption-kms-key": settings.spill_key},
            reclaimPolicy="Delete",
            volumeBindingMode="WaitForFirstConsumer",
            allowVolumeExpansion=False,
        ),
    )


def local_queue(tenant: ClusterTenant) -> tuple[Json, ...]:
    """The tenant's door to a ClusterQueue of Kueue; none where the spec names no queue."""
    if tenant.queue is None:
        return ()
    return (resource("kueue.x-k8s.io/v1beta2", "LocalQueue", QUEUE, tenant.name, spec={"clusterQueue": tenant.queue}),)
