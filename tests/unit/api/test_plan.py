"""Which spec is planned, and that planning changes nothing."""

from pathlib import Path

import pytest

from rayfence.api.plan import make_plan, read_spec
from rayfence.errors import RayfenceError, SpecError
from rayfence.spec import DEFAULT_SPEC
from tests.unit.api.test_instances import write


def test_without_a_file_it_is_the_default_under_the_given_name(tmp_path: Path) -> None:
    platform, _ = read_spec(None, "ml", tmp_path)
    assert platform.name == "ml"


def test_an_instance_keeps_the_spec_it_was_made_from(tmp_path: Path) -> None:
    write(tmp_path, "ml")
    text = f"{DEFAULT_SPEC}metadata: {{name: ml}}\nlimits: {{submitsPerMinute: 7}}\n"
    (tmp_path / "ml" / "platform.yaml").write_text(text)
    assert read_spec(None, "ml", tmp_path)[0].limits.submits_per_minute == 7


def test_name_and_file_must_mean_the_same_platform(tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_text(DEFAULT_SPEC)
    with pytest.raises(SpecError, match="--name says 'other'"):
        read_spec(file, "other", tmp_path)


@pytest.mark.parametrize("content", [b"\xff\xfe", None])
def test_unreadable_files_are_placed_errors(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SpecError, match=str(file)):
        read_spec(file, None, tmp_path)


def test_planning_twice_decides_the_same_and_leaves_nothing(tmp_path: Path) -> None:
    first, second = make_plan(None, "ml", tmp_path), make_plan(None, "ml", tmp_path)
    assert first.resolution.decisions[:8] == second.resolution.decisions[:8]
    assert list(tmp_path.iterdir()) == []


def test_a_spec_below_the_floor_is_refused_with_the_advisory(tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_text(f"{DEFAULT_SPEC}tenants: [{{clusters: [{{ray: {{version: 2.51.0}}}}]}}]\n")
    with pytest.raises(RayfenceError, match="CVE-2025-62593"):
        make_plan(file, None, tmp_path)
