"""Objects that admission must refuse, sent as dry runs: nothing of them is kept.

Each attack is an object that passes, changed in one respect; the control is the same object unchanged. Refusals count
when a policy of this platform or Pod Security made them: a quota or a typing error proves nothing.
"""

import copy
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from rayfence.errors import Forbidden, KindMissing, KubernetesError, Refused
from rayfence.model.api_objects import Json, Kinds, kind_key, namespace_of
from rayfence.model.evidence import Evidence
from rayfence.model.frozen import dataclass
from rayfence.plan.ray_ports import CLUSTER_SPECS
from rayfence.ports.kubernetes import KubernetesApi
from rayfence.render.kubernetes.names import RAY_CLUSTER_LABEL, WORKER_ACCOUNT
from rayfence.render.kubernetes.shape import restricted_container, restricted_pod
from rayfence.verify.kubernetes.rows import Chosen, Remedy, Showing, Title, Works, row

GROUP: Final = "admission"
MANAGER: Final = "rayfence-verify"
_EXPECTED: Final = "refused by an admission policy of this platform, or by Pod Security"
_PLURALS: Final = {kind: f"{kind.lower()}s" for kind in CLUSTER_SPECS}
#: A change of a copy of the object.
Break = Callable[[dict[str, Any]], None]
#: A public address, of nobody (RFC 5737).
_BORROWED: Final = "192.0.2.1"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One object that must be refused, and the one that must pass. `guard`: the policy, without the platform's name."""

    id: str
    title: str
    guard: str
    good: Json
    bad: Json
    field: str
    source: str = ""


def attempts(ray_objects: Iterable[Json], tenant: str, image: str | None, run: str) -> Iterator[Attempt]:
    """Everything tried in one tenant's namespace.

    `ray_objects`: the tenant's as rendered, the first of each kind counts. `image`: the gateway's, of which a pod may
    be made; None: no pods are tried. `run`: makes names that nobody has.
    """
    seen: set[str] = set()
    for value in ray_objects:
        kind = str(value.get("kind"))
        if kind in CLUSTER_SPECS and kind not in seen:
            seen.add(kind)
            yield from _of_ray(value, tenant, run)
    if image is not None:
        yield from _of_pods(tenant, image, run)
    yield from _of_services(tenant, run)


def admission_rows(
    api: KubernetesApi, kinds: Kinds, platform: str, tried: Iterable[Attempt], chosen: Chosen
) -> Iterator[Evidence]:
    """Send each, and its control once."""
    controls: list[tuple[Json, Works]] = []
    for attempt in tried:
        if not chosen(attempt.id):
            continue
        control = next((works for good, works in controls if good is attempt.good), None)
        if control is None:
            control = _control(api, kinds, attempt.good)
            controls.append((attempt.good, control))
        policy = f"rayfence-{platform}-{attempt.guard}"
        title = Title(attempt.id, GROUP, attempt.title, _EXPECTED, attempt.source)
        remedy = Remedy(f"ValidatingAdmissionPolicy {policy}, or its binding", attempt.field)
        shown = _attack(api, kinds, attempt.bad, f"rayfence-{platform}-")
        yield row(title, shown, control, remedy)


def _control(api: KubernetesApi, kinds: Kinds, value: Json) -> Works:
    try:
        _dry_run(api, kinds, value)
    except KubernetesError as error:
        return Works(yes=False, words=f"the allowed form did not pass: {error}")
    return Works(yes=True, words="the allowed form passes a dry run")


def _attack(api: KubernetesApi, kinds: Kinds, value: Json, ours: str) -> Showing:
    try:
        _dry_run(api, kinds, value)
    except Refused as error:
        text = str(error)
        if ours in text or "violates PodSecurity" in text:
            return Showing(False, text)
        return Showing(None, f"refused, by something else: {text}")
    except (Forbidden, KindMissing) as error:
        return Showing(None, f"could not be tried: {error}")
    return Showing(True, "accepted by a dry run")


def _dry_run(api: KubernetesApi, kinds: Kinds, value: Json) -> None:
    kind = kinds.get(kind_key(value))
    if kind is None:
        raise KindMissing(f"the API server has no {value.get('kind')}")
    api.apply(kind, value, manager=MANAGER, dry_run=True)


def _of_ray(value: Json, tenant: str, run: str) -> Iterator[Attempt]:
    kind = str(value["kind"])
    good = _named(value, f"verify-{run}")
    path = ".".join(CLUSTER_SPECS[kind])
    for name, title, field, change in _RAY_BREAKS:
        bad = copy.deepcopy(good)
        change(_cluster_of(bad))
        yield Attempt(
            f"admission.{tenant}.{kind.lower()}.{name}", f"{kind} in {tenant}: {title}", _PLURALS[kind], good, bad,
            f"{path}.{field}",
        )  # fmt: skip


def _named(value: Json, name: str) -> dict[str, Any]:
    made: dict[str, Any] = copy.deepcopy(dict(value))
    labels = dict(made["metadata"].get("labels", {}))
    made["metadata"] = {"name": name, "namespace": namespace_of(value), "labels": labels}
    return made


def _cluster_of(value: dict[str, Any]) -> dict[str, Any]:
    for key in CLUSTER_SPECS[str(value["kind"])]:
        value = value[key]
    return value


def _head(cluster: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = cluster["headGroupSpec"]["template"]
    return found


def _container(cluster: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = _head(cluster)["spec"]["containers"][0]
    return found


def _foreign_account(cluster: dict[str, Any]) -> None:
    _head(cluster)["spec"]["serviceAccountName"] = "default"


def _privileged(cluster: dict[str, Any]) -> None:
    _container(cluster)["securityContext"] = {**_container(cluster).get("securityContext", {}), "privileged": True}


def _unpinned(cluster: dict[str, Any]) -> None:
    container = _container(cluster)
    container["image"] = f"{container['image'].partition('@')[0].rpartition(':')[0] or container['image']}:latest"


def _elsewhere(cluster: dict[str, Any]) -> None:
    _container(cluster)["image"] = f"registry.invalid/ray@sha256:{'0' * 64}"


def _no_mode(cluster: dict[str, Any]) -> None:
    cluster["authOptions"] = {}


def _no_auth(cluster: dict[str, Any]) -> None:
    cluster.pop("authOptions", None)


def _own_token(cluster: dict[str, Any]) -> None:
    container = _container(cluster)
    container["env"] = [*container.get("env", []), {"name": "RAY_AUTH_MODE", "value": "disabled"}]


def _old(cluster: dict[str, Any]) -> None:
    cluster["rayVersion"] = "2.40.0"


def _host_path(cluster: dict[str, Any]) -> None:
    pod = _head(cluster)["spec"]
    pod["volumes"] = [*pod.get("volumes", []), {"name": "verify-node", "hostPath": {"path": "/"}}]


def _host_network(cluster: dict[str, Any]) -> None:
    _head(cluster)["spec"]["hostNetwork"] = True


def _exposed(cluster: dict[str, Any]) -> None:
    cluster["headGroupSpec"]["serviceType"] = "LoadBalancer"


def _joined(cluster: dict[str, Any]) -> None:
    template = _head(cluster)
    labels = template.setdefault("metadata", {}).setdefault("labels", {})
    labels[RAY_CLUSTER_LABEL] = "another"


def _api_token(cluster: dict[str, Any]) -> None:
    _head(cluster)["spec"]["automountServiceAccountToken"] = True


_POD: Final = "headGroupSpec.template.spec"
_RAY_BREAKS: Final[tuple[tuple[str, str, str, Break], ...]] = (
    ("foreign-account", "a service account that is not Ray's", f"{_POD}.serviceAccountName", _foreign_account),
    ("privileged", "a privileged container", f"{_POD}.containers", _privileged),
    ("unpinned", "an image by tag", f"{_POD}.containers", _unpinned),
    ("registry", "an image from elsewhere", f"{_POD}.containers", _elsewhere),
    ("auth-empty", "`authOptions: {}`, which means no authentication", "authOptions", _no_mode),
    ("auth-absent", "no authOptions", "authOptions", _no_auth),
    ("auth-switched-off", "RAY_AUTH_MODE of one's own", f"{_POD}.containers", _own_token),
    ("old-ray", "a Ray that knows no token", "rayVersion", _old),
    ("host-path", "the node's disk", f"{_POD}.volumes", _host_path),
    ("host-network", "the node's network", f"{_POD}.hostNetwork", _host_network),
    ("exposed", "a head behind a load balancer", "headGroupSpec.serviceType", _exposed),
    ("membership", "a label of another Ray cluster", "headGroupSpec.template.metadata.labels", _joined),
    ("api-token", "the API token in every container", f"{_POD}.automountServiceAccountToken", _api_token),
)


def probe_pod(namespace: str, name: str, image: str, account: str) -> dict[str, Any]:
    """The least pod that admission lets into a tenant's namespace."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "serviceAccountName": account,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "restartPolicy": "Never",
            "securityContext": restricted_pod(65532, 65532),
            "containers": [
                {
                    "name": "probe",
                    "image": image,
                    "imagePullPolicy": "IfNotPresent",
                    "securityContext": restricted_container(read_only_root=True),
                    "resources": {
                        "requests": {"cpu": "10m", "memory": "64Mi"},
                        "limits": {"cpu": "1", "memory": "256Mi"},
                    },
                }
            ],
        },
    }


def _of_pods(tenant: str, image: str, run: str) -> Iterator[Attempt]:
    good = probe_pod(tenant, f"verify-{run}", image, WORKER_ACCOUNT)

    def changed(change: Break) -> Json:
        bad = copy.deepcopy(good)
        change(bad)
        return bad

    def container(**fields: object) -> Break:
        return lambda pod: pod["spec"]["containers"][0].update(fields)

    def pod(**fields: object) -> Break:
        return lambda value: value["spec"].update(fields)

    def labelled(value: dict[str, Any]) -> None:
        value["metadata"]["labels"] = {RAY_CLUSTER_LABEL: "train"}

    context = {**restricted_container(read_only_root=True), "privileged": True}
    context.pop("allowPrivilegeEscalation")
    untagged = image.partition("@")[0]
    for name, title, guard, field, change in (
        ("foreign-account", "a service account that is not Ray's", "pods", "spec.serviceAccountName",
         pod(serviceAccountName="default")),
        ("privileged", "a privileged container", "pods", "spec.containers", container(securityContext=context)),
        ("unpinned", "an image by tag", "pods", "spec.containers", container(image=f"{untagged}:latest")),
        ("host-path", "the node's disk", "pods", "spec.volumes",
         pod(volumes=[{"name": "node", "hostPath": {"path": "/"}}])),
        ("host-network", "the node's network", "pods", "spec.hostNetwork", pod(hostNetwork=True)),
        ("membership", "a label that makes it a member of a Ray cluster", "membership", "metadata.labels", labelled),
    ):  # fmt: skip
        yield Attempt(
            f"admission.{tenant}.pod.{name}", f"Pod in {tenant}: {title}", guard, good, changed(change), field
        )


def _of_services(tenant: str, run: str) -> Iterator[Attempt]:
    def service(**fields: object) -> Json:
        spec = {"selector": {"rayfence.dev/verify": run}, "ports": [{"port": 8265}], **fields}
        metadata = {"name": f"verify-{run}", "namespace": tenant}
        return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}

    good = service()
    for name, title, fields in (
        ("load-balancer", "a load balancer around the gateway", {"type": "LoadBalancer"}),
        ("node-port", "a port of every node", {"type": "NodePort"}),
        ("external-address", "a borrowed address", {"externalIPs": [_BORROWED]}),
    ):
        yield Attempt(
            f"admission.{tenant}.service.{name}", f"Service in {tenant}: {title}", "services", good,
            service(**fields), "spec.type",
        )  # fmt: skip
