"""Filters of the logging query language: what is counted, and what somebody must be told at once.

Source: Cloud Audit Logs of GKE, Binary Authorization, IAP, KMS, Organization Policy, VPC Service Controls; VPC
firewall logs. Names of methods follow GKE's audit-logging page.
"""

import json
import re
from typing import Final

from rayfence.model.frozen import dataclass


@dataclass(frozen=True, slots=True)
class LogFilter:
    """`alert`: worth waking somebody; else only counted. `severity`: CRITICAL, ERROR or WARNING."""

    name: str
    filter: str
    why: str
    severity: str = "WARNING"
    alert: bool = True


_K8S: Final = 'protoPayload.serviceName="k8s.io"'
_POD_MADE: Final = 'protoPayload.methodName="io.k8s.core.v1.pods.create"'
_RBAC: Final = "io.k8s.authorization.rbac.v1.clusterrolebindings.(create|patch|update)"
_STRANGERS: Final = '("system:anonymous" OR "system:authenticated" OR "system:unauthenticated")'
_WEAKENING: Final = "UpdateCluster|SetLegacyAbac|SetNetworkPolicy|SetMasterAuth|SetLoggingService|DeleteCluster"
_PERIMETER: Final = "type.googleapis.com/google.cloud.audit.VpcServiceControlAuditMetadata"

FIXED: Final = (
    LogFilter(
        "cluster-admin-grant",
        f'protoPayload.methodName=~"{_RBAC}" AND protoPayload.request.roleRef.name="cluster-admin"',
        "somebody was made cluster-admin",
        "CRITICAL",
    ),
    LogFilter(
        "anonymous",
        f'{_K8S} AND (protoPayload.authenticationInfo.principalEmail="system:anonymous"'
        f" OR protoPayload.request.subjects.name={_STRANGERS})",
        "a stranger called the API server, or was given a right",
        "CRITICAL",
    ),
    LogFilter(
        "binauthz-breakglass",
        f'{_POD_MADE} AND labels."imagepolicywebhook.image-policy.k8s.io/break-glass"="true"',
        "a pod was started past Binary Authorization",
        "CRITICAL",
    ),
    LogFilter(
        "binauthz-deny",
        'protoPayload.response.status="Failure" AND protoPayload.response.reason=("VIOLATES_POLICY" OR "Forbidden")'
        ' AND protoPayload.response.message=~"attest"',
        "an image without attestation was refused",
    ),
    LogFilter(
        "cluster-weakened",
        'protoPayload.serviceName="container.googleapis.com"'
        f' AND protoPayload.methodName=~"ClusterManager.({_WEAKENING})"',
        "a cluster's settings were changed",
        "ERROR",
    ),
    LogFilter(
        "orgpolicy-changed",
        'protoPayload.serviceName="orgpolicy.googleapis.com"'
        ' AND protoPayload.methodName=~"(Create|Update|Delete)(Policy|CustomConstraint)"',
        "a policy of the organisation was changed",
        "ERROR",
    ),
    LogFilter(
        "orgpolicy-violated",
        'protoPayload.status.message=~"constraints/|customConstraints/"',
        "the organisation's policies refused a call",
    ),
    LogFilter(
        "sa-key-or-iam",
        'protoPayload.methodName="google.iam.admin.v1.CreateServiceAccountKey"'
        ' OR (protoPayload.methodName="SetIamPolicy"'
        ' AND protoPayload.serviceData.policyDelta.bindingDeltas.action="ADD")',
        "a service account's key was made, or a right given",
        "ERROR",
    ),
    LogFilter(
        "iap-denied",
        'protoPayload.serviceName="iap.googleapis.com" AND protoPayload.authorizationInfo.granted=false',
        "the Identity-Aware Proxy turned somebody away",
    ),
    LogFilter(
        "kms-key-destroyed",
        'protoPayload.serviceName="cloudkms.googleapis.com"'
        ' AND protoPayload.methodName=~"(DestroyCryptoKeyVersion|UpdateCryptoKeyVersion)"',
        "a key version was destroyed or disabled",
        "CRITICAL",
    ),
    LogFilter(
        "vpcsc-violation",
        f'log_id("cloudaudit.googleapis.com/policy") AND protoPayload.metadata.@type="{_PERIMETER}"',
        "a call crossed the service perimeter",
        "ERROR",
    ),
    LogFilter(
        "privileged-pod",
        f"{_POD_MADE} AND protoPayload.request.spec.containers.securityContext.privileged=true",
        "a privileged pod was asked for",
        "CRITICAL",
    ),
    LogFilter(
        "egress-denied",
        'log_id("compute.googleapis.com/firewall") AND jsonPayload.disposition="DENIED"',
        "the firewall refused a connection",
        alert=False,
    ),
)


def log_filters(tenants: tuple[str, ...]) -> tuple[LogFilter, ...]:
    """All filters; those on pods hold for the namespaces of these tenants."""
    names = "|".join(re.escape(name) for name in tenants)
    where = json.dumps(f"namespaces/({names})/", ensure_ascii=False)
    listed = " OR ".join(json.dumps(name, ensure_ascii=False) for name in tenants)
    calls = "io.k8s.core.v1.pods.(exec|attach|portforward)"
    if not tenants:
        return FIXED
    return (
        LogFilter(
            "exec-into-ray",
            f'log_id("cloudaudit.googleapis.com/activity") AND {_K8S} AND protoPayload.methodName=~"{calls}"'
            f" AND protoPayload.resourceName=~{where}",
            "somebody entered a Ray pod",
            "ERROR",
        ),
        *FIXED,
        LogFilter(
            "ray-job-submitted",
            f'resource.type="k8s_container" AND resource.labels.namespace_name=({listed}) AND textPayload:"/api/jobs"',
            "jobs were submitted",
            alert=False,
        ),
    )
