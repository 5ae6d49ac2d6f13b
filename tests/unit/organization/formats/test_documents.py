"""Bytes to data, strictly."""

import pytest

from rayfence.errors import OrganizationError
from rayfence.organization.formats.documents import embedded_json, read_document, shown


def test_lines_of_names_move_on() -> None:
    document = read_document("p.json", b'[{"name": "a"},\n{"name": "b"},\n{"name": "a"}]')
    assert document is not None
    assert [document.line_of(name) for name in ("a", "a", "b", "c")] == ["p.json:1", "p.json:3", "p.json:2", "p.json"]


def test_lines_of_keys_and_yaml() -> None:
    keys = read_document("p.json", b'{\n"a.b": {"rules": []},\n"dry_run:a.b": {}}')
    assert keys is not None
    assert (keys.line_of("a.b"), keys.line_of("dry_run:a.b")) == ("p.json:2", "p.json:3")
    yaml = read_document("p.yaml", b"a.b: {}\nc.d:\n  rules: []\n")
    assert yaml is not None
    assert yaml.line_of("c.d", ("c.d", "rules", 0)) == "p.yaml:3"


def test_content_decides_between_json_and_yaml() -> None:
    for path, raw in (("x", b'{"a": 1}'), ("x.yaml", b"{a: 1}"), ("x", b"a: 1"), ("x.json", b'\xef\xbb\xbf{"a": 1}')):
        document = read_document(path, raw)
        assert document is not None
        assert document.data == {"a": 1}
    assert read_document("x.json", b"\n") is None
    assert read_document("x.yaml", b"---\n# only words\n") is None


@pytest.mark.parametrize("text", ["{", '{"a": NaN}', '{"a": 1, "a": 2}', '"\\ud800"', "[" * 5000, "1e999"])
def test_embedded_json_is_as_strict(text: str) -> None:
    with pytest.raises(ValueError, match=r"(?i)nested|no number|Expecting|^a$"):
        embedded_json(text)
    assert embedded_json('{"a": ["@x.org"]}') == {"a": ["@x.org"]}


def test_shown_text_steers_nothing() -> None:
    assert shown("a\x1b[31m\nb\u202e\ud800") == "a�[31m b��"
    assert len(shown("x" * 1000)) == 200


def test_a_key_of_escapes_that_stands_twice() -> None:
    with pytest.raises(OrganizationError, match="twice"):
        read_document("x.json", b'{"\\u0061": 1, "a": 2}')
