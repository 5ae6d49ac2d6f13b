"""What the gateway costs, beside what people use instead; ratios of one interleaved run.

    python -m bench.gateway [--json] [--rounds 5] [--seconds 4] [--connections 8]

Full gateway: Envoy as rendered (JWT, role per route, hygiene, limits, JSON log) and the service taking its log into the
trail. Every target has the same upstream, certificate and worker count. Needs wrk and nginx.
"""

import argparse
import json
import statistics
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from bench.load import Load, wrk
from bench.stand import dummy_upstream, nginx_auth_request, python_proxy, tls_only_envoy
from rayfence.api.session import mint
from rayfence.render.local.layout import Layout
from rayfence.render.local.settings import gateway_settings
from tests.sim.door import open_door

PATH = "/api/version"
#: Bounds that the project promises.
BOUNDS = {"ratio_to_tls_only": 0.80, "ratio_to_nginx_auth_request": 2.0}


def measure(rounds: int, seconds: int, connections: int) -> dict[str, object]:
    """Run every target in turn, `rounds` times; medians, and ratios of the full gateway to each."""
    with tempfile.TemporaryDirectory(prefix="rf-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)
        door = stack.enter_context(open_door(folder / "state", "bench"))
        upstream = door.record.ports.head.dashboard
        stack.enter_context(dummy_upstream(folder / "upstream", upstream))
        settings = gateway_settings(door.planned.resolution, Layout(door.record.places))
        leaf = (settings.server_certificate, settings.server_key)
        token = str(mint("bench", folder / "state", None, None, None)["token"])
        headers = {"Authorization": f"Bearer {token}"}
        checks = (settings.issuer, settings.audiences.api)
        targets = {
            "gateway": door.record.ports.gateway,
            "tls_only": stack.enter_context(
                tls_only_envoy(folder / "bare", upstream, leaf, settings.envoy_concurrency)
            ),
            "nginx_auth_request": stack.enter_context(
                nginx_auth_request(folder / "nginx", upstream, leaf, settings.jwks, checks)
            ),
            "python_proxy": stack.enter_context(python_proxy(folder / "proxy", upstream, leaf, settings.jwks, checks)),
        }
        seen: dict[str, list[Load]] = {target: [] for target in targets}
        for number in range(rounds):
            for target, port in targets.items():
                seen[target].append(wrk(f"https://127.0.0.1:{port}{PATH}", headers, connections, seconds))
                print(f"round {number + 1}: {target}: {seen[target][-1].per_second:.0f}/s", file=sys.stderr)
    return summary(seen)


def summary(seen: dict[str, list[Load]]) -> dict[str, object]:
    """Medians per target, and the gateway's ratio to each other one."""
    rates = {target: statistics.median(load.per_second for load in loads) for target, loads in seen.items()}
    others = [target for target in rates if target != "gateway"]
    ratios = {f"ratio_to_{target}": round(rates["gateway"] / rates[target], 3) for target in others}
    p99 = {target: round(statistics.median(load.p99 for load in loads) * 1000, 2) for target, loads in seen.items()}
    wrong = {target: sum(load.wrong for load in loads) for target, loads in seen.items()}
    return {
        **ratios,
        "p99_ratio_to_tls_only": round(p99["gateway"] / p99["tls_only"], 2) if p99["tls_only"] else None,
        "p99_ms": p99,
        "requests_per_second": {target: round(rate) for target, rate in rates.items()},
        "wrong_answers": wrong,
        "kept": all(float(ratios[key]) >= bound for key, bound in BOUNDS.items()) and not any(wrong.values()),
        "repeat": "python -m bench.gateway --json",
    }


def main() -> int:
    """Print the result; exit 1 when a promised ratio is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--connections", type=int, default=8)
    arguments = parser.parse_args()
    result = measure(arguments.rounds, arguments.seconds, arguments.connections)
    if arguments.json:
        print(json.dumps(result, indent=1))
    else:
        for key, value in result.items():
            print(f"{key:<28} {value}")
    return 0 if result["kept"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
