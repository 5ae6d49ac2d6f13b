"""Receipts of applies and destroys as text."""

from collections import Counter
from pathlib import Path

from rayfence.cli import output
from rayfence.model.receipt import ClusterReceipt, Deed, Outcome

_WORDS = {
    Outcome.UNCHANGED: "Nothing to do: everything is as specified.",
    Outcome.COMPLETE: "Done.",
    Outcome.DRY_RUN: "Dry run: the API server has judged it, and nothing was changed.",
}


def show(receipt: ClusterReceipt, path: Path | None, everything: bool) -> None:
    """What was done in a few lines; with `everything` each object."""
    for item in receipt.done:
        if everything or item.note or item.deed in (Deed.FORCED, Deed.KEPT):
            output.paragraph(f"  {item.deed:<12} ", f"{item.reference}{f' ({item.note})' if item.note else ''}", 15)
    counts = Counter(str(item.deed) for item in receipt.done)
    told = ", ".join(f"{number} {deed}" for deed, number in sorted(counts.items()))
    words = _WORDS.get(receipt.outcome, str(receipt.outcome))
    if receipt.outcome is Outcome.UNCHANGED and receipt.action == "destroy":
        words = "Nothing to do: nothing of this platform is there."
    output.line(f"{words}{f' {told}.' if told else ''}")
    if receipt.strays:
        output.paragraph("No longer in the spec, and left in place: ", ", ".join(receipt.strays), 2)
        output.line("Repeat with --prune to remove them.")
    if path is not None:
        output.note(f"receipt: {path}")
