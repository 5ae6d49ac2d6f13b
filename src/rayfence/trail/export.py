"""Records for other eyes: one line for people, CEF for a SIEM. JSON Lines need no export: they are the trail's own
lines.

CEF is ArcSight's Common Event Format, revision 25: `CEF:0|vendor|product|version|class|name|severity|key=value …`. In
the header `|` and `\\` are escaped, in values `=`, `\\` and line ends; everything else unprintable was made visible
when it was recorded.
"""

from datetime import datetime
from typing import Final

from rayfence.trail.record import Entry, Kind, Record
from rayfence.trail.text import printable

#: 0 to 10. A refusal is worth a look, damage to the trail is worth waking somebody.
_SEVERITY: Final = {"refused": 5, "failed": 3, "unknown": 6}
_GRAVE: Final = {Kind.DAMAGE: 10, Kind.LOSS: 9, Kind.REPAIR: 7, Kind.MALFORMED: 7}

_LABELLED: Final = (("chain hash", "prev"), ("kind", "kind"), ("reference", "ref"), ("detail", "detail"))


def human_line(record: Record) -> str:
    """One line for a terminal: nothing in it moves the cursor, whoever wrote the file."""
    entry = record.entry
    parts = [
        entry.ts[:23] + "Z",
        f"{record.seq:>8}",
        f"{entry.kind:<9}",
        f"{entry.subject or '-':<12}",
        f"{entry.action or '-':<18}",
        f"{entry.verdict or '-':<8}",
        str(entry.status or "-").rjust(3),
        entry.object or "-",
    ]
    if entry.ref:
        parts.append(f"ref={entry.ref}")
    shown = {name: value for name, value in entry.detail.items() if name not in {"pos", "at"}}
    parts.extend(f"{name}={value}" for name, value in shown.items())
    return printable(" ".join(parts)).rstrip()


def cef_line(record: Record, *, instance: str, version: str) -> str:
    """One event for a SIEM, without line end."""
    entry = record.entry
    action = entry.action or entry.kind
    header = "|".join(
        _header(part)
        for part in ("rayfence", "gateway", version, f"{entry.kind}:{action}", _name(entry), str(severity(entry)))
    )
    fields = {
        "rt": str(int(datetime.fromisoformat(entry.ts).timestamp() * 1000)),
        "dvchost": instance,
        "suser": entry.subject,
        "act": action,
        "outcome": entry.verdict,
        "request": entry.object,
        "requestMethod": str(entry.detail.get("method", "")),
        "reason": str(entry.status or ""),
        "src": _address(str(entry.detail.get("peer", ""))),
        "externalId": str(record.seq),
    }
    detail = " ".join(f"{name}:{value}" for name, value in entry.detail.items())
    for number, ((label, _), value) in enumerate(
        zip(_LABELLED, (record.prev, entry.kind, entry.ref, detail), strict=True), start=1
    ):
        if value:
            fields[f"cs{number}Label"], fields[f"cs{number}"] = label, value
    extension = " ".join(f"{name}={_value(value)}" for name, value in fields.items() if value)
    return f"CEF:0|{header}|{extension}"


def severity(entry: Entry) -> int:
    """How grave an event is, 0 to 10."""
    try:
        return _GRAVE.get(Kind(entry.kind), _SEVERITY.get(entry.verdict, 1))
    except ValueError:
        return 5


def _name(entry: Entry) -> str:
    return " ".join(part for part in (entry.kind, entry.action, entry.verdict) if part)


def _address(peer: str) -> str:
    """The address of `address:port`; IPv6 without its brackets."""
    return peer.rpartition(":")[0].strip("[]")


def _header(text: str) -> str:
    return printable(text).replace("\\", "\\\\").replace("|", "\\|")


def _value(text: str) -> str:
    # Line ends are made visible first: what is left to escape is printable.
    return printable(text).replace("\\", "\\\\").replace("=", "\\=")
