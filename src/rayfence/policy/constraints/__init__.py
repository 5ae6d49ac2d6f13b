"""What became of every constraint of the organisation, judged on the rendered platform."""

from rayfence.policy.constraints.criterion import Criterion
from rayfence.policy.constraints.evaluate import dry_run_outcomes, dry_run_warnings, outcomes
from rayfence.policy.constraints.table import criteria

__all__ = ["Criterion", "criteria", "dry_run_outcomes", "dry_run_warnings", "outcomes"]
