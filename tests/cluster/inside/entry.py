"""Starts the first process of a cluster's namespaces, and is that process: it reaps, and starts the keeper.

    python -m tests.cluster.inside.entry FOLDER LISTENER GO REPORT

FOLDER is the cluster's; the others are inherited descriptors. Its number outside is written to REPORT; nothing happens
until GO delivers a byte, which says that the number has been recorded. If whoever starts the cluster dies before, GO
ends without a byte and so does everything here.
"""

import os
import signal
import sys
from pathlib import Path

from tests.cluster.harness.places import Place
from tests.cluster.inside import enclosure, keeper


def main(arguments: list[str]) -> int:
    """Fork the first process into its namespaces and tell its number."""
    folder = Path(arguments[0])
    listening, go, report = (int(text) for text in arguments[1:4])
    enclosure.leave_namespaces()
    first = os.fork()
    if first:
        os.write(report, f'{{"first": {first}}}\n'.encode())
        return 0
    if os.read(go, 1) != b"g":
        return 1
    os.close(go)
    enclosure.set_up_mounts(folder)
    enclosure.set_up_control_groups(Place(folder.name).cgroup)
    enclosure.set_up_network()
    # The keeper waits for children of its own, so the one who reaps everybody's must be another.
    child = os.fork()
    if not child:
        return keeper.main(listening, report)
    os.close(report)
    os.close(listening)
    return _reap_until_end_of(child)


def _reap_until_end_of(child: int) -> int:
    # From inside, only signals with a handler reach a namespace's first process.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    while True:
        pid, status = os.wait()
        if pid == child:
            return os.waitstatus_to_exitcode(status) & 0xFF


if __name__ == "__main__":
    # Never through the interpreter's exit: it may wait for threads, and the first process must go at once.
    code = 1
    try:
        code = main(sys.argv[1:])
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
