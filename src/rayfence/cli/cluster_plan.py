"""How a plan of a cluster, its differences and explanations are printed."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Final

import click

from rayfence.cli import output
from rayfence.cli.port_table import show_ports
from rayfence.model.cluster_plan import ClusterPlan, Difference, Explanation, PlannedObject
from rayfence.model.outcome import Outcome, PolicyConflict
from rayfence.model.proofs import FlowState
from rayfence.model.verdict import Verdict

#: Exit status of `plan` when rules and spec can't be reconciled.
STOPPED: Final = 4
_SHOWN: Final = (Outcome.VIOLATED, Outcome.UNKNOWN, Outcome.SATISFIED_BY)
_COLOURS: Final = {Outcome.VIOLATED: "red", Outcome.UNKNOWN: "yellow", Outcome.SATISFIED_BY: "green"}


def show(plan: ClusterPlan, everything: bool) -> None:
    """Objects, settings, constraints, proofs, warnings, conflicts; the verdict in the last line."""
    output.heading(f"Platform {plan.name}: {plan.target}")
    _objects(plan)
    _settings(plan)
    _outcomes(plan, everything)
    _proofs(plan, everything)
    show_ports(plan.ports)
    output.line()
    for warning in plan.warnings:
        output.paragraph(f"{click.style('warning', fg='yellow')}: ", warning, 9)
    _conflicts(plan.conflicts)
    count = len(plan.conflicts)
    output.line()
    output.line(
        f"{count} conflict{'s' * (count != 1)}: nothing can be made until they are solved"
        if count
        else f"{len(plan.objects)} objects, no conflict; digest {plan.digest[:12]}. Next: rayfence render -o DIR"
    )


def show_differences(found: Sequence[Difference]) -> None:
    """What differs between two plans, by subject."""
    for subject, items in groupby(found, key=lambda item: item.subject):
        output.heading(subject.capitalize() + "s")
        output.records(
            ((item.change, item.name, item.before or "-", item.after or "-", item.reason) for item in items),
            ("change", "name", "before", "after", "why"),
        )
        output.line()
    output.line(f"{len(found)} difference{'s' * (len(found) != 1)}" if found else "No difference.")


def show_explanations(found: Iterable[Explanation]) -> None:
    """One paragraph each."""
    for item in found:
        output.heading(f"{output.clean(item.name)} = {output.clean(item.value)}")
        output.paragraph("  why      ", item.reason, 11)
        output.paragraph("  source   ", item.source or "not set", 11)
        for change in item.changes:
            output.paragraph("  changes  ", change, 11)


def _objects(plan: ClusterPlan) -> None:
    groups: dict[str, list[PlannedObject]] = {}
    for item in plan.objects:
        groups.setdefault(item.group, []).append(item)
    for group, listed in groups.items():
        output.line()
        output.heading(f"{group[:1].upper()}{group[1:]} ({len(listed)})")
        for item in listed:
            output.paragraph("  ", f"{item.address}{_marks(item.irreversible, item.costs)}", 6)


def _settings(plan: ClusterPlan) -> None:
    output.line()
    output.heading(f"Settings ({len(plan.decisions)})")
    for item in plan.decisions:
        source = click.style(" ".join((item.source, *item.rules)), dim=True)
        output.paragraph("  ", f"{item.path} = {item.value}", 6)
        output.paragraph(f"      {source}: ", f"{item.reason}{_marks(item.irreversible, item.costs)}", 8)


def _outcomes(plan: ClusterPlan, everything: bool) -> None:
    if not plan.outcomes:
        return
    counts = Counter(item.outcome for item in plan.outcomes)
    output.line()
    output.heading("Constraints: " + ", ".join(f"{counts[kind]} {kind}" for kind in Outcome if counts[kind]))
    for item in plan.outcomes:
        if everything or item.outcome in _SHOWN:
            word = click.style(f"{item.outcome:<22}", fg=_COLOURS.get(item.outcome, "bright_black"))
            output.paragraph(f"  {word} ", f"{item.constraint}: {item.reason}", 6)


def _proofs(plan: ClusterPlan, everything: bool) -> None:
    """Where pods fit, which connections are open, who may do what: in a line each, in full with `everything`."""
    output.line()
    states = Counter(str(item.verdict) for item in plan.placements)
    output.heading("Room for pods: " + (_counted(states) or "no pods"))
    for place in plan.placements:
        if everything or place.verdict is not Verdict.PASS:
            pools = ", ".join(f"{pool.pool} ({pool.per_node} per node)" for pool in place.pools)
            output.verdict(place.verdict, f"{place.need.name}: {place.reason}{f'; {pools}' if pools else ''}")
    if plan.flows:
        output.heading("Connections: " + _counted(Counter(str(item.state) for item in plan.flows)))
        for found in plan.flows:
            if everything or found.state not in (FlowState.OPEN, FlowState.UNFILTERED):
                need = "" if found.flow.needed else " (not needed)"
                output.paragraph(f"  {found.state:<8} ", f"{found.flow.id}{need}: {found.reason}", 6)
    actors = {item.actor for item in plan.grants}
    more = "" if everything else " (--all lists them)"
    output.heading(f"Rights: {len(plan.grants)} grants to {len(actors)} actors{more}")
    for grant in plan.grants if everything else ():
        members = ", ".join(grant.members) or grant.to_name
        output.paragraph("  ", f"{grant.actor}: {grant.role} on {grant.on}", 6)
        output.paragraph("      ", f"{members}: {grant.why}", 8)
        output.paragraph("      ", f"at worst: {grant.worst}{f'; {grant.article}' if grant.article else ''}", 8)


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in sorted(counts.items()))


def _conflicts(conflicts: Iterable[PolicyConflict]) -> None:
    for item in conflicts:
        output.line()
        output.paragraph(click.style("conflict: ", fg="red", bold=True), item.problem, 10)
        if item.rules:
            output.paragraph("  rules   ", ", ".join(item.rules), 10)
        output.paragraph("  fields  ", ", ".join(item.fields), 10)
        for remedy in item.remedies:
            output.paragraph("  either  ", remedy, 10)
        if item.request:
            output.line("  request")
            for part in item.request.splitlines():
                output.line(f"    {output.clean(part)}")


def _marks(irreversible: str, costs: str) -> str:
    marks = [f"irreversible: {irreversible}"] if irreversible else []
    marks += [f"costs: {costs}"] if costs else []
    return f"  [{'; '.join(marks)}]" if marks else ""
