"""Constraints on Google's services as a whole: which are used, how they are spoken to, what they log.

Sources: Resource Manager, "Restricting resource usage"; Google Cloud, "Organization policy constraints".
"""

from typing import Final

from rayfence.policy.constraints.admission import admit, member_mark
from rayfence.policy.constraints.criterion import Case, Criterion, Finding, Mark, irrelevant, satisfied, violated, weigh
from rayfence.policy.constraints.rendered import Rendered, at, last, text_at, texts_at


def used_services(rendered: Rendered) -> tuple[tuple[str, str], ...]:
    """(field, service) of every API the platform switches on or makes objects of, once each."""
    found: dict[str, str] = {}
    for item in rendered.of("google_project_service"):
        name = last(text_at(item.body, "name")) or text_at(item.attributes, "service")
        if name:
            found.setdefault(name, item.address)
    gke = rendered.resolution.gke
    for name in gke.services if gke else ():
        found.setdefault(name if "." in name else f"{name}.googleapis.com", "services")
    for item in rendered.items:
        service = item.kind.partition("/")[0]
        if service.endswith(".googleapis.com"):
            found.setdefault(service, item.address)
    return tuple((field, service) for service, field in found.items())


def _services(case: Case) -> Finding:
    marks = [
        member_mark(case, field, service, f"{service} is not admitted")
        for field, service in used_services(case.rendered)
    ]
    return weigh(marks, "every service in use is admitted", irrelevant("the platform uses no Google service"))


def _tls_versions(case: Case) -> Finding:
    if admit(case, "TLS_VERSION_1_3").allowed or admit(case, "TLS_VERSION_1_2").allowed:
        return satisfied("everything of the platform speaks TLS 1.2 or 1.3 to Google's APIs")
    return violated("the policy leaves neither TLS 1.2 nor TLS 1.3, and nothing can reach Google's APIs")


def _cipher_suites(_: Case) -> Finding:
    return satisfied(
        "TLS clients of the platform leave the choice to Google's servers and have all suites recommended today"
    )


def _no_cloud_logging(case: Case) -> Finding:
    cluster = case.rendered.cluster
    if cluster is None:
        return irrelevant("the platform makes no cluster")
    path = "loggingConfig.componentConfig.enableComponents"
    sent = at(cluster.body, "loggingConfig") is not None
    logs = bool(texts_at(cluster.body, path)) if sent else at(cluster.body, "loggingService") != "none"
    problem = "the platform relies on Cloud Logging for its audit trail, which the policy switches off"
    return weigh([Mark(cluster.field(path), problem if logs else "")], "the cluster writes no log", irrelevant(""))


def _detailed_audit(_: Case) -> Finding:
    return satisfied("Cloud Storage logs requests in detail by itself; nothing of ours stands against it")


CRITERIA: Final = (
    Criterion(
        "gcp.restrictServiceUsage",
        "Only listed services are used, at run time too.",
        "admit every service the platform uses",
        ("services",),
        _services,
    ),
    Criterion(
        "serviceuser.services",
        "Listed services can't be switched on.",
        "take every service the platform uses off the list",
        ("services",),
        _services,
    ),
    Criterion(
        "gcp.restrictTLSVersion",
        "Google's APIs refuse listed TLS versions.",
        "nothing to do",
        (),
        _tls_versions,
        never="no spec can violate it: the versions that can be listed are older than those the platform speaks",
    ),
    Criterion(
        "gcp.restrictTLSCipherSuites",
        "Google's APIs take listed TLS cipher suites only.",
        "nothing to do",
        (),
        _cipher_suites,
        never="no spec can violate it: no setting of the platform chooses cipher suites towards Google's APIs",
    ),
    Criterion(
        "gcp.disableCloudLogging",
        "Cloud Logging is switched off.",
        "an exception for this project: without logs nobody can tell who did what",
        ("loggingConfig.componentConfig.enableComponents",),
        _no_cloud_logging,
    ),
    Criterion(
        "gcp.detailedAuditLoggingMode",
        "Cloud Storage logs requests and answers in detail.",
        "nothing to do",
        (),
        _detailed_audit,
        never="no spec can violate it: it adds detail to logs that Google writes",
    ),
)
