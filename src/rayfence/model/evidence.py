"""Evidence: what an attack on a running instance showed, with the control that makes the showing worth something."""

from collections.abc import Iterable

from rayfence.model.frozen import dataclass
from rayfence.model.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Evidence:
    """One attack and how it ended.

    `attack` is a stable id such as `token.alg-none`; `expected` and `seen` are words for people; `control` tells what
    the same request with the right identity showed. `known`: a failure that Ray itself causes and no gateway can cure;
    it stays a failure, and says why it does not count as a hole of this instance. `fix`: the object to mend, as
    `NetworkPolicy vision/default-deny`; `field`: of the spec, or of the object. Both only where the attack succeeded.
    """

    attack: str
    group: str
    title: str
    verdict: Verdict
    expected: str
    seen: str
    control: str
    source: str = ""  # CVE or advisory
    known: str = ""
    fix: str = ""
    field: str = ""

    @property
    def is_hole(self) -> bool:
        """Whether the attack succeeded, and rayfence should have prevented it."""
        return self.verdict is Verdict.FAIL and not self.known


@dataclass(frozen=True, slots=True)
class Verification:
    """All evidence of one run."""

    instance: str
    evidence: tuple[Evidence, ...]
    seconds: float
    leftovers: tuple[str, ...] = ()  # what could not be cleaned away, in words

    @property
    def holes(self) -> tuple[Evidence, ...]:
        """Attacks that succeeded."""
        return tuple(row for row in self.evidence if row.is_hole)

    @property
    def unproved(self) -> tuple[Evidence, ...]:
        """Attacks that show nothing because their control did not work."""
        return tuple(row for row in self.evidence if row.verdict is Verdict.UNKNOWN)

    @property
    def exit_status(self) -> int:
        """1: a hole; 2: none, but something could not be shown; 0: every defence holds."""
        if self.holes or self.leftovers:
            return 1
        return 2 if self.unproved or not self.evidence else 0

    def groups(self) -> tuple[tuple[str, tuple[Evidence, ...]], ...]:
        """Evidence by group, in the order in which groups first appear."""
        names = dict.fromkeys(row.group for row in self.evidence)
        return tuple((name, tuple(row for row in self.evidence if row.group == name)) for name in names)


def counted(rows: Iterable[Evidence]) -> dict[Verdict, int]:
    """How many of each verdict; every verdict is a key."""
    listed = list(rows)
    return {verdict: sum(row.verdict is verdict for row in listed) for verdict in Verdict}
