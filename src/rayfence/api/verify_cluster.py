"""`verify` of a platform on a cluster: attack what was applied, from the API server and from pods, and show that it
holds.
"""

import inspect
import secrets
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from rayfence.adapters.net import neighbour
from rayfence.api.clock import SystemClock
from rayfence.api.cluster import ClusterPlanned, plan_cluster, refuse
from rayfence.api.kubernetes import connected, order_of, whoami
from rayfence.api.specs import read_on_kubernetes
from rayfence.apply.kubernetes import Surroundings
from rayfence.apply.kubernetes.order import prospect
from rayfence.errors import KubernetesError, StateError
from rayfence.model.api_objects import Json, Kinds, namespace_of
from rayfence.model.evidence import Evidence, Verification
from rayfence.model.frozen import dataclass
from rayfence.ports.kubernetes import Clock, KubernetesApi
from rayfence.ports.machine import Reporter
from rayfence.render.kubernetes.gateway.settings import pod_settings
from rayfence.render.kubernetes.gateway.site import site_of
from rayfence.render.kubernetes.names import gateway_namespace
from rayfence.verify.attack import is_chosen
from rayfence.verify.kubernetes.inside.campaign import Field, attack_from_inside
from rayfence.verify.kubernetes.inside.gateway import Door
from rayfence.verify.kubernetes.inside.stage import Stage
from rayfence.verify.kubernetes.rows import Title, unknown
from rayfence.verify.kubernetes.server.admission import admission_rows, attempts
from rayfence.verify.kubernetes.server.guards import foreign_policies, guard_rows, unplanned
from rayfence.verify.kubernetes.server.rights import rights_rows

#: First words of the attacks' names, by the part that makes them.
_PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "guards": ("guard",),
    "admission": ("admission",),
    "rights": ("rights",),
    "inside": ("network", "ports", "gateway"),
}
_INSIDE: Final = Title("network.enforced", "network policies", "attacks from inside", "a probe pod that runs")


def verify_cluster(
    spec: Path, policies: Path | None, context: str | None, report: Reporter, only: str = ""
) -> Verification:
    """Attack the platform of a spec on its cluster; evidence for each attack that `only` names.

    1. Plan it again: the plan says what must hold.
    2. Compare guards with the plan.
    3. Send dry runs that admission must refuse.
    4. Ask what accounts may do.
    5. Attack from pods: ports, policies, the gateway.
    6. Remove the probe, whatever happened, also after Ctrl-C.
    Raises SpecError, OrganizationError, PreflightError (1), KubernetesError where the server can't be reached,
    StateError when no attack is called so.
    """
    began = time.monotonic()
    planned = plan_cluster(read_on_kubernetes(spec, "rayfence verify"), spec, policies)  # 1
    refuse(planned.plan)
    with connected(planned.platform, context) as api:
        kinds = api.kinds()
        run = ClusterRun(planned, api, kinds, SystemClock(), report, only, secrets.token_hex(4))
        evidence, left = run.complete()
    if not evidence:
        raise StateError(f"no attack is called {only!r}", hint="leave --only out to see all names")
    return Verification(planned.platform.name, evidence, round(time.monotonic() - began, 1), left)


@dataclass(frozen=True, slots=True)
class ClusterRun:
    """One verification: steps 2 to 6 of `verify_cluster`. `run`: eight hex digits, new in each."""

    planned: ClusterPlanned
    api: KubernetesApi
    kinds: Kinds
    clock: Clock
    report: Reporter
    only: str
    run: str

    def complete(self) -> tuple[tuple[Evidence, ...], tuple[str, ...]]:
        """Evidence, and what could not be removed."""
        evidence: list[Evidence] = []
        if self._wants("guards"):
            self.report("comparing guards with the plan")
            evidence += self._chosen(self._guards())  # 2
        if self._wants("admission"):
            self.report("sending dry runs that admission must refuse")
            evidence += self._admission()  # 3
        if self._wants("rights"):
            self.report("asking what accounts may do")
            evidence += rights_rows(self.api, self.kinds, self._tenants, self._is_chosen)  # 4
        left: tuple[str, ...] = ()
        if self._wants("inside"):
            found, left = self._inside()  # 5, 6
            evidence += found
        return tuple(evidence), left

    @property
    def _tenants(self) -> tuple[str, ...]:
        return tuple(tenant.name for tenant in self.planned.platform.tenants)

    def _wants(self, part: str) -> bool:
        """Whether any attack of a part may be meant: a pattern whose first word is another part's means none."""
        first = self.only.partition(".")[0]
        named = [name for name, words in _PARTS.items() if first in words]
        return not named or part in named

    def _is_chosen(self, attack: str) -> bool:
        return is_chosen(attack, self.only)

    def _chosen(self, rows: Iterator[Evidence]) -> tuple[Evidence, ...]:
        return tuple(found for found in rows if self._is_chosen(found.attack))

    def _guards(self) -> Iterator[Evidence]:
        where = Surroundings(self.api, self.clock, self.report, whoami())
        seen = prospect(order_of(self.planned), where, self.kinds)
        yield from guard_rows(self.planned.manifests, seen.drift)
        try:
            live = self._policies()
        except KubernetesError as error:
            title = Title("guard.foreign-policies", "guards as planned", "nobody else's network policy", "none")
            yield unknown(title, str(error))
        else:
            yield from foreign_policies(self._tenants, self.planned.manifests, live)

    def _admission(self) -> Iterator[Evidence]:
        image, platform = self.planned.platform.images.gateway, self.planned.platform.name
        objects = [manifest.object for manifest in self.planned.manifests]
        for tenant in self._tenants:
            own = [value for value in objects if namespace_of(value) == tenant]
            tried = attempts(own, tenant, image, self.run)
            yield from admission_rows(self.api, self.kinds, platform, tried, self._is_chosen)

    def _inside(self) -> tuple[tuple[Evidence, ...], tuple[str, ...]]:
        image, name = self.planned.platform.images.gateway, self.planned.platform.name
        if image is None:
            return (
                unknown(_INSIDE, "the spec names no image of the gateway (images.gateway), of which probes run"),
            ), ()
        stage = Stage(
            self.api, self.kinds, self.clock, self.report, self.api.log, name, self._tenants, f"rfv{self.run}:"
        )
        code = inspect.getsource(neighbour)
        now = int(self.clock.utc().timestamp())
        left: tuple[str, ...] = ()
        try:
            foreign = unplanned(self.planned.manifests, self._policies())
            ports = self.planned.plan.ports
            search = self.only.partition(".")[0] not in ("network", "gateway")
            field = Field(name, self._tenants, ports, self._doors(), image, code, self.run, now, foreign, search)
            evidence = attack_from_inside(field, stage, self._pods(), self._is_chosen)
        except KubernetesError as error:
            evidence = (unknown(_INSIDE, str(error)),)
        finally:
            self.report("removing the probe")
            left = stage.clear()
            for one in left:
                self.report(f"could not remove {one}")
        return evidence, left

    def _policies(self) -> tuple[Json, ...]:
        """Network policies of every tenant and gateway."""
        kind = self.kinds["networking.k8s.io/v1", "NetworkPolicy"]
        return tuple(policy for home in self._homes for policy in self.api.list(kind, home))

    @property
    def _homes(self) -> tuple[str, ...]:
        return tuple(home for tenant in self._tenants for home in (tenant, gateway_namespace(tenant)))

    def _pods(self) -> tuple[Json, ...]:
        kind = self.kinds["v1", "Pod"]
        return tuple(pod for home in self._homes for pod in self.api.list(kind, home))

    def _doors(self) -> Mapping[str, Door]:
        found: dict[str, Door] = {}
        for tenant in self.planned.platform.tenants:
            site = site_of(tenant, self.planned.resolution)
            if site.objects:
                settings = pod_settings(site, tenant.roles)
                found[tenant.name] = Door(tenant.name, settings.first, settings.client_audience)
        return found
