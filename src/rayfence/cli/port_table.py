"""How the ports of Ray's nodes are printed, and what guards each."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from typing import Final

import click

from rayfence.cli import output
from rayfence.model.ray_ports import PortGuard, RayPort

_WEAK: Final = (PortGuard.POLICY, PortGuard.NONE)


def show_ports(ports: Sequence[RayPort]) -> None:
    """What guards each port, and why: once for all nodes that have the same, ports with the same story together."""
    if not ports:
        return
    counts = Counter(str(item.guard) for item in ports)
    output.line()
    output.heading("Ports of Ray nodes: " + ", ".join(f"{number} {name}" for name, number in sorted(counts.items())))
    tables: dict[tuple[RayPort, ...], list[str]] = {}
    for (workload, node), listed in groupby(ports, key=lambda item: (item.workload, item.node)):
        table = tuple(replace(item, workload="", node="") for item in listed)
        tables.setdefault(table, []).append(f"{workload} {node}")
    for table, nodes in tables.items():
        output.paragraph("  ", ", ".join(nodes), 4)
        _table(table)


def _table(table: Sequence[RayPort]) -> None:
    stories: dict[tuple[str, ...], list[str]] = {}
    for item in table:
        open_to = f"open to {', '.join(item.open_to)}" if item.open_to else "open to nobody"
        story = (item.guard, item.why, item.answers, open_to if item.enforced else "no policy is enforced here")
        stories.setdefault(story, []).append(f"{item.name} {item.port}")
    for (guard, *rest), named in stories.items():
        word = click.style(f"{guard:<18}", fg="yellow" if guard in _WEAK else "green")
        output.paragraph(f"    {word} ", f"{', '.join(named)}: {'; '.join(rest)}", 23)
