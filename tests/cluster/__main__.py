"""Start and stop the test cluster: a real Kubernetes with KubeRay and Ray on this machine, for tests.

    python -m tests.cluster up        start it (minutes the first time) and print its kubeconfig
    python -m tests.cluster status    what runs
    python -m tests.cluster down      end it and remove all it was

Several clusters run side by side under different `--name`s. It is test equipment, not a part of the product.
"""

import argparse
import json
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from tests.cluster.harness import cluster, lifecycle
from tests.cluster.harness.places import DEFAULT_NAME, ClusterError, Place, cache
from tests.cluster.objects import definitions

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; return the exit status."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return int(options.verb(options))
    except ClusterError as problem:
        _say(f"error: {problem}")
        if problem.hint:
            _say(f"hint: {problem.hint}")
        return 1
    except KeyboardInterrupt:
        _say("interrupted; nothing is left running")
        return INTERRUPTED


def _up(options: argparse.Namespace) -> int:
    found = cluster.running(options.name)
    if not found:
        found = cluster.up(options.name, _say, cluster.Content(options.content), tuple(options.kinds))
    _print(options, _facts(found), f"export KUBECONFIG={found.kubeconfig}")
    return 0


def _down(options: argparse.Namespace) -> int:
    removed = cluster.down(options.name)
    text = f"cluster {options.name} is gone" if removed else f"there is no cluster {options.name}"
    _print(options, {"name": options.name, "removed": removed}, text)
    return 0


def _status(options: argparse.Namespace) -> int:
    place = Place(options.name)
    found = cluster.running(options.name)
    ended = lifecycle.ended_daemons(place) if found else {}
    if found:
        text = f"cluster {options.name} runs; export KUBECONFIG={found.kubeconfig}"
        text += "".join(f"\n{name} ended with status {status}, see {place.logs}" for name, status in ended.items())
        _print(options, {**_facts(found), "ended": ended}, text)
        return 1 if ended else 0
    left = place.folder.exists()
    text = f"cluster {options.name} does not run" + ("; `down` removes what it left" if left else "")
    _print(options, {"name": options.name, "running": False, "left": left}, text)
    return 1


def _facts(found: cluster.Cluster) -> dict[str, object]:
    return {
        "name": found.place.name,
        "running": True,
        "kubeconfig": str(found.kubeconfig),
        "kubectl": found.kubectl_program,
        "images": dict(found.images),
        "logs": str(found.place.logs),
    }


def _print(options: argparse.Namespace, facts: dict[str, object], text: str) -> None:
    print(json.dumps(facts) if options.json else text)  # noqa: T201


def _say(text: str) -> None:
    print(f"cluster: {text}", file=sys.stderr, flush=True)  # noqa: T201


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.cluster",
        description="A real Kubernetes on this machine, for tests. Needs root, Go and Debian packages.",
        epilog=f"What is built stays in {cache()}; delete that folder to start afresh.",
    )
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    for name, verb, text in (
        ("up", _up, "start a cluster, or find the one that runs, and print its kubeconfig"),
        ("down", _down, "end it and remove everything it was"),
        ("status", _status, "whether it runs; exit status 1 when it does not, or not whole"),
    ):
        one = verbs.add_parser(name, help=text, description=text)
        one.set_defaults(verb=verb)
        one.add_argument("--name", default=DEFAULT_NAME, help=f"which cluster (default: {DEFAULT_NAME})")
        one.add_argument("--json", action="store_true", help="facts for programs instead of a sentence")
        if name == "up":
            one.add_argument(
                "--content",
                choices=[str(content) for content in cluster.Content],
                default=str(cluster.Content.RAY),
                help="Kubernetes alone; with KubeRay's kinds and images; or with its operator at work (default)",
            )
            more = sorted({*definitions.PUBLISHED, *definitions.MADE} - set(definitions.USUAL))
            one.add_argument("--kinds", action="append", default=[], choices=more, help="more custom kinds")
    return parser


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """Make SIGTERM unwind like Ctrl-C, so that a cluster half up is taken away."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
