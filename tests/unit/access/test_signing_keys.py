import json

import pytest

from rayfence.access.signing_keys import with_generation
from rayfence.render.envoy.jwt import jwt_resource
from rayfence.render.envoy.shape import to_text
from tests.unit.render.envoy.example import SETTINGS

TEXT = to_text(jwt_resource(SETTINGS))


def test_only_the_mark_and_the_version_change() -> None:
    before, after = json.loads(TEXT), json.loads(with_generation(TEXT, "k2"))
    assert before["version_info"] != after.pop("version_info")
    assert after["resources"][0]["typed_config"].pop("stat_prefix") == "keys_k2"
    del before["version_info"], before["resources"][0]["typed_config"]["stat_prefix"]
    assert before == after


def test_every_generation_differs() -> None:
    assert with_generation(TEXT, "k2") != with_generation(with_generation(TEXT, "k2"), "k3")


@pytest.mark.parametrize("word", ["", "a b", 'a"', "a.b", "é"])
def test_a_generation_is_one_plain_word(word: str) -> None:
    with pytest.raises(ValueError, match="no word"):
        with_generation(TEXT, word)


@pytest.mark.parametrize("text", ["{}", '{"resources": []}', "[]", "no"])
def test_another_file_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        with_generation(text, "k2")
