"""The `container.managed` constraints: what a GKE cluster itself must have.

`container.managed.enablePrivateNodes` stands with the machines (`compute.nodes`). Server defaults used here: shielded
nodes on, ABAC and client certificates off, system logs on where `loggingConfig` is not sent. Everything else that is
not sent does not hold. Source: GKE, "Organization policy constraints"; GKE API v1 `Cluster`.
"""

from collections.abc import Callable, Iterator
from typing import Final

from rayfence.policy.constraints.criterion import Case, Criterion, Finding, Judge, Mark, irrelevant, satisfied, weigh
from rayfence.policy.constraints.rendered import Item, Machine, Origin, Rendered, at, items_at, text_at, texts_at

_NO_CLUSTER: Final = irrelevant("the platform makes no cluster")
#: Who everybody is to Kubernetes: a right of theirs is a right of the whole internet, or of all of Google's users.
EVERYBODY: Final = frozenset({"system:anonymous", "system:authenticated", "system:unauthenticated"})

Check = Callable[[Item, Rendered], Finding]


def _of_cluster(check: Check) -> Judge:
    """A judge of the one cluster; not relevant without one."""

    def judge(case: Case) -> Finding:
        cluster = case.rendered.cluster
        return _NO_CLUSTER if cluster is None else check(cluster, case.rendered)

    return judge


def _one(cluster: Item, path: str, holds: bool, good: str, problem: str) -> Finding:
    return weigh([Mark(cluster.field(path), "" if holds else problem)], good, _NO_CLUSTER)


def _default(cluster: Item, path: str, safe: bool, good: str, problem: str) -> Finding:
    """A field whose server default holds: only the other value, written out, breaks the rule."""
    value = at(cluster.body, path)
    if value is None:
        return satisfied(f"{good}: the server's default")
    return _one(cluster, path, value is safe, good, problem)


def _dns_only(cluster: Item, _: Rendered) -> Finding:
    path = "controlPlaneEndpointsConfig.ipEndpointsConfig.enabled"
    off = at(cluster.body, path) is False
    return _one(cluster, path, off, "the control plane has no IP endpoint", "the control plane has an IP endpoint")


def _workload_identity(cluster: Item, rendered: Rendered) -> Finding:
    path, named = "workloadIdentityConfig.workloadPool", text_at(cluster.body, "workloadIdentityConfig.workloadPool")
    if not named and rendered.autopilot:
        return satisfied("Workload Identity is always on in Autopilot")
    wanted = f"{rendered.project}.svc.id.goog"
    return _one(
        cluster,
        path,
        named == wanted,
        "pods prove themselves by Workload Identity",
        f"the workload pool is not {wanted}",
    )


def _no_workload_identity(cluster: Item, rendered: Rendered) -> Finding:
    """`iam.disableWorkloadIdentityClusterCreation`, the one rule that wants less: refused with Workload Identity."""
    path = "workloadIdentityConfig"
    if rendered.autopilot:
        problem = "Workload Identity is always on in Autopilot"
        return _one(cluster, "autopilot.enabled", False, "", problem)
    on = bool(text_at(cluster.body, f"{path}.workloadPool"))
    return _one(
        cluster, path, not on, "the cluster is made without Workload Identity", "the cluster has Workload Identity"
    )


def _shielded_nodes(cluster: Item, _: Rendered) -> Finding:
    problem = "shielded nodes are switched off"
    return _default(cluster, "shieldedNodes.enabled", True, "nodes are shielded", problem)


def _network_policy(cluster: Item, rendered: Rendered) -> Finding:
    dataplane = text_at(cluster.body, "networkConfig.datapathProvider") == "ADVANCED_DATAPATH"
    calico = at(cluster.body, "networkPolicy.enabled") is True
    if rendered.autopilot and not calico:
        return satisfied("Autopilot always has Dataplane V2, which enforces network policies")
    if dataplane and calico:
        problem = "Dataplane V2 and the network policy addon exclude each other"
        return _one(cluster, "networkPolicy.enabled", False, "", problem)
    path = "networkPolicy.enabled" if calico else "networkConfig.datapathProvider"
    return _one(
        cluster, path, dataplane or calico, "network policies are enforced", "nothing enforces network policies"
    )


def _secrets(cluster: Item, _: Rendered) -> Finding:
    state = text_at(cluster.body, "databaseEncryption.state") == "ENCRYPTED"
    marks = [
        Mark(
            cluster.field("databaseEncryption.state"), "" if state else "Secrets are not encrypted with a key of ours"
        ),
        Mark(
            cluster.field("databaseEncryption.keyName"),
            "" if text_at(cluster.body, "databaseEncryption.keyName") else "no key encrypts Secrets",
        ),
    ]
    return weigh(marks, "Secrets are encrypted with a key of ours", _NO_CLUSTER)


def _binary_authorization(cluster: Item, _: Rendered) -> Finding:
    path = "binaryAuthorization.evaluationMode"
    mode = text_at(cluster.body, path)
    holds = mode in {
        "PROJECT_SINGLETON_POLICY_ENFORCE",
        "POLICY_BINDINGS",
        "POLICY_BINDINGS_AND_PROJECT_SINGLETON_POLICY_ENFORCE",
    }
    return _one(cluster, path, holds, "Binary Authorization judges images", "Binary Authorization judges no image")


def _groups(cluster: Item, _: Rendered) -> Finding:
    on = at(cluster.body, "authenticatorGroupsConfig.enabled") is True
    named = text_at(cluster.body, "authenticatorGroupsConfig.securityGroup").startswith("gke-security-groups@")
    marks = [
        Mark(cluster.field("authenticatorGroupsConfig.enabled"), "" if on else "groups are not known to the cluster"),
        Mark(
            cluster.field("authenticatorGroupsConfig.securityGroup"),
            "" if named else "the security group is not named gke-security-groups@DOMAIN",
        ),
    ]
    return weigh(marks, "rights are given to groups", _NO_CLUSTER)


def _bulletins(cluster: Item, _: Rendered) -> Finding:
    on = at(cluster.body, "notificationConfig.pubsub.enabled") is True and bool(
        text_at(cluster.body, "notificationConfig.pubsub.topic")
    )
    kinds = texts_at(cluster.body, "notificationConfig.pubsub.filter.eventType")
    heard = not kinds or "SECURITY_BULLETIN_EVENT" in kinds
    marks = [
        Mark(cluster.field("notificationConfig.pubsub"), "" if on else "security bulletins are published nowhere"),
        Mark(
            cluster.field("notificationConfig.pubsub.filter.eventType"),
            "" if heard else "the filter leaves security bulletins out",
        ),
    ]
    return weigh(marks, "security bulletins are published", _NO_CLUSTER)


def _logging(cluster: Item, _: Rendered) -> Finding:
    path = "loggingConfig.componentConfig.enableComponents"
    service = at(cluster.body, "loggingService")
    if at(cluster.body, "loggingConfig") is None and service != "none":
        return satisfied("system logs go to Cloud Logging: the server's default")
    holds = "SYSTEM_COMPONENTS" in texts_at(cluster.body, path)
    return _one(cluster, path, holds, "system logs go to Cloud Logging", "system logs do not go to Cloud Logging")


def _accounts(_: Item, rendered: Rendered) -> Finding:
    marks = [account_mark(machine) for machine in rendered.nodes]
    return weigh(marks, "nodes run as accounts of their own", irrelevant("the cluster has no nodes"))


def account_mark(machine: Machine) -> Mark:
    """Whether nodes run as an account of their own; nothing said means the project's default account."""
    account = text_at(machine.setup, "serviceAccount")
    problem = f"{machine.address} runs as the default service account"
    return Mark(machine.field("serviceAccount"), problem if is_default_account(account) else "")


def is_default_account(account: str) -> bool:
    """Whether this is the project's default compute account, under any of its names."""
    return account in {"", "default"} or account.endswith("-compute@developer.gserviceaccount.com")


def _abac(cluster: Item, _: Rendered) -> Finding:
    return _default(
        cluster, "legacyAbac.enabled", False, "attribute-based rights are off", "attribute-based rights are on"
    )


def _system_bindings(cluster: Item, rendered: Rendered) -> Finding:
    marks = []
    for name in ("enableInsecureBindingSystemAuthenticated", "enableInsecureBindingSystemUnauthenticated"):
        off = at(cluster.body, f"rbacBindingConfig.{name}") is False
        problem = "" if off else "rights may be bound to everybody"
        marks.append(Mark(cluster.field(f"rbacBindingConfig.{name}"), problem))
    for binding in rendered.kubernetes("RoleBinding", "ClusterRoleBinding"):
        for number, subject in enumerate(items_at(binding.object, "subjects")):
            name = text_at(subject, "name")
            if name in EVERYBODY:
                marks.append(Mark(f"{binding.reference}: subjects[{number}].name", f"{binding.reference} binds {name}"))
    return weigh(marks, "no rights are bound to everybody", _NO_CLUSTER)


def _client_certificates(cluster: Item, _: Rendered) -> Finding:
    path = "masterAuth.clientCertificateConfig.issueClientCertificate"
    return _default(cluster, path, False, "no client certificate is issued", "a client certificate is issued")


def _read_only_port(cluster: Item, rendered: Rendered) -> Finding:
    return weigh(_port_marks(cluster, rendered), "the kubelet's open port is closed everywhere", _NO_CLUSTER)


def _port_marks(cluster: Item, rendered: Rendered) -> Iterator[Mark]:
    leaf = "insecureKubeletReadonlyPortEnabled"
    problem = "the kubelet answers without authentication on its read-only port"
    defaults = f"nodePoolDefaults.nodeConfigDefaults.nodeKubeletConfig.{leaf}"
    automatic = f"nodePoolAutoConfig.nodeKubeletConfig.{leaf}"
    if not rendered.autopilot:
        yield Mark(cluster.field(defaults), "" if at(cluster.body, defaults) is False else problem)
    yield Mark(cluster.field(automatic), "" if at(cluster.body, automatic) is False else problem)
    for machine in rendered.nodes:
        # The rule names all three places; that a silent pool takes the cluster's default does not satisfy it for sure.
        if machine.origin is Origin.POOL:
            own = at(machine.setup, f"kubeletConfig.{leaf}")
            yield Mark(machine.field(f"kubeletConfig.{leaf}"), "" if own is False else problem)


def _row(name: str, demands: str, remedy: str, fields: tuple[str, ...], check: Check) -> Criterion:
    return Criterion(f"container.managed.{name}", demands, remedy, fields, _of_cluster(check))


_ALWAYS: Final = "nothing to do: rayfence always sets it"

CRITERIA: Final = (
    _row(
        "enableControlPlaneDNSOnlyAccess",
        "The control plane is reached by its DNS endpoint only.",
        "`controlPlane.access: dns`",
        ("controlPlaneEndpointsConfig.ipEndpointsConfig.enabled",),
        _dns_only,
    ),
    _row(
        "enableWorkloadIdentityFederation",
        "The cluster has the project's workload pool.",
        "Workload Identity; if iam.disableWorkloadIdentityClusterCreation forbids it, one of both needs an exception",
        ("workloadIdentityConfig.workloadPool",),
        _workload_identity,
    ),
    _row("enableShieldedNodes", "Nodes are shielded.", _ALWAYS, ("shieldedNodes.enabled",), _shielded_nodes),
    _row(
        "enableNetworkPolicy",
        "Network policies are enforced: by Dataplane V2 or by the addon, never both.",
        _ALWAYS,
        ("networkConfig.datapathProvider", "networkPolicy.enabled"),
        _network_policy,
    ),
    _row(
        "enableSecretsEncryption",
        "Kubernetes Secrets are encrypted with a customer-managed key.",
        "`encryption.wanted: true`, or an existing key in `encryption.key`",
        ("databaseEncryption.state", "databaseEncryption.keyName"),
        _secrets,
    ),
    _row(
        "enableBinaryAuthorization",
        "Binary Authorization judges images.",
        _ALWAYS,
        ("binaryAuthorization.evaluationMode",),
        _binary_authorization,
    ),
    _row(
        "enableGoogleGroupsRBAC",
        "Rights are given to Google groups.",
        "`securityGroup: gke-security-groups@DOMAIN`",
        ("authenticatorGroupsConfig.enabled", "authenticatorGroupsConfig.securityGroup"),
        _groups,
    ),
    _row(
        "enableSecurityBulletinNotifications",
        "Security bulletins are published to Pub/Sub.",
        _ALWAYS,
        ("notificationConfig.pubsub.enabled", "notificationConfig.pubsub.topic", "notificationConfig.pubsub.filter"),
        _bulletins,
    ),
    _row(
        "enableCloudLogging",
        "System logs go to Cloud Logging.",
        _ALWAYS,
        ("loggingConfig.componentConfig.enableComponents", "loggingService"),
        _logging,
    ),
    _row(
        "disallowDefaultComputeServiceAccount",
        "Nodes do not run as the default service account.",
        "an account of its own per pool, which is rayfence's default",
        ("nodePools.config.serviceAccount", "autoscaling.autoprovisioningNodePoolDefaults.serviceAccount"),
        _accounts,
    ),
    _row("disableABAC", "Attribute-based rights are off.", _ALWAYS, ("legacyAbac.enabled",), _abac),
    _row(
        "disableRBACSystemBindings",
        "No right is bound to everybody.",
        _ALWAYS,
        (
            "rbacBindingConfig.enableInsecureBindingSystemAuthenticated",
            "rbacBindingConfig.enableInsecureBindingSystemUnauthenticated",
        ),
        _system_bindings,
    ),
    _row(
        "disableLegacyClientCertificateIssuance",
        "No client certificate is issued.",
        _ALWAYS,
        ("masterAuth.clientCertificateConfig.issueClientCertificate",),
        _client_certificates,
    ),
    _row(
        "disableInsecureKubeletReadOnlyPort",
        "The kubelet's read-only port is closed everywhere.",
        _ALWAYS,
        (
            "nodePoolDefaults.nodeConfigDefaults.nodeKubeletConfig.insecureKubeletReadonlyPortEnabled",
            "nodePools.config.kubeletConfig.insecureKubeletReadonlyPortEnabled",
            "nodePoolAutoConfig.nodeKubeletConfig.insecureKubeletReadonlyPortEnabled",
        ),
        _read_only_port,
    ),
    Criterion(
        "iam.disableWorkloadIdentityClusterCreation",
        "New clusters are made without Workload Identity.",
        "an exception by tag, for Workload Identity is safer; or a waiver of `workload-identity`, never Autopilot",
        ("workloadIdentityConfig.workloadPool", "autopilot.enabled"),
        _of_cluster(_no_workload_identity),
    ),
)
