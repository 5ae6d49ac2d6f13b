"""Settings that no field loosens are recorded always, and name the constraint where one binds."""

import pytest

from rayfence.model.decision import Source
from rayfence.policy.gke.hardening import HARDENED, NETWORK_POLICY
from tests.unit.policy.platforms import decision, minimal, on, resolved

RULES = [(path, rule) for path, (_, _, rules) in HARDENED.items() for rule in rules]


@pytest.mark.parametrize(("path", "rule"), [*RULES, ("gke.dataplane_v2", NETWORK_POLICY)])
def test_each_is_a_default_and_a_constraints_where_it_binds(path: str, rule: str) -> None:
    assert decision(resolved(minimal()), path).source is Source.DEFAULT
    bound = resolved(minimal(), on(rule))
    assert bound.conflicts == ()
    assert decision(bound, path).rules == (rule,)
