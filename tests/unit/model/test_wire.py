"""What is read off an answer and off a line of the log."""

import pytest

from rayfence.model.wire import Answer
from tests.sim.scene import line


def test_an_answer_tells_its_headers_and_text() -> None:
    answer = Answer(200, (("a", "1"), ("a", "2")), b"\xffx")
    assert (answer.header("a"), answer.header("b"), answer.text) == ("1", "", "�x")


@pytest.mark.parametrize(
    ("upstream_ms", "flags", "passed"),
    [(0, "", True), (None, "", False), (None, "UF", True), (None, "DC,UF", True), (None, "NR", False)],
)
def test_passed_on_means_that_somebody_behind_was_asked(upstream_ms: int | None, flags: str, passed: bool) -> None:
    assert line(upstream_ms=upstream_ms, flags=flags).passed_on is passed
