"""Requests side by side: their order, their number, and what is told when one of them fails."""

import threading
import time

import pytest

from rayfence.apply.kubernetes.lanes import every, side_by_side


class Work:
    """Counts how many are under way; the items of `bad` fail."""

    def __init__(self, bad: frozenset[int] = frozenset()) -> None:
        self.bad, self.lock = bad, threading.Lock()
        self.now, self.most, self.begun = 0, 0, list[int]()

    def __call__(self, item: int) -> int:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
            self.begun.append(item)
        time.sleep(0.002 if item % 3 else 0.01)
        with self.lock:
            self.now -= 1
        if item in self.bad:
            raise ValueError(item)
        return item * 10


@pytest.mark.parametrize("lanes", [1, 2, 8])
def test_answers_come_in_order_and_few_are_under_way(lanes: int) -> None:
    work = Work()
    assert every(range(40), work, lanes) == tuple(item * 10 for item in range(40))
    assert (work.most == 1) is (lanes == 1) and work.most <= lanes


@pytest.mark.parametrize("lanes", [1, 4])
def test_after_a_failure_nothing_begins_and_all_that_was_done_is_told(lanes: int) -> None:
    work, told = Work(frozenset({5})), list[int]()
    with pytest.raises(ValueError, match="5"):
        side_by_side(range(40), work, told.append, lanes)
    assert sorted(told) == sorted(item * 10 for item in work.begun if item != 5)
    assert max(work.begun) <= 5 + lanes and work.now == 0


def test_the_first_failure_in_order_is_raised() -> None:
    with pytest.raises(ValueError, match="3"):
        every(range(40), Work(frozenset({3, 4, 5})), 8)


@pytest.mark.parametrize("lanes", [1, 4])
def test_interrupted_before_one_begins_the_others_are_told(lanes: int) -> None:
    work, told, begun = Work(), list[int](), 0

    def before() -> None:
        nonlocal begun
        begun += 1
        if begun == 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        side_by_side(range(40), work, told.append, lanes, before)
    assert told == [item * 10 for item in range(9)]


def test_interrupted_while_telling_the_others_are_told() -> None:
    told: list[int] = []

    def did(item: int) -> None:
        told.append(item)
        if len(told) == 3:
            raise KeyboardInterrupt

    work = Work()
    with pytest.raises(KeyboardInterrupt):
        side_by_side(range(40), work, did, 4)
    assert told == [item * 10 for item in sorted(work.begun)]
