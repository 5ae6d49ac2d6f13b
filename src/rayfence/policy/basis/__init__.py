"""What every criterion stands on: the organisation's rules, the spec's waivers, and the ledger of what was decided."""

from rayfence.policy.basis.case import Case
from rayfence.policy.basis.rules import Rules, Standing, Verdict

__all__ = ["Case", "Rules", "Standing", "Verdict"]
