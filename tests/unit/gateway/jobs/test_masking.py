"""Variables keep their names and lose their values; the record itself is left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfence.gateway.jobs.masking import PLACEHOLDER, masked


def test_values_go_names_stay() -> None:
    record = {"runtime_env": {"env_vars": {"A": "1"}, "pip": ["x"]}, "status": "RUNNING"}
    assert masked(record) == {
        "runtime_env": {"env_vars": {"A": PLACEHOLDER}, "pip": ["x"]},
        "status": "RUNNING",
    }
    assert record["runtime_env"] == {"env_vars": {"A": "1"}, "pip": ["x"]}


@pytest.mark.parametrize("environment", [None, {}, {"env_vars": {}}, {"env_vars": None}, "text"])
def test_nothing_to_mask(environment: object) -> None:
    assert masked({"runtime_env": environment}) == {"runtime_env": environment}


@given(st.dictionaries(st.text(), st.text(min_size=1)) | st.lists(st.text(min_size=1)) | st.text(min_size=1))
def test_no_value_survives_whatever_its_shape(variables: object) -> None:
    shown = masked({"runtime_env": {"env_vars": variables}})["runtime_env"]
    assert isinstance(shown, dict)
    left = shown["env_vars"]
    assert not left or left == PLACEHOLDER or set(left.values()) == {PLACEHOLDER}
