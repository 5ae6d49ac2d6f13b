"""Proof that no firewall rule closes a flow that the platform needs.

1. List the flows (`network/needed`).
2. Put the inherited rules, ours and GKE's own in their order (`network/rules`).
3. Decide each flow for each account that nodes run as (`network/decide`); the worst account counts.
4. A rule that closes a needed flow is a conflict that names it; what can't be decided is a warning, never open.
"""

from collections.abc import Sequence
from typing import Final

from rayfence.model.cloud import CloudDesired
from rayfence.model.cluster_platform import ClusterPlatform
from rayfence.model.cluster_resolution import ClusterResolution
from rayfence.model.gke_settings import GkeSettings
from rayfence.model.orgpolicy import FirewallRule, OrgFacts
from rayfence.model.outcome import PolicyConflict
from rayfence.model.proofs import Flow, FlowReport, FlowResult, FlowState
from rayfence.policy.proofs.network.decide import Decided, decide
from rayfence.policy.proofs.network.needed import needed_flows
from rayfence.policy.proofs.network.rules import all_rules, node_tags

#: Worst first.
SEVERITY: Final = (FlowState.CLOSED, FlowState.UNKNOWN, FlowState.OPEN)


def flows(resolution: ClusterResolution, facts: OrgFacts, cloud: CloudDesired) -> FlowReport:
    """Every needed flow with what the rules do to it. An existing cluster has no network of ours: nothing is listed."""
    gke = resolution.gke
    if gke is None:
        return FlowReport(
            (), (), ("the network of an existing cluster is not known: its firewall rules were not judged",)
        )
    rules = all_rules(gke, facts, cloud)
    tags = node_tags(cloud)
    results = tuple(_result(flow, rules, tags) for flow in needed_flows(resolution, gke))
    inherited = frozenset(rule.source for rule in facts.firewall)
    conflicts: list[PolicyConflict] = []
    warnings = list(_unread(gke, resolution.platform, facts))
    for result in results:
        if result.state is FlowState.UNKNOWN:
            warnings.append(f"flow {result.flow.id}: unknown whether firewalls let it through: {result.reason}")
        elif result.state is FlowState.CLOSED and result.flow.needed:
            if gke.network.manage_firewall or inherited & set(result.rules):
                conflicts.append(_conflict(result, gke, resolution.platform, inherited))
            else:
                warnings.append(_to_do(result, gke))
    return FlowReport(results, tuple(conflicts), tuple(warnings))


def _result(flow: Flow, rules: Sequence[FirewallRule], tags: frozenset[str]) -> FlowResult:
    if not flow.filtered:
        return FlowResult(flow, FlowState.UNFILTERED, (), "", "no firewall rule applies to this address")
    found = [(account, decide(flow, account, rules, tags)) for account in flow.accounts]
    account, worst = min(found, key=lambda item: SEVERITY.index(item[1].state))
    return FlowResult(flow, worst.state, worst.rules, worst.sample, _reason(flow, account, worst))


def _reason(flow: Flow, account: str, decided: Decided) -> str:
    by = ", ".join(decided.rules)
    if decided.state is FlowState.OPEN:
        return f"allowed by {by}"
    what = f"{'to' if flow.egress else 'from'} {decided.sample}" if decided.sample else "as a whole"
    if decided.state is FlowState.CLOSED:
        return f"denied by {by} at nodes of {account}, e.g. {what}"
    missing = "" if flow.ranges else f"; the addresses of {flow.peer} are not known"
    return f"{decided.reason}: {by or 'no single rule'}, e.g. {what}{missing}"


def _unread(gke: GkeSettings, platform: ClusterPlatform, facts: OrgFacts) -> list[str]:
    named = platform.organization.policies is not None or platform.organization.live
    if facts.firewall or not named:
        return []
    command = f"networks get-effective-firewalls {gke.network.network} --project={gke.network.project} --format=json"
    return [f"no inherited firewall policies were read; one could close a flow; evidence: gcloud compute {command}"]


def _asked(flow: Flow) -> str:
    ranges = ", ".join(flow.ranges) or flow.peer
    return f"{'egress to' if flow.egress else 'ingress from'} {ranges} on {', '.join(flow.ports)}"


def _conflict(
    result: FlowResult, gke: GkeSettings, platform: ClusterPlatform, inherited: frozenset[str]
) -> PolicyConflict:
    flow = result.flow
    foreign = [rule for rule in result.rules if rule in inherited]
    allow = f"an allow rule before it: {_asked(flow)}, for {', '.join(flow.accounts)}"
    request = ""
    remedies = [allow, *(f"a spec that does not need it: {field}" for field in flow.fields)]
    if foreign:
        owner = platform.organization.owner
        request = (
            f"To {owner}: project {gke.project} runs Ray on GKE. Its nodes need {_asked(flow)} ({flow.why}). "
            f"{', '.join(foreign)} denies it. Please allow it with a rule that is evaluated before, limited to "
            f"{', '.join(flow.accounts)}."
        )
    elif not result.rules[0].startswith("the implied rule"):
        remedies[0] = f"correct {', '.join(result.rules)}"
    return PolicyConflict(
        rules=result.rules,
        fields=flow.fields or ("target.gke.network",),
        problem=f"flow {flow.id} ({flow.why}) is closed: {result.reason}",
        remedies=tuple(remedies),
        request=request,
    )


def _to_do(result: FlowResult, gke: GkeSettings) -> str:
    return (
        f"flow {result.flow.id}: firewall rules of {gke.network.network} are written by others; they have to allow "
        f"{_asked(result.flow)}, for {', '.join(result.flow.accounts)}: {result.flow.why}"
    )
