"""Every mistake at once, each with its place."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rayfence.errors import SpecError
from rayfence.model.cluster_platform import ClusterPlatform
from rayfence.model.gke import GkeTarget
from rayfence.model.platform import LocalPlatform
from rayfence.spec.document import MAX_BYTES
from rayfence.spec.load import DEFAULT_SPEC, MOST_PROBLEMS, load, load_local
from rayfence.spec.v1alpha1.local import LocalRoot
from tests.sim.platforms import changed, gke, kubernetes, mistakes, paths, text
from tests.unit.spec.test_view import ANYTHING

EXAMPLES = Path(__file__).parents[3] / "examples"

HEAD = "apiVersion: rayfence.dev/v1alpha1\nkind: Platform\n"


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(SpecError) as caught:
        load(text, "p.yaml")
    return caught.value.problems


def test_the_default_spec_is_the_shortest_and_legal() -> None:
    platform = load(DEFAULT_SPEC)
    assert isinstance(platform, LocalPlatform)
    assert platform.name == "default"
    assert sum(group.replicas for group in platform.tenant.cluster.workers) == 1


def test_all_mistakes_are_reported_in_the_order_of_the_file() -> None:
    text = HEAD + "metadata:\n  name: A_b\ntarget: {local: {gatewy: {}}}\nlimitz: 3\ntenants: []\n"
    found = problems(text)
    assert [problem.split(": ")[0] for problem in found] == ["p.yaml:4:3", "p.yaml:5:18", "p.yaml:6:1", "p.yaml:7:1"]
    assert "did you mean 'gateway'?" in found[1]
    assert "did you mean 'limits'?" in found[2]


def test_unknown_key_lists_what_is_allowed_there() -> None:
    assert "allowed here: port, rayClientPort, apiHosts" in problems(HEAD + "target: {local: {gateway: {zzz: 1}}}\n")[0]


@pytest.mark.parametrize("text", ["", "[]", "just text", "3"])
def test_a_spec_is_a_mapping(text: str) -> None:
    assert "a spec is a mapping" in problems(text)[0]


def test_another_version_is_named() -> None:
    assert "'v9' is not supported; allowed: rayfence.dev/v1alpha1" in problems("apiVersion: v9\n")[0]


def test_the_example_shows_every_field_with_its_default() -> None:
    shown = (EXAMPLES / "platform.yaml").read_text(encoding="utf-8")
    assert load(shown) == load(DEFAULT_SPEC)
    fields = {alias for alias in _aliases(LocalRoot.model_json_schema(by_alias=True)) if f"{alias}:" not in shown}
    assert fields == set(), "fields missing from the example"


def _aliases(schema: object) -> set[str]:
    if isinstance(schema, list):
        return {name for item in schema for name in _aliases(item)}
    if not isinstance(schema, dict):
        return set()
    names = set(schema.get("properties", {}))
    return names | {name for value in schema.values() for name in _aliases(value)}


@pytest.mark.parametrize("name", ["article", "autopilot", "gpu-tenants", "minimal", "shared-vpc", "two-tenants"])
def test_every_example_loads(name: str) -> None:
    source = EXAMPLES / name / "platform.yaml"
    platform = load(source.read_text(encoding="utf-8"), f"{name}.yaml")
    assert isinstance(platform, ClusterPlatform)
    assert isinstance(platform.target, GkeTarget) == (name != "two-tenants")
    assert platform.organization.policies is None or (source.parent / platform.organization.policies).is_dir()


def test_the_minimum_is_the_shortest_legal_file() -> None:
    least = {
        "apiVersion": "rayfence.dev/v1alpha1",
        "kind": "Platform",
        "target": {
            "gke": {
                "project": "acme-ml",
                "location": "us-central1",
                "network": {
                    "own": {"nodesCidr": "10.0.0.0/22", "podsCidr": "10.4.0.0/16", "servicesCidr": "10.8.0.0/20"}
                },
            }
        },
        "images": {"registries": ["us-central1-docker.pkg.dev/acme-ml/ray/"]},
        "tenants": [{"name": "vision"}],
    }
    shown = (EXAMPLES / "minimal/platform.yaml").read_text(encoding="utf-8")
    assert load(text(changed(least, ("operator", {"source": "addon"})))) == load(shown)
    for path, value in paths(least):
        if path and not isinstance(value, dict):
            assert mistakes(changed(least, (".".join(map(str, path)), ...)))


def test_places_of_a_cluster_s_spec_are_kept_and_change_nothing() -> None:
    platform = load("\n" + text(gke()), "p.yaml")
    assert isinstance(platform, ClusterPlatform)
    assert platform.places["target.gke.project"] == "p.yaml:10:4"
    assert platform.place("target.gke.project.whatever") == "p.yaml:10:4"
    assert platform.place("nowhere") == "p.yaml:2:1"
    assert platform.place("tenants[0].name") == platform.places["tenants.0.name"]
    assert replace(platform, places={}).place("target") == ""
    assert platform == load(text(gke()))


def test_rules_between_fields_are_told_beside_wrong_fields() -> None:
    found = mistakes(changed(gke(), ("target.gke.project", 3), ("target.gke.pools.0.minNodes", 9)))
    assert [problem.split(": ")[0] for problem in found] == ["target.gke.project", "target.gke.pools.0.minNodes"]


def test_a_field_is_told_once() -> None:
    assert mistakes(changed(gke(), ("target.gke.pools.0.imageType", "cos"))) == (
        "target.gke.pools.0.imageType: 'cos' is not allowed; allowed: COS_CONTAINERD, UBUNTU_CONTAINERD",
    )


@pytest.mark.parametrize("target", ["gkee", "kubernete", "local_"])
def test_a_misspelt_target_is_told_once(target: str) -> None:
    found = mistakes(changed(gke(), ("target", {target: {}})))
    assert "unknown key, did you mean" in found[0]
    assert not any(problem.endswith("is required") for problem in found)


def test_a_misspelt_key_of_the_target_does_not_make_the_file_one_of_another_target() -> None:
    spec = {("targte" if key == "target" else key): value for key, value in gke().items()}
    found = problems(text(spec))
    assert any("targte: unknown key, did you mean 'target'?" in problem for problem in found)
    assert not any("is for target" in problem for problem in found)


def test_a_platform_for_this_machine_is_no_cluster() -> None:
    assert load_local(DEFAULT_SPEC) == load(DEFAULT_SPEC)
    with pytest.raises(SpecError, match="target kubernetes is planned with `rayfence plan`"):
        load_local(text(kubernetes()))


def test_no_flood_of_mistakes() -> None:
    body = "".join(f"k{number}: 1\n" for number in range(20_000))
    found = problems(HEAD + body)
    assert len(found) == MOST_PROBLEMS + 1
    assert "further mistakes" in found[-1]
    assert all(len(problem) < 500 for problem in problems(HEAD + f"{'x' * 100_000}: 1\nkind2: {'y' * 100_000}\n"))


@pytest.mark.parametrize(
    "text_",
    [
        "a: &a [x, x]\nb: &b [*a, *a]\n",
        "metadata: {name: a}\nmetadata: {name: b}\n",
        "metadata: !!python/object:os.system {name: a}\n",
        "metadata: {name: !!binary aGk=}\n",
        "metadata: {name: \u0430cme}\n",
        "metadata: {name: \uff41cme}\n",
        'metadata: {name: "\u202eacme"}\n',
        "limits: {submitsPerMinute: " + "9" * 5000 + "}\n",
        "limits: {submitsPerMinute: 1e400}\n",
        "limits: {submitsPerMinute: .nan}\n",
        "? [a]\n: b\n",
        "<<: {a: b}\n",
        "x: " + "[" * 5000,
        "x" * 10_000_000,
        "\x00",
        "\ud800",
    ],
)
def test_hostile_text_is_refused_in_words(text_: str) -> None:
    assert problems(HEAD + text_)[0].startswith("p.yaml:")


def test_as_large_as_allowed_is_read_in_time() -> None:
    assert problems(HEAD + "- " * 30 + "x\n" + "a: [" + "{b: c}, " * (MAX_BYTES // 16) + "]\n")


BASES = {"gke": gke(), "kubernetes": kubernetes()}
PLACES = {name: [".".join(map(str, path)) for path, _ in paths(base) if path] for name, base in BASES.items()}


def loads_or_says(text_: str) -> None:
    """Never anything but a platform or a SpecError with places."""
    try:
        assert isinstance(load(text_, "p.yaml"), LocalPlatform | ClusterPlatform)
    except SpecError as error:
        assert error.problems and all(problem.startswith("p.yaml:") for problem in error.problems)


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.sampled_from(list(BASES)), st.data())
def test_any_value_in_any_place(target: str, data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.sampled_from(PLACES[target]), min_size=1, max_size=3, unique=True))
    value = st.one_of(st.just(...), ANYTHING, st.sampled_from([value for _, value in paths(BASES[target])]))
    try:
        spoiled = changed(BASES[target], *((path, data.draw(value)) for path in chosen))
    except (AttributeError, TypeError, KeyError, IndexError):
        return  # an earlier change took away what a later one is about
    loads_or_says(text(spoiled))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(EXAMPLES.rglob("platform.yaml"))), st.data())
def test_any_text_in_any_place(path: Path, data: st.DataObject) -> None:
    good = path.read_text(encoding="utf-8")
    start = data.draw(st.integers(0, len(good)))
    end = data.draw(st.integers(start, min(len(good), start + 20)))
    put = data.draw(
        st.text(max_size=8) | st.sampled_from(["- ", ": ", "{", "}", "[", "&a ", "*a", "!x ", "\n", '"', "#"])
    )
    loads_or_says(good[:start] + put + good[end:])


@given(ANYTHING)
def test_any_data_below_the_head(value: object) -> None:
    for target in ("gke", "kubernetes", "local"):
        loads_or_says(text({"apiVersion": "rayfence.dev/v1alpha1", "kind": "Platform", "target": {target: value}}))
