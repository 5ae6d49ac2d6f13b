"""Files of specs are read once, in bounds, and told apart by target."""

from pathlib import Path

import pytest

from rayfence.api.specs import read_cluster, read_platform, read_text
from rayfence.errors import SpecError
from rayfence.model.cluster_platform import ClusterPlatform
from rayfence.model.platform import LocalPlatform
from rayfence.spec import DEFAULT_SPEC
from tests.arch.tree import ROOT

ARTICLE = ROOT / "examples" / "article" / "platform.yaml"


def test_each_target_is_read_into_its_own_form(tmp_path: Path) -> None:
    local = tmp_path / "local.yaml"
    local.write_text(DEFAULT_SPEC)
    assert isinstance(read_platform(local)[0], LocalPlatform)
    platform, text = read_platform(ARTICLE)
    assert isinstance(platform, ClusterPlatform)
    assert text == ARTICLE.read_text(encoding="utf-8")


def test_a_local_platform_is_no_platform_on_a_cluster(tmp_path: Path) -> None:
    local = tmp_path / "local.yaml"
    local.write_text(DEFAULT_SPEC)
    with pytest.raises(SpecError, match="bound by no organisation"):
        read_cluster(local)


@pytest.mark.parametrize("content", [b"\xff\xfe", b" " * (1024 * 1024 + 1), None])
def test_what_can_not_be_read_is_told_with_its_file(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SpecError, match=str(file)):
        read_text(file)


def test_the_place_of_a_byte_that_is_no_text_is_told(tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_bytes("a: b\nü: \xe9".encode("latin-1").replace(b"\xfc", "ü".encode()))
    with pytest.raises(SpecError, match=r"p\.yaml:2:4: not UTF-8"):
        read_text(file)


def test_an_endless_file_is_not_read_to_its_end() -> None:
    with pytest.raises(SpecError, match="larger than"):
        read_text(Path("/dev/zero"))
