"""What accounts may do, asked of the API server as an authoriser: SubjectAccessReview, which changes nothing.

Ray's accounts can be had by whoever runs a job that gets at their token, and the gateway's by whoever breaks into the
gateway. Leaves out people: groups belong to the cluster's own log-in. Source: authorization.k8s.io/v1.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from rayfence.errors import Forbidden, KindMissing, KubernetesError
from rayfence.model.api_objects import Json, Kind, Kinds, at, name_of, namespace_of, object_at, objects_at, text_at
from rayfence.model.evidence import Evidence
from rayfence.model.frozen import dataclass
from rayfence.ports.kubernetes import KubernetesApi
from rayfence.render.kubernetes.names import (
    AUTOSCALER_ACCOUNT,
    GATEWAY_ACCOUNT,
    HEAD_ACCOUNT,
    WORKER_ACCOUNT,
    gateway_namespace,
)
from rayfence.verify.kubernetes.rows import Chosen, Remedy, Showing, Title, Works, listed, row

GROUP: Final = "rights of accounts"
REVIEW: Final = Kind("authorization.k8s.io/v1", "SubjectAccessReview", "subjectaccessreviews", False)
_RBAC: Final = "rbac.authorization.k8s.io"
_ROLES: Final = f"{_RBAC}/v1"
_MANAGER: Final = "rayfence-verify"


@dataclass(frozen=True, slots=True)
class Asked:
    """A verb on a resource; `pods/exec` is a subresource. Empty `namespace`: in the whole cluster."""

    verb: str
    group: str
    resource: str
    namespace: str = ""
    name: str = ""

    @property
    def words(self) -> str:
        """For people."""
        what = f"{self.resource}.{self.group}" if self.group else self.resource
        where = f" in {self.namespace}" if self.namespace else ""
        return f"{self.verb} {what}{f' {self.name}' if self.name else ''}{where}"


@dataclass(frozen=True, slots=True)
class Account:
    """A service account."""

    namespace: str
    name: str

    @property
    def user(self) -> str:
        """As the API server calls it."""
        return f"system:serviceaccount:{self.namespace}:{self.name}"

    @property
    def groups(self) -> tuple[str, ...]:
        """Those that every service account is in."""
        return "system:serviceaccounts", f"system:serviceaccounts:{self.namespace}", "system:authenticated"


#: What is right for every account: to ask about itself.
_CONTROL: Final = Asked("create", "authorization.k8s.io", "selfsubjectaccessreviews")


def accounts_of(tenant: str) -> tuple[Account, ...]:
    """Ray's, and the gateway's."""
    ray = (AUTOSCALER_ACCOUNT, HEAD_ACCOUNT, WORKER_ACCOUNT, "default")
    return (*(Account(tenant, name) for name in ray), Account(gateway_namespace(tenant), GATEWAY_ACCOUNT))


def forbidden_of(tenant: str, others: Iterable[str]) -> Iterator[tuple[str, str, tuple[Asked, ...]]]:
    """Name, title, and what no account of the tenant must be allowed to do. `others`: two other tenants are enough."""
    homes = (tenant, gateway_namespace(tenant))
    yield (
        "pods",
        "can't make or enter pods, with other identities or its own",
        tuple(
            Asked(verb, "", resource, home)
            for home in homes
            for verb, resource in (
                ("create", "pods"), ("patch", "pods"), ("create", "pods/exec"), ("create", "pods/ephemeralcontainers"),
                ("update", "pods/ephemeralcontainers"), ("create", "pods/portforward"),
            )
        ),
    )  # fmt: skip
    yield (
        "workloads",
        "can't make what makes pods",
        tuple(
            Asked("create", group, resource, tenant)
            for group, resource in (
                ("apps", "deployments"), ("apps", "statefulsets"), ("apps", "daemonsets"), ("batch", "jobs"),
                ("batch", "cronjobs"), ("ray.io", "rayclusters"), ("ray.io", "rayjobs"), ("ray.io", "rayservices"),
            )
        ),
    )  # fmt: skip
    yield (
        "secrets",
        "can't read Secrets",
        tuple(
            Asked(verb, "", "secrets", home) for home in (*homes, "kube-system") for verb in ("get", "list", "watch")
        ),
    )
    yield (
        "identities",
        "can't become somebody else",
        (
            *(Asked("create", "", "serviceaccounts/token", home) for home in homes),
            Asked("impersonate", "", "users"),
            Asked("impersonate", "", "groups"),
            Asked("impersonate", "", "serviceaccounts", tenant),
            Asked("create", "certificates.k8s.io", "certificatesigningrequests"),
        ),
    )
    yield (
        "rights",
        "can't give rights, or take guards away",
        (
            *(
                Asked(verb, _RBAC, resource, tenant)
                for resource in ("roles", "rolebindings")
                for verb in ("create", "patch", "update", "bind", "escalate")
            ),
            Asked("create", _RBAC, "clusterrolebindings"),
            *(Asked(verb, "networking.k8s.io", "networkpolicies", tenant) for verb in ("create", "patch", "delete")),
            Asked("delete", "admissionregistration.k8s.io", "validatingadmissionpolicybindings"),
            Asked("patch", "", "namespaces", "", tenant),
        ),
    )
    elsewhere = tuple(others)
    if elsewhere:
        yield (
            "other-tenants",
            "can't see or touch another tenant",
            tuple(
                Asked(verb, group, resource, home)
                for other in elsewhere
                for home in (other, gateway_namespace(other))
                for verb, group, resource in (
                    ("get", "", "secrets"), ("list", "", "pods"), ("create", "", "pods"),
                    ("patch", "ray.io", "rayclusters"), ("get", "", "configmaps"),
                )
            ),
        )  # fmt: skip


def rights_rows(api: KubernetesApi, kinds: Kinds, tenants: tuple[str, ...], chosen: Chosen) -> Iterator[Evidence]:
    """A row for each account and kind of right."""
    bindings = Bindings(api, kinds)
    for tenant in tenants:
        others = [name for name in tenants if name != tenant][:2]
        for account in accounts_of(tenant):
            control: Works | None = None
            for name, words, asked in forbidden_of(tenant, others):
                attack = f"rights.{account.namespace}.{account.name}.{name}"
                if not chosen(attack):
                    continue
                control = control or _control(api, account)
                title = Title(attack, GROUP, f"{account.namespace}/{account.name} {words}", "not allowed")
                yield _row(api, title, account, asked, control, bindings)


def _row(
    api: KubernetesApi, title: Title, account: Account, asked: tuple[Asked, ...], control: Works, bindings: "Bindings"
) -> Evidence:
    allowed: list[Asked] = []
    try:
        allowed += (one for one in asked if is_allowed(api, account, one))
    except KubernetesError as error:
        return row(title, Showing(True if allowed else None, str(error)), control)
    if not allowed:
        return row(title, Showing(False, f"{len(asked)} rights asked about, none is held"), control)
    granting = bindings.granting(account, allowed[0])
    remedy = Remedy(granting or f"a role or binding that allows {account.user} to {allowed[0].words}", "rules")
    return row(title, Showing(True, f"may {listed(one.words for one in allowed)}"), control, remedy)


def _control(api: KubernetesApi, account: Account) -> Works:
    """A review that says no to everything would pass every attack."""
    try:
        works = is_allowed(api, account, _CONTROL)
    except KubernetesError as error:
        return Works(yes=False, words=f"can't ask the API server what others may do: {error}")
    return Works(works, f"{_CONTROL.words}: {'allowed' if works else 'not allowed, which every account is'}")


def is_allowed(api: KubernetesApi, account: Account, asked: Asked) -> bool:
    """Whether the account may do it. Raises Forbidden where we may not ask, KubernetesError."""
    plural, _, part = asked.resource.partition("/")
    attributes = {
        "verb": asked.verb,
        "group": asked.group,
        "resource": plural,
        "subresource": part,
        "namespace": asked.namespace,
        "name": asked.name,
    }
    body: Json = {
        "apiVersion": REVIEW.api_version,
        "kind": REVIEW.kind,
        "spec": {
            "user": account.user,
            "groups": list(account.groups),
            "resourceAttributes": {key: text for key, text in attributes.items() if text},
        },
    }
    answer = api.create(REVIEW, body, manager=_MANAGER)
    if not isinstance(at(answer, "status", "allowed"), bool):
        raise KubernetesError("the API server does not say whether it is allowed")
    return at(answer, "status", "allowed") is True


class Bindings:
    """Roles and their bindings, read once, when the first right is found that should not be."""

    def __init__(self, api: KubernetesApi, kinds: Kinds) -> None:
        self._api, self._kinds = api, kinds
        self._read: Mapping[str, tuple[Json, ...]] | None = None

    def granting(self, account: Account, asked: Asked) -> str:
        """The role that gives it and the binding that gives the role; empty where that can't be read."""
        if self._read is None:
            self._read = {
                kind: self._list(kind) for kind in ("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding")
            }
        for kind in ("RoleBinding", "ClusterRoleBinding"):
            for binding in self._read[kind]:
                home = namespace_of(binding)
                if home not in ("", asked.namespace) or not _names(binding, account):
                    continue
                role = self._role(binding)
                if role is not None and any(_gives(rule, asked) for rule in objects_at(role, "rules")):
                    return f"{_named(role)}, given by {_named(binding)}"
        return ""

    def _list(self, name: str) -> tuple[Json, ...]:
        kind = self._kinds.get((_ROLES, name))
        try:
            return () if kind is None else self._api.list(kind)
        except (Forbidden, KindMissing):
            return ()

    def _role(self, binding: Json) -> Json | None:
        wanted = object_at(binding, "roleRef")
        kind, name = text_at(wanted, "kind"), text_at(wanted, "name")
        home = namespace_of(binding) if kind == "Role" else ""
        found = (self._read or {}).get(kind, ())
        return next((one for one in found if name_of(one) == name and namespace_of(one) == home), None)


def _named(value: Json) -> str:
    home = namespace_of(value)
    return f"{text_at(value, 'kind')} {f'{home}/' if home else ''}{name_of(value)}"


def _names(binding: Json, account: Account) -> bool:
    for subject in objects_at(binding, "subjects"):
        kind, name = text_at(subject, "kind"), text_at(subject, "name")
        if kind == "ServiceAccount" and (text_at(subject, "namespace"), name) == (account.namespace, account.name):
            return True
        if (kind == "Group" and name in account.groups) or (kind == "User" and name == account.user):
            return True
    return False


def _gives(rule: Json, asked: Asked) -> bool:
    def holds(field: str, *wanted: str) -> bool:
        value = at(rule, field)
        return isinstance(value, list) and any(word in value for word in (*wanted, "*"))

    names = at(rule, "resourceNames")
    named = not names or (isinstance(names, list) and asked.name in names)
    return (
        holds("verbs", asked.verb) and holds("apiGroups", asked.group) and holds("resources", asked.resource) and named
    )
