"""What a verb is to be about: an instance on this machine, or a platform in a cluster.

A spec decides by its `target`. Without one, a name decides: an instance on this machine first, then a platform that was
applied from here. Without either it is the default instance, as ever.
"""

from pathlib import Path

from rayfence.api.clusters import records
from rayfence.api.instances import load_record
from rayfence.api.specs import read_platform
from rayfence.errors import PreflightError, SpecError, StateError
from rayfence.model.cluster_platform import ClusterPlatform
from rayfence.model.frozen import dataclass
from rayfence.model.tenancy import ClusterTenant
from rayfence.render.kubernetes.workloads.listing import Workload, workloads


@dataclass(frozen=True, slots=True)
class Where:
    """What was said on the command line."""

    spec: Path | None = None
    name: str | None = None
    state_dir: Path | None = None
    context: str | None = None
    tenant: str | None = None
    policies: Path | None = None


@dataclass(frozen=True, slots=True)
class ClusterTarget:
    """A platform in a cluster. `tenant`: the one that is meant, None: none was named."""

    platform: ClusterPlatform
    spec: Path
    context: str | None = None
    policies: Path | None = None
    tenant: str | None = None

    @property
    def tenants(self) -> tuple[ClusterTenant, ...]:
        """Those that are meant: the named one, else all."""
        return tuple(one for one in self.platform.tenants if self.tenant in (None, one.name))

    def one(self) -> ClusterTenant:
        """The one tenant that is meant. Raises PreflightError where several could be."""
        found = self.tenants
        if len(found) != 1:
            names = ", ".join(one.name for one in found)
            raise PreflightError(f"{self.platform.name} has several tenants: {names}", hint="name one: --tenant NAME")
        return found[0]


@dataclass(frozen=True, slots=True)
class LocalTarget:
    """An instance on this machine; `name` None: the default one."""

    name: str | None
    state_dir: Path | None


def target_of(where: Where) -> LocalTarget | ClusterTarget:
    """What is meant. Raises SpecError, StateError, PreflightError (no such tenant, options that do not fit)."""
    if where.spec is not None:
        return _of_spec(where, where.spec)
    mark = None
    if where.name is not None and not _is_local(where):
        mark = records.recall(where.name)
    if mark is None:
        for option, value in (("tenant", where.tenant), ("context", where.context)):
            if value is not None:
                raise _no_platform(where, option)
        return LocalTarget(where.name, where.state_dir)
    spec, policies = Path(mark.spec), Path(mark.policies) if mark.policies else None
    if not spec.is_file():
        raise StateError(
            f"the spec of {mark.name!r} is not at {spec} any more", hint="name it with -f; `rayfence apply` records it"
        )
    platform, _ = read_platform(spec)
    if not isinstance(platform, ClusterPlatform) or platform.name != mark.name:
        raise StateError(f"{spec} is not platform {mark.name!r} any more", hint="name its spec with -f")
    context = where.context or mark.context or None
    return _checked(ClusterTarget(platform, spec, context, where.policies or policies, where.tenant))


def workload_of(tenant: ClusterTenant, name: str | None) -> Workload:
    """A Ray object of a tenant, by its name (`train`) or label (`cluster-train`); without one the main object.

    Raises PreflightError naming those there are.
    """
    found = workloads(tenant)
    chosen = found[:1] if name is None else [one for one in found if name in (one.name, one.label)]
    if not chosen:
        listed = ", ".join(one.label for one in found) or "none"
        what = "no Ray object" if name is None else f"no Ray object {name!r}"
        raise PreflightError(f"tenant {tenant.name!r} has {what}", hint=f"Ray objects: {listed}")
    return chosen[0]


def _of_spec(where: Where, spec: Path) -> LocalTarget | ClusterTarget:
    platform, _ = read_platform(spec)
    if not isinstance(platform, ClusterPlatform):
        if where.tenant is not None or where.context is not None:
            raise PreflightError(f"{spec}: target local has neither tenants nor contexts")
        return LocalTarget(where.name or platform.name, where.state_dir)
    if where.name is not None and where.name != platform.name:
        raise SpecError((f"{spec}: the platform is {platform.name!r}, and --name says {where.name!r}",))
    return _checked(ClusterTarget(platform, spec, where.context, where.policies, where.tenant))


def _checked(target: ClusterTarget) -> ClusterTarget:
    if not target.tenants:
        names = ", ".join(one.name for one in target.platform.tenants)
        raise PreflightError(f"{target.platform.name} has no tenant {target.tenant!r}", hint=f"tenants: {names}")
    return target


def _is_local(where: Where) -> bool:
    try:
        return where.name is not None and load_record(where.name, where.state_dir) is not None
    except StateError:
        # A name that is none here can be a platform's; whatever else is wrong is told when the instance is looked at.
        return where.name is not None and records.recall(where.name) is None


def _no_platform(where: Where, option: str) -> PreflightError:
    names = ", ".join(records.recorded())
    known = f"platforms applied from here: {names}" if names else "name its spec with -f"
    return PreflightError(
        f"--{option} is about a platform in a cluster, and {where.name or 'none'} is named", hint=known
    )
