"""What an attack is: requests, what must happen, and a control without which its failure would prove nothing."""

from fnmatch import fnmatchcase

from rayfence.model.frozen import dataclass
from rayfence.model.wire import Shot


@dataclass(frozen=True, slots=True)
class Expect:
    """How an instance that holds must answer.

    `refused`: by the gateway itself, which names the request in its JSON; Ray's own 404 is no proof of anything.
    `hides`: words that must not come back, whatever the status. `closed`: ending the connection is a refusal too.
    """

    statuses: frozenset[int]
    refused: bool = True
    says: tuple[str, ...] = ()
    hides: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    closed: bool = False

    def words(self) -> str:
        """For the table."""
        parts = [" or ".join(map(str, sorted(self.statuses)))] if self.statuses else []
        parts += ["the connection ended"] if self.closed else []
        text = " or ".join(parts) or "any answer"
        return f"{text} by the gateway" if self.refused else text


@dataclass(frozen=True, slots=True)
class Control:
    """The same with the right identity. `token_id` finds its line in the access log.

    `statuses` empty: any, because being passed on is what counts. `reaches`: something behind Envoy must have been
    asked. `before`: sent before the attack, which would spoil it; else after.
    """

    id: str
    shot: Shot
    token_id: str = ""
    statuses: frozenset[int] = frozenset()
    says: tuple[str, ...] = ()
    reaches: bool = True
    before: bool = False


@dataclass(frozen=True, slots=True)
class Attack:
    """One attack. The last of `shots` is judged; those before it prepare the ground."""

    id: str
    group: str
    title: str
    shots: tuple[Shot, ...]
    expect: Expect
    control: Control
    source: str = ""
    known: str = ""  # why a failure would be Ray's own and not a hole of this instance


UNAUTHENTICATED = Expect(frozenset({401}))
FORBIDDEN = Expect(frozenset({403}))
NOT_FOUND = Expect(frozenset({404}))
#: Malformed on purpose: Envoy may answer, or end the connection at once.
MALFORMED = Expect(frozenset({400, 401, 403, 404, 413, 421, 426, 431, 501}), closed=True)


def is_chosen(name: str, pattern: str) -> bool:
    """Whether an attack's id is meant by `--only`: contains the words, or matches them as a pattern (`*`, `?`, `[`)."""
    if not pattern:
        return True
    return fnmatchcase(name, pattern if any(char in pattern for char in "*?[") else f"*{pattern}*")
