"""Whether a list constraint admits a value; the one door to `organization.values`."""

from rayfence.model.frozen import dataclass
from rayfence.organization.values import Permission, membership, strange_prefix
from rayfence.policy.constraints.criterion import Case, Mark
from rayfence.policy.constraints.rendered import project_of


@dataclass(frozen=True, slots=True)
class Admission:
    """`allowed` None: it can't be told, and `why` names the evidence that is missing; else `why` names the entry."""

    allowed: bool | None
    why: str


def admit(case: Case, value: str) -> Admission:
    """Whether the policy of `case` admits `value` (a location, a service, a full name). Without a list: no."""
    values = case.policy.values
    if values is None:
        return Admission(False, "the policy holds no list")
    found = membership(values, value, case.facts.ancestry, case.groups)
    if found.verdict is Permission.UNKNOWN:
        return Admission(
            None, f"{value}: {found.why} without {_evidence(found.why, value, (*values.allowed, *values.denied))}"
        )
    return Admission(found.verdict is Permission.YES, found.why)


def member_mark(case: Case, field: str, value: str, problem: str) -> Mark:
    """The mark of a field whose value must be admitted."""
    admission = admit(case, value)
    if admission.allowed is None:
        return Mark(field, missing=admission.why)
    return Mark(field, "" if admission.allowed else f"{problem}: {admission.why}")


def _evidence(why: str, value: str, entries: tuple[str, ...]) -> str:
    strange = strange_prefix(entries)
    if strange and f"{strange}:" in why:
        return f"knowing what the prefix `{strange}:` means"
    if "under:" in why:
        return f"the folders and the organisation above {project_of(value) or value}"
    if "in:" in why:
        return "the values of that group"
    return "the number or the id of that project"
