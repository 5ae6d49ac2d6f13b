"""`load(text)`: strict, every mistake at once, each with its place and what would be right."""

from collections.abc import Iterable
from dataclasses import replace
from difflib import get_close_matches
from itertools import islice
from typing import Final

from pydantic import ValidationError

from rayfence.errors import SpecError, cut
from rayfence.model.cluster_platform import ClusterPlatform
from rayfence.model.platform import LocalPlatform
from rayfence.spec.document import Document, Path, parse
from rayfence.spec.sentences import path_of, sentence
from rayfence.spec.v1alpha1 import API_VERSION, ROOTS, problems
from rayfence.spec.view import View

#: The shortest legal spec: what `rayfence up` uses when no file is given.
DEFAULT_SPEC: Final = f"apiVersion: {API_VERSION}\nkind: Platform\ntarget: {{local: {{}}}}\n"

#: More than anybody corrects at once; a hostile file could hold hundreds of thousands.
MOST_PROBLEMS: Final = 100


def load(text: str, source: str = "platform.yaml") -> LocalPlatform | ClusterPlatform:
    """Read a spec of any supported version and target into its internal form.

    Raises SpecError with every mistake of the file (`file:line:column: path: what, and what is allowed`).
    """
    document = parse(text, source)
    if not isinstance(document.data, dict):
        raise SpecError((f"{source}:1:1: a spec is a mapping that begins with `apiVersion: {API_VERSION}`",))
    if document.data.get("apiVersion") != API_VERSION:
        found = cut(repr(document.data.get("apiVersion")), 80)
        raise SpecError(
            (f"{document.where(('apiVersion',))}: apiVersion: {found} is not supported; allowed: {API_VERSION}",)
        )
    target = _target_of(document.data)
    broken = {problem.path: problem.sentence for problem in problems(target, View(document.data))}
    try:
        spec = ROOTS[target].model_validate(document.data)
    except ValidationError as error:
        raise SpecError(_told(broken | _structure(error, target), document)) from error
    if broken:
        raise SpecError(_told(broken, document))
    platform = spec.to_platform()
    if isinstance(platform, ClusterPlatform):
        return replace(platform, places=_placed(document))
    return platform


def load_local(text: str, source: str = "platform.yaml") -> LocalPlatform:
    """Read a spec for this machine. Raises SpecError, also where the spec is for a cluster."""
    platform = load(text, source)
    if isinstance(platform, ClusterPlatform):
        target = _target_of(parse(text, source).data)
        words = f"target {target} is planned with `rayfence plan`, rendered with `rayfence render`"
        raise SpecError((f"{source}: {words}; only target local runs on this machine",))
    return platform


def _target_of(data: object) -> str:
    """The target whose fields the file is held to; where none is readable, the nearest spelling, of the key too."""
    top = View(data)
    spelt = ["target"] if "target" in top.names() else _near("target", top.names())
    target = top.at(*spelt) if spelt else View(None)
    named = [key for key in target.names() if key in ROOTS]
    near = [close for key in target.names()[:10] for close in _near(key, ROOTS)]
    return next(iter(named + near), "local")


def _near(word: str, known: Iterable[str]) -> list[str]:
    return get_close_matches(word[:80], [name[:80] for name in islice(known, 100)], n=1)


def _structure(error: ValidationError, target: str) -> dict[Path, str]:
    """What the models found, by path. A missing target is not told beside a misspelt one."""
    found = error.errors(include_url=False)
    misspelt = any(item["type"] == "extra_forbidden" and item["loc"][:1] == ("target",) for item in found)
    told: dict[Path, str] = {}
    for item in found:
        path = path_of(item)
        if misspelt and item["type"] == "missing" and path[:-1] == ("target",):
            continue
        if len(told) < 10 * MOST_PROBLEMS:
            told.setdefault(path, sentence(item, path, target, ROOTS))
    return told


def _told(mistakes: dict[Path, str], document: Document) -> tuple[str, ...]:
    """In the order of the file, not more than people can use."""
    ordered = sorted(mistakes.items(), key=lambda item: document.place(item[0]))
    told = [f"{document.where(path)}: {_dotted(path) or 'spec'}: {words}" for path, words in ordered[:MOST_PROBLEMS]]
    if len(ordered) > MOST_PROBLEMS:
        told.append(f"{document.source}: and {len(ordered) - MOST_PROBLEMS} or more further mistakes")
    return tuple(told)


def _placed(document: Document) -> dict[str, str]:
    """Dotted path to `file:line:column`. A path stands after those above it, so each begins with one that is known."""
    known: dict[Path, str] = {}
    for path in document.places:
        last = _dotted(path[-1:])
        known[path] = f"{known[path[:-1]]}.{last}" if len(path) > 1 else last
    return {name: document.where(path) for path, name in known.items()}


def _dotted(path: Path) -> str:
    return ".".join(cut(str(part), 80) for part in path)
