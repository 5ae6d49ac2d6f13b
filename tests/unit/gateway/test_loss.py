"""Counting what is missing: neither blind nor crying wolf."""

from rayfence.gateway.loss import AGREEING, SETTLE_SECONDS, Counted, LossCount, Sample

START = 1000.0


class Timeline:
    """Samples and settlements at a steady pace; `missing` are the losses so far."""

    def __init__(self, count: LossCount, *, epoch: float = START, now: float = START) -> None:
        self.count = count
        self.epoch = epoch
        self.now = now
        self.finished = 0
        self.lost = 0

    def requests(self, number: int, *, logged: bool = True, ended: float | None = None) -> None:
        """Requests that end now, or whose lines come later than a sample."""
        self.now += 0.1
        self.finished += number
        if logged:
            self.lines(number, ended=ended)

    def lines(self, number: int, *, ended: float | None = None) -> None:
        """Their lines."""
        for _ in range(number):
            self.count.line("front", self.now if ended is None else ended, self.now if ended is None else ended)

    def pass_time(self, steps: int = 1, *, sampled: bool = True) -> None:
        """Some seconds, each with a sample and a settlement."""
        for _ in range(steps):
            self.now += SETTLE_SECONDS
            self.lost += sum(self.count.settle(self.now).values())
            if sampled:
                self.count.sample(Sample(self.now, self.epoch, {"front": self.finished, "ray_client": 0}))


def test_nothing_is_missing_when_every_request_has_its_line() -> None:
    line = Timeline(LossCount(since=START))
    for _ in range(20):
        line.requests(100)
        line.pass_time()
    assert line.lost == 0


def test_missing_lines_are_counted_once() -> None:
    line = Timeline(LossCount(since=START))
    line.pass_time(2)
    line.requests(7, logged=False)
    line.pass_time(AGREEING + 3)
    assert line.lost == 7
    line.requests(2, logged=False)
    line.pass_time(AGREEING + 3)
    assert line.lost == 9


def test_lines_that_come_late_are_not_missing() -> None:
    line = Timeline(LossCount(since=START))
    line.requests(50, logged=False)
    line.pass_time()
    line.lines(50, ended=line.now - 1)
    line.pass_time(AGREEING + 3)
    assert line.lost == 0


def test_a_steady_stream_does_not_hide_a_loss() -> None:
    line = Timeline(LossCount(since=START))
    for step in range(12):
        line.requests(1000)
        if step == 4:
            line.requests(3, logged=False)
        line.pass_time()
        # These end after the sample and must not make up for what is missing in it.
        line.requests(1000, ended=line.now + 0.5)
    assert line.lost == 3


def test_another_envoy_counts_anew() -> None:
    line = Timeline(LossCount(since=START))
    line.requests(100)
    line.pass_time(3)
    line.epoch, line.finished = line.now + 1, 0
    line.now += 1
    line.requests(40)
    line.pass_time(AGREEING + 3)
    assert line.lost == 0
    line.requests(5, logged=False)
    line.pass_time(AGREEING + 3)
    assert line.lost == 5


def test_lines_of_the_old_envoy_that_come_after_the_new_one_began_are_the_old_ones() -> None:
    line = Timeline(LossCount(since=START))
    line.requests(100, logged=False)
    line.pass_time()
    old = line.now
    line.epoch, line.finished = line.now + 1, 0
    line.pass_time()
    line.lines(100, ended=old - 1)
    line.pass_time(AGREEING + 3)
    assert line.lost == 0


def test_lines_an_envoy_held_in_memory_when_it_died_are_missing() -> None:
    line = Timeline(LossCount(since=START))
    line.requests(100)
    line.requests(4, logged=False)
    line.pass_time()
    line.epoch, line.finished = line.now + 1, 0
    line.pass_time(4)
    assert line.lost == 4


def test_what_was_before_us_is_not_judged() -> None:
    line = Timeline(LossCount(since=START + 500), now=START + 500)
    line.finished = 12345
    line.pass_time(AGREEING + 3)
    assert line.lost == 0
    assert line.count.counted().epoch == line.epoch
    line.requests(6, logged=False)
    line.pass_time(AGREEING + 3)
    assert line.lost == 6


def test_lines_on_their_way_at_the_first_look_hide_no_later_loss() -> None:
    line = Timeline(LossCount(since=START + 500), now=START + 500)
    line.requests(50, logged=False)
    line.pass_time()
    assert line.count.counted().epoch == 0.0, "a restart now must not judge either"
    line.lines(50, ended=line.now - 1)
    line.pass_time(AGREEING + 1)
    line.requests(6, logged=False)
    line.pass_time(AGREEING + 3)
    assert line.lost == 6


def test_beginning_under_load_makes_no_loss_when_the_load_ends() -> None:
    line = Timeline(LossCount(since=START + 500), now=START + 500)
    for _ in range(AGREEING + 4):
        line.requests(1000)
        line.pass_time()
        # Some end a moment after the sample, some while it was taken.
        line.requests(20, ended=line.now + 0.02)
    line.pass_time(AGREEING + 4)
    assert line.lost == 0


def test_a_request_that_ends_while_the_counters_are_read_is_no_loss() -> None:
    line = Timeline(LossCount(since=START))
    for _ in range(10):
        line.requests(1000)
        line.requests(5, logged=False)
        line.pass_time()
        line.lines(5, ended=line.now + 0.004)
    assert line.lost == 0


def test_a_restart_of_the_service_goes_on_counting() -> None:
    line = Timeline(LossCount(since=START))
    line.requests(100)
    line.requests(3, logged=False)
    line.pass_time(AGREEING + 3)
    assert line.lost == 3
    kept = line.count.counted()
    assert kept == Counted(START, {"front": 100}, {"front": 3})
    line.count = LossCount(Counted(*kept), since=line.now)
    line.requests(10)
    line.pass_time(AGREEING + 3)
    assert line.lost == 3
    line.requests(2, logged=False)
    line.pass_time(AGREEING + 3)
    assert line.lost == 5


def test_while_envoy_does_not_answer_nothing_is_judged() -> None:
    line = Timeline(LossCount(since=START))
    line.pass_time(2)
    line.requests(5, logged=False)
    line.pass_time(10, sampled=False)
    assert line.lost == 0
    line.pass_time(AGREEING + 2)
    assert line.lost == 5


def test_listeners_are_counted_apart() -> None:
    count = LossCount(since=START)
    for step in range(1, 8):
        now = START + step * SETTLE_SECONDS
        lost = count.settle(now)
        count.sample(Sample(now, START, {"front": 0, "ray_client": 2}))
        if lost:
            assert lost == {"ray_client": 2}
            return
    raise AssertionError("never seen")
