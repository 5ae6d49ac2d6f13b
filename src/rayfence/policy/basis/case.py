"""One platform before the organisation's rules: what criteria ask, and where they write down what they decided.

A `Case` lives for one resolution. Criteria read the spec and the rules through it and record decisions, conflicts and
warnings in it, in the order of the main flow.
"""

import datetime
from collections.abc import Sequence
from dataclasses import field

from rayfence.catalog.actors import Actors
from rayfence.catalog.machines import Machines
from rayfence.catalog.ray_versions import RayVersions
from rayfence.model.cluster_platform import ClusterPlatform, Waiver
from rayfence.model.decision import Decision, Source
from rayfence.model.frozen import dataclass
from rayfence.model.gke import GkeTarget
from rayfence.model.outcome import PolicyConflict
from rayfence.policy.basis.petitions import Petition, letter
from rayfence.policy.basis.rules import Rules
from rayfence.policy.basis.waivers import counted


@dataclass(frozen=True, slots=True)
class Case:
    """The question (platform, rules, today) and the answer so far."""

    platform: ClusterPlatform
    rules: Rules
    machines: Machines
    versions: RayVersions
    actors: Actors
    today: datetime.date
    decisions: list[Decision] = field(default_factory=list)
    conflicts: list[PolicyConflict] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    @property
    def gke(self) -> GkeTarget:
        """The Google Cloud half of the spec. Raises TypeError for other targets."""
        if not isinstance(self.platform.target, GkeTarget):
            raise TypeError("this platform has no Google Cloud half")
        return self.platform.target

    def decide(
        self,
        path: str,
        value: object,
        reason: str,
        *,
        serves: tuple[str, ...] = (),
        source: Source = Source.DEFAULT,
        waiver: Waiver | None = None,
        irreversible: str = "",
        costs: str = "",
    ) -> None:
        """Record a setting. `serves`: constraints that it satisfies; where one of them binds, it is the source.

        A `waiver` is the source whatever binds: what it weakens is what a reader must see.
        """
        rules = self.rules.binding(*serves)
        if waiver is not None:
            source, rules = Source.WAIVER, (waiver.control, *rules)
            reason = f"{reason}; waived by {waiver.owner} until {waiver.expires}: {waiver.reason}"
        elif rules:
            source = Source.CONSTRAINT
        self.decisions.append(Decision(path, words(value), reason, source, rules, irreversible, costs))

    def waived(self, control: str) -> Waiver | None:
        """The waiver of `control` if it counts today. Asking is using: ask only where the weakening is wanted."""
        waiver = self.platform.waiver(control)
        if waiver is None or not counted(waiver, self.today).active:
            return None
        self.used.add(control)
        return waiver

    def refuse_unwaived(self, control: str, field: str, problem: str, remedy: str) -> Waiver | None:
        """The waiver of `control`; without one a conflict that says how to do without, and how to waive it."""
        waiver = self.waived(control)
        if waiver is None:
            self.refuse((control,), (field,), problem, (remedy, f"add a waiver of `{control}` with owner and end"))
        return waiver

    def refuse(
        self,
        rules: tuple[str, ...],
        fields: tuple[str, ...],
        problem: str,
        remedies: tuple[str, ...],
        petition: Petition | Sequence[Petition] = (),
    ) -> None:
        """Record a conflict. `petition`: the exceptions that would help, all of them; they become the request."""
        asked = (petition,) if isinstance(petition, Petition) else petition
        owner, name = self.platform.organization.owner, self.platform.name
        request = "\n".join(letter(item, owner, self.gke.project, name, self.today) for item in asked)
        self.conflicts.append(PolicyConflict(rules, fields, problem, remedies, request))

    def said(self, field: str) -> Source:
        """Where the value of `field` comes from: the spec's text, else its default. A platform without text has all."""
        places = self.platform.places
        return Source.SPEC if not places or field.replace("[", ".").replace("]", "") in places else Source.DEFAULT

    def warn_undecided(self, *constraints: str, taken: str) -> None:
        """Say that policies could not be decided, and which way was `taken` instead."""
        for policy in self.rules.undecided(*constraints):
            self.warnings.append(f"{policy.constraint} is undecided ({policy.source}: {policy.undecided}); {taken}")


def words(value: object) -> str:
    """A setting's value as text: `none` for nothing, `yes` and `no` for truth values."""
    if value is None or value in ((), ""):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(words(item) for item in value)
    return str(value)
