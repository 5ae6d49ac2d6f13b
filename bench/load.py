"""wrk, run and read: requests per second, p50 and p99 of one target."""

import re
import subprocess
from dataclasses import dataclass

_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0}


@dataclass(frozen=True, slots=True)
class Load:
    """What one run of wrk saw. Seconds; `wrong` counts answers that were not 2xx and broken connections."""

    per_second: float
    p50: float
    p99: float
    wrong: int


def wrk(url: str, headers: dict[str, str], connections: int, seconds: int) -> Load:
    """One thread, keep-alive, no certificate check (the certificate is not what is measured)."""
    argv = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"]
    for name, value in headers.items():
        argv += ["-H", f"{name}: {value}"]
    text = subprocess.run([*argv, url], capture_output=True, text=True, check=True).stdout
    return parse(text)


def parse(text: str) -> Load:
    """Read wrk's report. Raises ValueError when it is none."""
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    if rate is None:
        raise ValueError(f"no report of wrk: {text[:200]!r}")
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    broken = sum(int(number) for number in errors.groups()) if errors else 0
    return Load(
        per_second=float(rate[1]),
        p50=_time(text, "50%"),
        p99=_time(text, "99%"),
        wrong=(int(wrong[1]) if wrong else 0) + broken,
    )


def _time(text: str, share: str) -> float:
    found = re.search(rf"^\s+{share}\s+([\d.]+)(us|ms|s)$", text, re.MULTILINE)
    return float(found[1]) * _SECONDS[found[2]] if found else 0.0
