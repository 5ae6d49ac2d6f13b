"""Documents stay true where a machine can tell: links lead somewhere, and every decision record is listed."""

import re

from tests.arch.tree import ROOT, project_files

LINK = re.compile(r"\[[^\]]*\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)")


def test_relative_links_lead_somewhere() -> None:
    broken = [
        f"{name}: {target}"
        for name in project_files()
        if name.endswith(".md")
        for target in LINK.findall((ROOT / name).read_text(encoding="utf-8"))
        if not (ROOT / name).parent.joinpath(target).exists()
    ]
    assert not broken, "\n".join(broken)


def test_every_decision_record_is_listed() -> None:
    listed = (ROOT / "docs/adr/README.md").read_text(encoding="utf-8")
    records = [name.rsplit("/", 1)[1] for name in project_files() if re.match(r"docs/adr/\d{4}-.*\.md$", name)]
    assert records
    assert [name for name in records if f"]({name})" not in listed] == []
