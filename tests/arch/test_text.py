"""What no file of the project may contain: paths of somebody's machine, addresses of package indexes, left-overs.

A pattern has one letter in brackets and a sample has a `~` in it, so that this module does not find itself.
"""

import re
from typing import Final

import pytest

from tests.arch.tree import ROOT, project_files

#: Larger files are data; a machine path in them would be somebody else's.
LARGEST: Final = 2_000_000

RULES: Final[dict[str, re.Pattern[str]]] = {
    "a path of one machine": re.compile(
        r"(?<![\w.\-*])/(?:wor[k]|roo[t]|far[m])/|/(?:hom[e]|User[s])/(?!ray\b)[a-z]\w*/|\.pyen[v]\b|/tm[p]/w\b"
    ),
    "the address of a package index": re.compile(
        r"https?://[^\s\"']*(?:pyp[i]\.|pythonhoste[d]|npmj[s]|goprox[y]|mave[n])|--(?:extra-)?inde[x]-url|--find-link[s]"
    ),
    "how it was developed instead of what it is": re.compile(
        r"(?i)\b(?:sub-?agen[t]|claud[e]|anthropi[c]|chatgp[t]|copilo[t]|language mode[l])\b|\.\./share[d]/"
    ),
    "a left-over": re.compile(r"\b(?:TOD[O]|FIXM[E]|XX[X]|HAC[K])\b"),
    "an ignored check that names no rule": re.compile(r"#\s*(?:type: ignor[e](?!\[)|noq[a](?!:))"),
}

#: Lines that may stand, as `path: text of the line`, each because that text is the subject. Only ever remove from it.
ALLOWED: Final[frozenset[str]] = frozenset()


def findings(name: str, text: str) -> list[str]:
    """Offending lines of one file, with the rule each breaks."""
    return [
        f"{name}:{number}: {rule}: {line.strip()[:120]}"
        for rule, pattern in RULES.items()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line) and f"{name}: {line.strip()}" not in ALLOWED
    ]


def test_no_file_says_what_it_must_not() -> None:
    found = []
    for name in project_files():
        path = ROOT / name
        if path.is_symlink() or path.stat().st_size > LARGEST:
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a picture
        found += findings(name, text)
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        ("a path of one machine", "cd /wo~rk/main"),
        ("a path of one machine", "open('/ro~ot/x')"),
        ("a path of one machine", "/ho~me/alice/rayfence"),
        ("the address of a package index", "https://py~pi.org/simple"),
        ("the address of a package index", "--ind~ex-url https://packages.example"),
        ("how it was developed instead of what it is", "written by a language mo~del"),
        ("a left-over", "# TO~DO: check the signature"),
        ("an ignored check that names no rule", "x = f()  # type: ig~nore"),
    ],
)
def test_each_rule_finds_its_own(rule: str, line: str) -> None:
    assert [found for found in findings("f", line.replace("~", "")) if rule in found]


@pytest.mark.parametrize("line", ["/home/ray/anaconda3/bin", "/workspace/x", "/etc/rayfence", "# noqa: S603"])
def test_lawful_lines_pass(line: str) -> None:
    assert findings("f", line) == []
