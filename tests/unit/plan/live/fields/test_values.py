"""When two values say the same: quantities, what is left out, what is filled in."""

import json
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfence.plan.live.fields.values import identical, is_default, is_quantity, left_out, quantity, same


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("1000m", 1),
        ("100m", Fraction(1, 10)),
        ("0.1", Fraction(1, 10)),
        ("1Gi", 2**30),
        ("1G", 10**9),
        ("1024Ki", 2**20),
        ("1e3", 1000),
        ("1E3", 1000),
        ("1E", 10**18),
        ("1k", 1000),
        (".5", Fraction(1, 2)),
        ("5.", 5),
        ("-2", -2),
        ("1.5Gi", 3 * 2**29),
    ],
)
def test_quantities_mean_numbers(text: str, value: object) -> None:
    assert quantity(text) == value


@pytest.mark.parametrize("text", ["", "Gi", "1 Gi", "1gi", "0x10", "1Mi2", "\u0661", "1e999", "m"])
def test_other_text_is_no_quantity(text: str) -> None:
    assert quantity(text) is None


@given(st.integers(0, 10**6))
def test_a_quantity_is_the_same_however_it_is_written(amount: int) -> None:
    for other in (str(amount), f"{amount}000m", f"{amount * 1000}m", float(amount)):
        assert same(amount, other, amount=True)
    assert not same(amount, str(amount + 1), amount=True)
    assert same(f"{amount}Gi", str(amount * 2**30), amount=True)


@pytest.mark.parametrize(("want", "have"), [(1, "1"), ("1000m", "1"), (True, 1), (False, 0), (1, 2), ("a", None)])
def test_elsewhere_only_equal_values_are_the_same(want: object, have: object) -> None:
    assert not same(want, have)


def test_a_truth_is_no_amount() -> None:
    assert not same(True, 1, amount=True) and not same(1, True, amount=True) and not same("x", "y", amount=True)
    assert not same(None, "1", amount=True) and not same("1", None, amount=True)


def test_where_quantities_stand() -> None:
    assert is_quantity("Deployment", "limits", "cpu") and is_quantity("ResourceQuota", "hard", "pods")
    assert is_quantity("LimitRange", "default", "cpu") and not is_quantity("HTTPRoute", "default", "cpu")
    assert is_quantity("Deployment", "emptyDir", "sizeLimit") and not is_quantity("Service", "ports", "port")


@pytest.mark.parametrize(
    ("name", "want", "gone"),
    [
        ("hostNetwork", False, True),
        ("automountServiceAccountToken", False, False),
        ("privileged", False, False),
        ("labels", {}, True),
        ("podSelector", {}, False),
        ("emptyDir", {}, False),
        ("command", [], True),
        ("anything", None, True),
        ("replicas", 0, False),
        ("name", "", False),
    ],
)
def test_what_the_server_leaves_out(name: str, want: object, gone: bool) -> None:
    assert left_out(name, want) is gone


def test_defaults_hold_where_they_are_filled_in_and_for_their_own_value_only() -> None:
    assert is_default("ports", "protocol", "TCP") and not is_default("ports", "protocol", "UDP")
    assert is_default("matchConstraints", "namespaceSelector", {})
    assert not is_default("from", "namespaceSelector", {})  # a peer of a network policy: every namespace
    assert is_default("subjects", "apiGroup", "rbac.authorization.k8s.io")
    assert not is_default("workerGroupSpecs", "replicas", False) and is_default("workerGroupSpecs", "replicas", 0)
    assert not is_default("spec", "hostNetwork", True)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["", "a", "1"]),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.sampled_from("abc"), below, max_size=3),
    max_leaves=8,
)


@given(_JSON, _JSON)
def test_identical_is_what_json_writes_alike(left: object, right: object) -> None:
    written = [json.dumps(value, sort_keys=True) for value in (left, right)]
    assert identical(left, right) is (written[0] == written[1])
    assert identical(left, json.loads(written[0]))


def test_a_tuple_of_ours_is_a_list_of_theirs() -> None:
    assert identical({"a": ("b", ("c",))}, {"a": ["b", ["c"]]})
    assert not identical({"a": True}, {"a": 1}) and not identical([1], (1,))
