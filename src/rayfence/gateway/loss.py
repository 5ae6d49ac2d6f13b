"""How many of Envoy's decisions never reached its log, by Envoy's own counters. Pure.

Envoy counts requests that began and requests under way; what is neither must have a line. Three things make the
comparison inexact: lines arrive up to a second after the count, counters begin anew with each Envoy, and the two
counters of one sample are not read at one instant. So a sample is compared with the lines that *ended* before it,
some seconds later; lines belong to the Envoy that ran when they began; and a loss is believed when several samples in
a row show it.
"""

from collections import deque
from collections.abc import Mapping
from typing import Final, NamedTuple

#: Seconds after which every line of a request that had ended when a sample was taken must have been read.
SETTLE_SECONDS: Final = 3.0

#: Samples that must agree.
AGREEING: Final = 3

#: Lines that ended so shortly after a sample are taken for its own: the counters are read in the course of some
#: milliseconds. Under load this hides a small loss until the load pauses; without it a busy gateway would report
#: losses it has not had.
SLACK_SECONDS: Final = 0.05

#: Lines remembered between two samples, to find those of an Envoy that was started in between.
_RECENT_LINES: Final = 200_000


class Sample(NamedTuple):
    """Envoy's counters at `taken`, seconds, when the answer had come. `epoch`: when this Envoy started.

    `finished`: requests by stat prefix.
    """

    taken: float
    epoch: float
    finished: Mapping[str, int]


class Counted(NamedTuple):
    """What survives a restart of the service. `lines`: read so far of the Envoy started at `epoch`, by stat prefix."""

    epoch: float
    lines: dict[str, int]
    missing: dict[str, int]  # believed lost, of the same Envoy


class _Pending:
    """A sample waiting for its lines, and how many lines came that ended after it."""

    __slots__ = ("later", "sample")

    def __init__(self, sample: Sample) -> None:
        self.sample = sample
        self.later: dict[str, int] = {}


class LossCount:
    """Takes lines and samples in the order they come; `settle` returns newly believed losses."""

    def __init__(self, counted: Counted | None = None, *, since: float = 0.0) -> None:
        """Go on counting where an earlier run of the service stopped. `since`: when this run began, seconds.

        Of an Envoy that was started before `since` and is not the one in `counted`, what came before is not judged.
        """
        self._since = since
        self._unjudged = False
        self._epoch = counted.epoch if counted else 0.0
        self._lines = dict(counted.lines) if counted else {}
        self._missing = dict(counted.missing) if counted else {}
        self._pending: deque[_Pending] = deque()
        self._recent: deque[tuple[str, float]] = deque(maxlen=_RECENT_LINES)
        self._deficits: dict[str, deque[int]] = {}
        self._last: Sample | None = None
        self._closing: tuple[Sample, dict[str, int], dict[str, int]] | None = None

    def line(self, prefix: str, started: float, ended: float) -> None:
        """A line was read; `started` and `ended` of its request, 0.0 if unknown."""
        if self._closing is not None and started and started < self._epoch:
            lines = self._closing[1]
            lines[prefix] = lines.get(prefix, 0) + 1
            return
        self._lines[prefix] = self._lines.get(prefix, 0) + 1
        self._recent.append((prefix, started))
        # Each way round, the doubt is in favour of "nothing is missing": before and after a count begins.
        slack = -SLACK_SECONDS if self._unjudged else SLACK_SECONDS
        for pending in self._pending:
            if ended > pending.sample.taken + slack:
                pending.later[prefix] = pending.later.get(prefix, 0) + 1

    def sample(self, sample: Sample) -> None:
        """Envoy's counters were read."""
        if sample.epoch != self._epoch:
            self._change(sample)
        self._pending.append(_Pending(sample))
        self._last = sample
        self._recent.clear()

    def _change(self, sample: Sample) -> None:
        """Another Envoy runs: lines of requests begun since it started are its own, whenever they were read."""
        mine: dict[str, int] = {}
        for prefix, started in self._recent:
            if started >= sample.epoch:
                mine[prefix] = mine.get(prefix, 0) + 1
        if self._last is not None:
            before = {prefix: count - mine.get(prefix, 0) for prefix, count in self._lines.items()}
            self._closing = (self._last, before, self._missing)
        # Not ours to judge: an Envoy older than this run, or more lines in between than are remembered.
        unseen = self._last is None and sample.epoch < self._since
        self._unjudged = unseen or len(self._recent) == _RECENT_LINES
        self._epoch, self._lines, self._missing = sample.epoch, mine, {}
        self._pending.clear()
        self._deficits.clear()

    def settle(self, now: float) -> dict[str, int]:
        """Judge samples older than `SETTLE_SECONDS`; newly lost lines by stat prefix, empty if none.

        Call it when every line there is has been read.
        """
        lost: dict[str, int] = {}
        while self._pending and now - self._pending[0].sample.taken >= SETTLE_SECONDS:
            pending = self._pending.popleft()
            if self._closing is not None:
                self._add(lost, self._close())
            for prefix, finished in pending.sample.finished.items():
                seen = self._deficits.setdefault(prefix, deque(maxlen=AGREEING))
                seen.append(finished - self._lines.get(prefix, 0) + pending.later.get(prefix, 0))
                if len(seen) == AGREEING and not self._unjudged:
                    self._judge(prefix, min(seen), lost)
            if self._unjudged and all(len(seen) == AGREEING for seen in self._deficits.values()):
                self._begin_here()
        return lost

    def _begin_here(self) -> None:
        """What was missing when we began to look is nobody's loss: from now on every request must have its line."""
        for prefix, seen in self._deficits.items():
            self._lines[prefix] = self._lines.get(prefix, 0) + min(seen)
        self._unjudged = False
        self._deficits.clear()
        self._pending.clear()

    def _judge(self, prefix: str, certain: int, lost: dict[str, int]) -> None:
        """Several samples in a row have missed at least `certain` lines; below zero, lines came early."""
        known = self._missing.get(prefix, 0)
        if certain > known:
            self._missing[prefix] = certain
            self._add(lost, {prefix: certain - known})

    def _close(self) -> dict[str, int]:
        """What the Envoy that ended had counted and never logged: lines it held in memory when it was killed."""
        if self._closing is None:
            return {}
        last, lines, missing = self._closing
        self._closing = None
        found = {
            prefix: finished - lines.get(prefix, 0) - missing.get(prefix, 0)
            for prefix, finished in last.finished.items()
        }
        return {prefix: count for prefix, count in found.items() if count > 0}

    @staticmethod
    def _add(total: dict[str, int], more: Mapping[str, int]) -> None:
        for prefix, count in more.items():
            total[prefix] = total.get(prefix, 0) + count

    def counted(self) -> Counted:
        """What to keep for the next run of the service; no Envoy's, while this one is not judged yet."""
        return Counted(0.0 if self._unjudged else self._epoch, dict(self._lines), dict(self._missing))
