"""How attacks are chosen and told."""

import pytest

from rayfence.verify.attack import Expect, is_chosen


@pytest.mark.parametrize(
    ("pattern", "chosen"),
    [("", True), ("token", True), ("alg-none", True), ("token.*", True), ("*none", False), ("role.", False)],
)
def test_only_takes_words_or_a_pattern(pattern: str, chosen: bool) -> None:
    assert is_chosen("token.alg-none-1", pattern) is chosen


def test_an_expectation_in_words() -> None:
    assert Expect(frozenset({403, 401})).words() == "401 or 403 by the gateway"
    assert Expect(frozenset({400}), closed=True).words() == "400 or the connection ended by the gateway"
    assert Expect(frozenset(), refused=False).words() == "any answer"
