"""`make_plan`: from a spec to a stamped plan; changes nothing."""

from pathlib import Path

from rayfence.api.facts import gather
from rayfence.api.instances import DEFAULT_NAME, places_for
from rayfence.api.machine import LocalMachine
from rayfence.api.specs import read_text
from rayfence.catalog.ray_versions import load_ray_versions
from rayfence.catalog.routes import load_routes
from rayfence.errors import SpecError
from rayfence.model.desired import Desired
from rayfence.model.frozen import dataclass
from rayfence.model.plan import Plan
from rayfence.model.platform import LocalPlatform
from rayfence.model.resolution import Resolution
from rayfence.plan.diff import diff
from rayfence.policy.resolve import refuse_conflicts, resolve
from rayfence.render.local import render
from rayfence.render.local.layout import Layout
from rayfence.spec import DEFAULT_SPEC, load_local


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan with all it was made from, so that `up` can apply exactly what `plan` shows."""

    resolution: Resolution
    desired: Desired
    plan: Plan
    spec_text: str


def read_spec(path: Path | None, name: str | None, state_dir: Path | None) -> tuple[LocalPlatform, str]:
    """The platform of a file (`-` is standard input).

    Without a file: the spec that the instance was last made from, else the default one. Raises SpecError, also when
    `name` is given and the file is about another platform, or when it is about a cluster.
    """
    if path is not None:
        text, source = read_text(path), str(path)
    else:
        places = places_for(name or DEFAULT_NAME, state_dir)
        recorded = Path(Layout(places).spec)
        if recorded.is_file():
            text, source = read_text(recorded), str(recorded)
        else:
            text, source = DEFAULT_SPEC + f"metadata: {{name: {name or DEFAULT_NAME}}}\n", "default spec"
    return named(load_local(text, source), name, source), text


def named(platform: LocalPlatform, name: str | None, source: str) -> LocalPlatform:
    """The platform, if it is the one that `--name` means. Raises SpecError."""
    if name is not None and name != platform.name:
        raise SpecError((f"{source}: metadata.name is {platform.name!r}, but --name says {name!r}",))
    return platform


def make_plan(spec: Path | None, name: str | None, state_dir: Path | None) -> Planned:
    """Turn a spec into a stamped plan; change nothing. Raises what `read_spec` and `plan_platform` raise."""
    platform, text = read_spec(spec, name, state_dir)
    return plan_platform(platform, text, state_dir)


def plan_platform(platform: LocalPlatform, text: str, state_dir: Path | None) -> Planned:
    """Plan a decoded platform.

    1. Gather this machine's facts and decide every setting, each with its reason.
    2. Refuse what can't be had here, all of it at once.
    3. Render exactly what would be made.
    4. Look at what is there and order the differences.
    Raises: PreflightError (1, 2), StateError (1, 4); nothing has been changed in any of them.
    """
    resolution = resolve(platform, gather(platform, state_dir), load_ray_versions())  # 1
    refuse_conflicts(resolution)  # 2
    desired = render(resolution, load_routes(platform.tenant.cluster.version))  # 3
    observed = LocalMachine(resolution, desired).observe(desired)  # 4
    return Planned(resolution, desired, diff(desired, observed), text)
