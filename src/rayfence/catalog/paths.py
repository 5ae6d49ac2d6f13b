"""Path templates of the catalogue, and the one regular expression both readers of a template use.

Covers: parsing a template, its RE2 expression for Envoy, matching a normalised path here, samples for reachability.
Leaves out: normalisation of a request's path (`access.paths`) and the choice between routes (`catalog.matching`).

Envoy compiles the expressions with RE2 under a limit of 100 instructions, so patterns stay one character class and `+`:
no bounded repetition (`{1,128}` alone would unroll to more than the limit). Lengths are bounded by the header limit
and, where it matters, by the service. Parameters can't contain `/`, so a parameter never swallows a deeper route.
"""

import re
from functools import cache
from typing import Final

from rayfence.model.frozen import dataclass

DEFAULT_PATTERN: Final = "[A-Za-z0-9._-]+"

#: Parameters that are narrower or wider than `DEFAULT_PATTERN`.
PARAMETER_PATTERNS: Final = {
    "submission_id": "[A-Za-z0-9_-]+",  # canonical ids have no dot, so `..` and file names can't be ids
    "package_name": "[A-Za-z0-9._+-]+",  # wheels of local versions: foo-1.0+cpu-py3-none-any.whl
    "user": "[A-Za-z0-9._@+-]+",
}

_PARAMETER = re.compile(r"^\{([a-z_]+)(\.\.\.)?\}$")
_LITERAL = re.compile(r"^[A-Za-z0-9._~-]*$")


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed template. `literal`: no parameter. `prefix`: set when the only parameter is a final `{rest...}`."""

    text: str
    expression: str  # RE2 and `re` agree on it; anchored by full match
    parameters: tuple[str, ...]
    literal: bool
    prefix: str
    samples: tuple[str, ...]  # paths it matches, one per way of filling its parameters


@cache
def parse_template(text: str) -> Template:
    """Parse a path template. Raises ValueError when it is not one."""
    if not text.startswith("/"):
        raise ValueError(f"path {text!r} does not start with a slash")
    pieces: list[str] = []
    parameters: list[str] = []
    segments = text[1:].split("/")
    rest = False
    for number, segment in enumerate(segments):
        found = _PARAMETER.match(segment)
        if found is None:
            if not _LITERAL.match(segment):
                raise ValueError(f"path {text!r}: segment {segment!r} is neither literal nor a parameter")
            if segment in {".", ".."} or (not segment and number + 1 < len(segments)):
                raise ValueError(f"path {text!r} is not normalised")  # a normalised request could never match it
            pieces.append(re.escape(segment))
            continue
        name, dots = found.groups()
        if name in parameters:
            raise ValueError(f"path {text!r}: parameter {name!r} twice")
        parameters.append(name)
        if dots:
            if number + 1 < len(segments):
                raise ValueError(f"path {text!r}: {segment!r} is not last")
            rest = True
            pieces.append(".*")
        else:
            pieces.append(PARAMETER_PATTERNS.get(name, DEFAULT_PATTERN))
    prefix = text[: text.index("{")] if rest and len(parameters) == 1 else ""
    return Template(
        text=text,
        expression="/" + "/".join(pieces),
        parameters=tuple(parameters),
        literal=not parameters,
        prefix=prefix,
        samples=_samples(segments),
    )


def match_template(template: Template, path: str) -> dict[str, str] | None:
    """The parameters when `path` (normalised, without query) matches, else None."""
    found = _compiled(template.text).fullmatch(path)
    if found is None:
        return None
    values = dict(zip(template.parameters, found.groups(), strict=True))
    # Normalised paths hold no dot segments; a caller that forgot to normalise must not reach one as a parameter.
    segments = path.split("/")
    if "." in segments or ".." in segments:
        return None
    return values


@cache
def _compiled(text: str) -> re.Pattern[str]:
    pieces: list[str] = []
    for segment in text[1:].split("/"):
        found = _PARAMETER.match(segment)
        if found is None:
            pieces.append(re.escape(segment))
        elif found.group(2):
            pieces.append("(.*)")
        else:
            pieces.append(f"({PARAMETER_PATTERNS.get(found.group(1), DEFAULT_PATTERN)})")
    return re.compile("/" + "/".join(pieces), re.DOTALL)


def _samples(segments: list[str]) -> tuple[str, ...]:
    """Two fillings that share no prefix, so that one earlier route can hardly swallow both by accident."""
    paths = []
    for single, rest in (("zq-0", ""), ("0A_x", "zq/a.b")):
        filled = []
        for segment in segments:
            found = _PARAMETER.match(segment)
            filled.append(segment if found is None else rest if found.group(2) else single)
        paths.append("/" + "/".join(filled))
    return tuple(dict.fromkeys(paths))
