"""Ray's token of one Ray object: where KubeRay finds it.

We make the Secret and name it in `authOptions.secretName` (KubeRay 1.6), because KubeRay names its own after the Ray
cluster, and those of jobs and services have random names: the gateway could not know which token is whose. Source:
KubeRay 1.6, `SetContainerTokenAuthEnvVars`, `GetRayDashboardClientFunc`.
"""

from rayfence.model.cluster_resolution import KubernetesSettings
from rayfence.render.kubernetes.operator.features import names_tokens
from rayfence.render.kubernetes.shape import Json
from rayfence.render.kubernetes.workloads.listing import Workload


def token_secret(workload: Workload) -> str:
    """Name of the Secret with `auth_token` in the tenant's namespace."""
    return f"ray-token-{workload.label}"


def auth_options(workload: Workload, settings: KubernetesSettings, *, gateway: bool) -> Json:
    """`authOptions`. Without a gateway nobody but KubeRay needs the token, so KubeRay makes it.

    The mode is always written out: KubeRay's comment calls token its default, its code does not.
    """
    options: Json = {"mode": "token"}
    if gateway and names_tokens(settings):
        options["secretName"] = token_secret(workload)
    return options
