"""The text of an exception to ask for, when the organisation's policy stands in the way.

rayfence never changes a policy. It writes what a person would have to write: to whom, which constraint and project, the
smallest change that helps, why, for how long. Names from the spec are quoted, never obeyed.
"""

import datetime
from typing import Final

from rayfence.model.frozen import dataclass

#: How long an exception is asked for, in days: a quarter, then it is looked at again.
ASKED_DAYS: Final = 90


@dataclass(frozen=True, slots=True)
class Petition:
    """What is asked: `change` is the smallest exception, `why` the need, both in a sentence without full stop."""

    constraint: str
    change: str
    why: str


def admitted(constraint: str, value: str, why: str) -> Petition:
    """Ask that a list constraint admits one value more, at this project only."""
    return Petition(constraint, f"set the policy at this project alone so that it also admits the value `{value}`", why)


def tagged(constraint: str, organization: str | None, why: str) -> Petition:
    """Ask that a boolean is not enforced where a tag of the organisation is bound, and for that tag on the project."""
    parent = organization or "ORGANIZATION_ID"
    value = constraint.removeprefix("constraints/").replace(".", "-")
    condition = f"resource.matchTag('{parent}/rayfence-exception', '{value}')"
    return Petition(
        constraint,
        f"add a rule `enforce: false` with the condition `{condition}`, and bind that tag to this project",
        why,
    )


def letter(petition: Petition, owner: str, project: str, platform: str, today: datetime.date) -> str:
    """The whole request, ready to send."""
    until = today + datetime.timedelta(days=ASKED_DAYS)
    return (
        f"To {owner}\n"
        f"\n"
        f"We plan the Ray platform `{platform}` in project `{project}`. The organisation policy "
        f"`constraints/{petition.constraint}` stands in its way, and we kindly ask for an exception.\n"
        f"\n"
        f"What we ask: {petition.change}. Other projects stay as they are.\n"
        f"Why: {petition.why}.\n"
        f"For how long: until {until.isoformat()}; then we review it with you, or it ends.\n"
        f"\n"
        f"Until you decide we change nothing. Thank you for looking into it.\n"
    )
