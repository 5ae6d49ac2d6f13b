"""How a plan of a cluster, its differences and explanations are printed."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

import click

from rayfence.cli import output
from rayfence.model.cluster_plan import ClusterPlan, Difference, Explanation
from rayfence.model.decision import Decision
from rayfence.model.outcome import Outcome, PolicyConflict

#: Exit status of `plan` when rules and spec can't be reconciled.
STOPPED: Final = 4
_SHOWN: Final = (Outcome.VIOLATED, Outcome.UNKNOWN, Outcome.SATISFIED_BY)
_COLOURS: Final = {Outcome.VIOLATED: "red", Outcome.UNKNOWN: "yellow", Outcome.SATISFIED_BY: "green"}


def show(plan: ClusterPlan, everything: bool) -> None:
    """Objects, settings, constraints, warnings, conflicts; the verdict in the last line."""
    output.heading(f"Platform {plan.name}: {plan.target}")
    _objects(plan)
    output.line()
    output.heading("Settings")
    output.table(map(_setting, plan.decisions), ("setting", "value", "source", "why"))
    _outcomes(plan, everything)
    for warning in plan.warnings:
        output.line(f"{click.style('warning', fg='yellow')}: {output.clean(warning)}")
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
        output.table(
            ((item.change, item.name, item.before or "-", item.after or "-", item.reason) for item in items),
            ("change", "name", "before", "after", "why"),
        )
        output.line()
    output.line(f"{len(found)} differences" if found else "No difference.")


def show_explanations(found: Iterable[Explanation]) -> None:
    """One paragraph each."""
    for item in found:
        output.heading(f"{output.clean(item.name)} = {output.clean(item.value)}")
        output.line(f"  why      {output.clean(item.reason)}")
        output.line(f"  source   {output.clean(item.source) or 'not set'}")
        for change in item.changes:
            output.line(f"  changes  {output.clean(change)}")


def _objects(plan: ClusterPlan) -> None:
    for group, items in groupby(plan.objects, key=lambda item: item.group):
        listed = list(items)
        output.line()
        output.heading(f"{group} ({len(listed)})")
        for item in listed:
            output.line(f"  {output.clean(item.address)}{_marks(item.irreversible, item.costs)}")


def _setting(item: Decision) -> tuple[str, str, str, str]:
    source = " ".join((item.source, *item.rules))
    return item.path, item.value, source, item.reason + _marks(item.irreversible, item.costs)


def _outcomes(plan: ClusterPlan, everything: bool) -> None:
    if not plan.outcomes:
        return
    counts = Counter(item.outcome for item in plan.outcomes)
    output.line()
    output.heading("Constraints: " + ", ".join(f"{counts[kind]} {kind}" for kind in Outcome if counts[kind]))
    for item in plan.outcomes:
        if everything or item.outcome in _SHOWN:
            word = click.style(f"{item.outcome:<22}", fg=_COLOURS.get(item.outcome, "bright_black"))
            output.line(f"  {word} {item.constraint}: {output.clean(item.reason)}")


def _conflicts(conflicts: Iterable[PolicyConflict]) -> None:
    for item in conflicts:
        output.line()
        output.line(click.style("conflict: ", fg="red", bold=True) + output.clean(item.problem))
        output.line(f"  rules   {output.clean(', '.join(item.rules))}")
        output.line(f"  fields  {output.clean(', '.join(item.fields))}")
        for remedy in item.remedies:
            output.line(f"  either  {output.clean(remedy)}")
        if item.request:
            output.line("  request")
            for part in item.request.splitlines():
                output.line(f"    {output.clean(part)}")


def _marks(irreversible: str, costs: str) -> str:
    marks = [f"irreversible: {irreversible}"] if irreversible else []
    marks += [f"costs: {costs}"] if costs else []
    return f"  [{'; '.join(output.clean(mark) for mark in marks)}]" if marks else ""
