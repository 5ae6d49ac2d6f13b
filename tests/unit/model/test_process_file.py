"""The file form of process specs: back and forth, and strict."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfence.model.desired import Account, ProcessSpec, ReadinessProbe, Sandbox
from rayfence.model.process_file import processes_from_json, processes_to_json

WORDS = st.text(max_size=8)
TUPLES = st.lists(WORDS, max_size=3).map(tuple)
PAIRS = st.lists(st.tuples(WORDS, WORDS), max_size=3).map(tuple)
SANDBOXES = st.none() | st.builds(
    Sandbox, st.none() | st.integers(0, 70000), TUPLES, TUPLES, WORDS, st.booleans(), TUPLES
)
PROBES = st.builds(ReadinessProbe, WORDS, st.integers(0, 999), PAIRS)
SPECS = st.builds(
    ProcessSpec,
    name=WORDS,
    argv=TUPLES,
    env=PAIRS,
    account=st.sampled_from(Account),
    cwd=WORDS,
    log=WORDS,
    sandbox=SANDBOXES,
    readiness=PROBES,
    liveness=st.none() | PROBES,
    reads=TUPLES,
    listens=st.lists(st.integers(1, 65535), max_size=3).map(tuple),
    stop_seconds=st.integers(0, 60),
)
PLAIN = ProcessSpec("a", ("x",), (), Account.RAY, "/", "/log", None, ReadinessProbe("alive", 1))


@given(st.lists(SPECS, max_size=3, unique_by=lambda spec: spec.name).map(tuple))
def test_what_is_written_is_read(specs: tuple[ProcessSpec, ...]) -> None:
    text = processes_to_json(specs)
    assert processes_from_json(text) == specs
    assert processes_to_json(processes_from_json(text)) == text


def test_bonds_must_hold_to_something() -> None:
    for bond in ({"after": ("b",)}, {"restart_with": ("b",)}):
        with pytest.raises(ValueError, match="a waits for unknown"):
            processes_from_json(processes_to_json((replace(PLAIN, **bond),)))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="occurs twice"):
        processes_from_json(processes_to_json((PLAIN, PLAIN)))


@pytest.mark.parametrize("place", [(), ("readiness",), ("liveness",), ("sandbox",)])
def test_keys_are_exact(place: tuple[str, ...]) -> None:
    walled = replace(PLAIN, sandbox=Sandbox(1, (), (), "", True), liveness=ReadinessProbe("answers", 1))
    for change in ("add", "remove"):
        data = json.loads(processes_to_json((walled,)))
        part = data[0]
        for name in place:
            part = part[name]
        if change == "add":
            part["hidee"] = []
        else:
            del part[sorted(part)[0]]
        with pytest.raises(ValueError, match="missing or unknown keys"):
            processes_from_json(json.dumps(data))
    with pytest.raises(ValueError, match="not a list"):
        processes_from_json("{}")
