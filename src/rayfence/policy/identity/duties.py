"""Who runs, installs, checks and feeds the platform: groups and pipelines that the spec names.

What their roles are stands in the catalogue of actors; whether the organisation lets them be bound, `members` asks.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from rayfence.model.cluster_platform import OperatorSource
from rayfence.model.decision import Source
from rayfence.model.gke import Duty
from rayfence.policy.basis import Case
from rayfence.policy.identity.members import field_of

#: Actors that the spec may name; developers are the groups of tenants.
NAMED: Final = ("platform-admin", "operator-installer", "auditor", "ci", "scanner")
INSTALLER: Final = "operator-installer"

#: Days for which the right to install is given at most: it reads every Secret.
LONGEST: Final = 90


def duties(case: Case) -> None:
    """Decide who holds the rights of each actor."""
    named = {duty.actor: duty for duty in case.gke.duties}
    for actor in NAMED:
        duty, path = named.get(actor), f"gke.actors.{actor.replace('-', '_')}"
        if duty is None:
            case.decide(path, None, "nobody is named: the plan lists the roles, and somebody binds them by hand")
        elif actor == INSTALLER:
            _installer(case, duty, path)
        else:
            reason = "Terraform binds the roles that the plan lists, on the platform's own resources"
            case.decide(path, duty.members, reason, source=Source.SPEC)


def _installer(case: Case, duty: Duty, path: str) -> None:
    """Rights of an installation end; with an operator of others they are not given at all."""
    field = field_of(INSTALLER).removesuffix(".groups")
    source = case.platform.operator.source
    if source is not OperatorSource.MANIFESTS:
        reason = f"operator.source is {source}: nobody installs it, and nothing is bound"
        case.warnings.append(f"{field}: {reason}")
        case.decide(path, duty.members, reason, source=Source.SPEC)
        return
    end = _moment(duty.until)
    today = datetime.combine(case.today, datetime.min.time(), UTC)
    if end is None or end > today + timedelta(days=LONGEST):
        problem = "who installs the operator reads every Secret of the cluster, so the right ends"
        case.refuse((), (f"{field}.until",), problem, (f"name a moment at most {LONGEST} days ahead",))
    elif end <= today:
        case.warnings.append(f"{field}.until: the right to install ended at {duty.until}; set a new end to install")
    case.decide(path, duty.members, f"until {duty.until}, by a condition of the binding", source=Source.SPEC)


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else None
