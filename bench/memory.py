"""Memory of one instance's own processes (Envoy, service, keeper, warden) after some load; Ray is not ours.

    python -m bench.memory [--json] [--seconds 5]

PSS shares a page among the processes that map it, so the sum counts none twice; RSS stands beside it.
"""

import argparse
import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from bench.load import wrk
from bench.stand import dummy_upstream
from rayfence.api.session import mint
from tests.sim.door import open_door

#: MiB that the project promises, of the sum of PSS.
BOUND = 250


def measure(seconds: int) -> dict[str, object]:
    """One instance under load for `seconds`, then a look at every process that names its folders."""
    with tempfile.TemporaryDirectory(prefix="rf-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)
        door = stack.enter_context(open_door(folder / "state", "bench"))
        record = door.record
        stack.enter_context(dummy_upstream(folder / "upstream", record.ports.head.dashboard))
        token = str(mint("bench", folder / "state", None, None, None)["token"])
        load = wrk(
            f"https://127.0.0.1:{record.ports.gateway}/api/version", {"Authorization": f"Bearer {token}"}, 8, seconds
        )
        processes = list(_processes(str(folder / "state"), str(record.places.runtime)))
    total = {kind: round(sum(float(one[kind]) for one in processes), 1) for kind in ("pss_mib", "rss_mib")}
    return {
        **total,
        "bound_mib": BOUND,
        "processes": processes,
        "requests_per_second": round(load.per_second),
        "kept": total["pss_mib"] <= BOUND and len(processes) >= 4,
        "repeat": "python -m bench.memory --json",
    }


def _processes(*folders: str) -> Iterator[dict[str, str | float]]:
    for place in Path("/proc").iterdir():
        if not place.name.isdigit():
            continue
        try:
            words = (place / "cmdline").read_bytes().decode(errors="replace").split("\0")
            rollup = (place / "smaps_rollup").read_text(encoding="ascii")
        except OSError:
            continue
        if not any(folder in word for folder in folders for word in words):
            continue
        yield {
            "command": " ".join(Path(word).name for word in words[:4]).strip(),
            "pss_mib": _mib(rollup, "Pss"),
            "rss_mib": _mib(rollup, "Rss"),
        }


def _mib(rollup: str, name: str) -> float:
    found = re.search(rf"^{name}:\s+(\d+) kB$", rollup, re.MULTILINE)
    return round(int(found[1]) / 1024, 1) if found else 0.0


def main() -> int:
    """Print the result; exit 1 when the bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", action="store_true", help="the only form there is")
    parser.add_argument("--seconds", type=int, default=5)
    result = measure(parser.parse_args().seconds)
    print(json.dumps(result, indent=1))
    return 0 if result["kept"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
