"""What is proved of a platform before it exists: its pods fit, its flows are open, nobody holds more than needed."""

from rayfence.policy.proofs.capacity import capacity
from rayfence.policy.proofs.flows import flows
from rayfence.policy.proofs.grants.agreement import disagreements
from rayfence.policy.proofs.grants.broad import refuse_broad
from rayfence.policy.proofs.grants.members import MemberCheck, check_members
from rayfence.policy.proofs.privilege import privileges

__all__ = ["MemberCheck", "capacity", "check_members", "disagreements", "flows", "privileges", "refuse_broad"]
