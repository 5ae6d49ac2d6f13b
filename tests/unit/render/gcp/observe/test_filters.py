"""Filters: those of the reference, bounded to the tenants' namespaces, hostile names in quotes."""

from rayfence.render.gcp.observe.filters import FIXED, log_filters


def test_every_filter_is_there_once() -> None:
    names = [item.name for item in log_filters(("vision",))]
    assert len(names) == len(set(names)) == 15
    assert {item.name for item in log_filters(("vision",)) if not item.alert} == {"egress-denied", "ray-job-submitted"}
    assert log_filters(()) == FIXED
    assert all(item.filter.count("(") == item.filter.count(")") for item in log_filters(("vision",)))


def test_names_of_tenants_stay_inside_their_quotes() -> None:
    entered = log_filters(('a" OR "b', "c"))[0]
    assert entered.name == "exec-into-ray"
    assert r"a\"" in entered.filter or r'a"' in entered.filter
    assert '" OR "b' not in entered.filter.replace('\\"', "").replace('"', "")
