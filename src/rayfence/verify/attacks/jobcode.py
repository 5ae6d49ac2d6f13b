"""Job code against the gateway's secrets: the job that tries, and the verdicts on what it reports.

Gateway authorisation bounds callers of the API, never job code, which holds Ray's token by design. What job code must
not reach is the gateway itself: else every user is every other. Leaves out the attempts (`adapters.net.intruder`).
"""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Final

from rayfence.model.evidence import Evidence
from rayfence.model.frozen import dataclass
from rayfence.model.gateway import GatewaySettings
from rayfence.model.host import Places
from rayfence.model.verdict import Verdict

GROUP: Final = "job code"
#: Begins the one line of the job's log that is the report.
MARK: Final = "RAYFENCE-VERIFY-REPORT "
#: How long the job stays after its report, so that others can try to stop it; seconds.
STAY_SECONDS: Final = 240


@dataclass(frozen=True, slots=True)
class Target:
    """What the job is told to try. `processes`: name, pid, words of the command line."""

    files: tuple[str, ...]
    folders: tuple[str, ...]
    sockets: tuple[str, ...]
    writes: tuple[str, ...]
    processes: tuple[tuple[str, int, str], ...]


def target(
    settings: GatewaySettings,
    places: Places,
    processes: Sequence[tuple[str, int, str]],
    source: str,
    authorities: Sequence[str],
) -> Target:
    """Everything of the gateway's that job code could want. `source`: the folder of rayfence's own code."""
    return Target(
        files=(
            settings.signing_keys,
            settings.stamp_keys,
            settings.operator_key,
            settings.ray_token,
            settings.users,
            settings.server_key,
            settings.ray_token_sds,
            settings.trail_dir,
            settings.trail_heads_dir,
            settings.access_log,
            settings.jwks,
            *authorities,
        ),
        folders=(places.state, places.heads, places.runtime, settings.envoy_dir),
        sockets=(settings.service_socket, settings.envoy_admin_socket),
        writes=(places.state, settings.envoy_dir, places.runtime, source),
        processes=tuple(processes),
    )


def entrypoint(source: str, wish: Target, secret: str, run: str) -> str:
    """The job's command. `source`: the intruder's code; `secret`: a word it prints, which no other user may see."""
    told = {
        "mark": MARK,
        "files": wish.files,
        "folders": wish.folders,
        "sockets": wish.sockets,
        "writes": wish.writes,
        "processes": wish.processes,
        "secret": secret,
    }
    code = base64.b64encode(source.encode()).decode()
    argument = base64.b64encode(json.dumps(told).encode()).decode()
    run_it = f"import base64;exec(compile(base64.b64decode('{code}'),'intruder','exec'),{{'__name__':'__main__'}})"
    # Then it becomes a driver, so that it has the second id by which Ray also knows a job.
    stay = f"import ray,time;ray.init(log_to_driver=False);time.sleep({STAY_SECONDS})"
    return f'python -c "{run_it}" {argument}; python -c "{stay}" # rayfence-verify-{run}'


def read_report(log: str) -> Mapping[str, object] | None:
    """The report in a job's log; None when it is not there yet."""
    for line in log.splitlines():
        _, found, text = line.partition(MARK)
        if found:
            try:
                value = json.loads(text)
            except ValueError:
                continue
            if isinstance(value, dict):
                return value
    return None


def judge_report(report: Mapping[str, object] | None, why: str = "") -> tuple[Evidence, ...]:
    """One row for each attempt. `why`: what became of the job, when there is no report."""
    if report is None:
        return (_row("report", "a job that attacks the gateway", Verdict.UNKNOWN, why or "no report", "no report"),)
    controls = _rows(report.get("controls"))
    broken = [f"{name}: {words}" for name, done, words in controls if not done]
    shown = f"did not work: {broken[0]}" if broken else ", ".join(f"{name}: {words}" for name, _, words in controls)
    fine = Verdict.PASS if controls and not broken else Verdict.UNKNOWN
    attempts = _rows(report.get("attempts"))
    if not attempts:
        return (_row("report", "a job that attacks the gateway", Verdict.UNKNOWN, "no attempt", shown),)
    return tuple(
        _row(name.replace(" ", "-"), f"job code: {name}", Verdict.FAIL if done else fine, words, shown)
        for name, done, words in attempts
    )


def _row(name: str, title: str, verdict: Verdict, seen: str, control: str) -> Evidence:
    return Evidence(f"job-code.{name}", GROUP, title, verdict, "not possible", seen, control)


def _rows(value: object) -> list[tuple[str, bool, str]]:
    if not isinstance(value, list):
        return []
    return [(str(row[0]), row[1] is True, str(row[2])) for row in value if isinstance(row, list) and len(row) == 3]
