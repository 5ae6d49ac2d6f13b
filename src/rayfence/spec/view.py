"""Reading plain data that may have any shape: the basis of checks that compare fields with each other.

Such checks look at the document and not at the models made of it, so that they also run where some other field is
wrong: all mistakes of a file are reported at once. What is missing or of another type reads as None or as empty.
"""

from collections.abc import Iterator

from rayfence.model.frozen import dataclass
from rayfence.spec.document import Path


@dataclass(frozen=True, slots=True)
class Problem:
    """A mistake at a path of the document: a sentence without the path."""

    path: Path
    sentence: str


@dataclass(frozen=True, slots=True)
class View:
    """A value of the document with its path from the root. `value` is None where nothing stands."""

    value: object
    path: Path = ()

    def at(self, *keys: str) -> "View":
        """The value below, key by key."""
        value = self.value
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        return View(value, (*self.path, *keys))

    def items(self) -> Iterator["View"]:
        """The items of a list; none of anything else."""
        if isinstance(self.value, list):
            for index, item in enumerate(self.value):
                yield View(item, (*self.path, index))

    def names(self) -> tuple[str, ...]:
        """The keys of a mapping; none of anything else."""
        return tuple(self.value) if isinstance(self.value, dict) else ()

    @property
    def given(self) -> bool:
        """Whether anything but null stands here."""
        return self.value is not None

    @property
    def text(self) -> str | None:
        """The value if it is text."""
        return self.value if isinstance(self.value, str) else None

    @property
    def number(self) -> int | None:
        """The value if it is a whole number."""
        return self.value if isinstance(self.value, int) and not isinstance(self.value, bool) else None

    @property
    def true(self) -> bool:
        """Whether the value is `true`."""
        return self.value is True

    def problem(self, sentence: str) -> Problem:
        """A mistake here."""
        return Problem(self.path, sentence)
