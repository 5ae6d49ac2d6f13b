"""One spelling per name."""

import pytest

from rayfence.gateway.identity.names import is_name


@pytest.mark.parametrize("text", ["a", "alice", "svc-train.2", "a_b", "a" * 32])
def test_names(text: str) -> None:
    assert is_name(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A",
        "Alice",
        "1a",
        "-a",
        ".a",
        "a" * 33,
        "a b",
        "a/b",
        "alice\n",
        "alic\u00e9",
        "\uff41lice",
        "a\u200b",
        "a\0",
    ],
)
def test_other_texts(text: str) -> None:
    assert not is_name(text)
