"""`renew`: leaves that their consumers reload by themselves are renewed before they end; nothing is restarted."""

from pathlib import Path

from rayfence.api.locks import locked
from rayfence.api.machine import LocalMachine
from rayfence.api.plan import plan_platform, read_spec
from rayfence.model.frozen import dataclass
from rayfence.model.plan import Leaf


@dataclass(frozen=True, slots=True)
class Renewed:
    """Names of leaves: renewed now, still good, and ageing ones that only `rayfence restart` can renew."""

    renewed: tuple[str, ...]
    kept: tuple[str, ...]
    need_restart: tuple[str, ...]


def renew(name: str | None, state_dir: Path | None, force: bool = False) -> Renewed:
    """Renew the hot leaves of an instance that age (all of them with `force`); the gateway records each in the trail.

    Raises StateError when another command is at work or the authority can't sign.
    """
    platform, text = read_spec(None, name, state_dir)
    with locked(platform.name, state_dir):
        planned = plan_platform(platform, text, state_dir)
        machine = LocalMachine(planned.resolution, planned.desired)
        leaves = machine.observe(planned.desired).leaves
        renewed, kept, need_restart = [], [], []
        for request in planned.desired.certificates:
            seen = leaves.get(request.name, Leaf.MISSING)
            if request.hot and (force or seen is not Leaf.VALID):
                machine.issue(request)
                renewed.append(request.name)
            elif seen is Leaf.VALID:
                kept.append(request.name)
            else:
                need_restart.append(request.name)
    return Renewed(tuple(renewed), tuple(kept), tuple(need_restart))
