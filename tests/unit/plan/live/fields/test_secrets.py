"""Secrets are compared by keys and digests; no byte of them is ever in a change."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfence.model.live import FieldState
from rayfence.plan.live.fields.changes import changes
from rayfence.plan.live.fields.secrets import DIGESTS, digest, digests, secret_digests
from tests.unit.plan.live.trees import LATE, OURS, Json, entry


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


DATA = {"tls.key": _encoded("private"), "tls.crt": _encoded("public")}


def _secret(data: dict[str, str], annotation: str | None = None) -> Json:
    metadata: Json = {"name": "keys", "namespace": "vision-gateway"}
    if annotation is not None:
        metadata["annotations"] = {DIGESTS: annotation}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque", "data": data}


def _asked() -> Json:
    """What is desired: names of keys, never bytes."""
    return _secret(dict.fromkeys(DATA, ""))


def test_the_secret_that_was_made_has_no_change() -> None:
    assert changes(_asked(), _secret(DATA, digests(DATA)), OURS) == ()


def test_another_byte_is_found_and_not_shown() -> None:
    live = _secret({**DATA, "tls.key": _encoded("evil")}, digests(DATA))
    live["metadata"]["managedFields"] = [entry("kubectl-edit", {"f:data": {"f:tls.key": {}}}, LATE, "Update")]
    (found,) = changes(_asked(), live, OURS)
    assert (found.path, found.state, found.security) == ('data["tls.key"]', FieldState.CHANGED, True)
    assert (found.want, found.have) == (digest(DATA["tls.key"]), digest(_encoded("evil")))
    assert found.by is not None and found.by.manager == "kubectl-edit"
    assert found.pointer == "/data/tls.key"


def test_keys_that_are_missing_or_beyond_are_found() -> None:
    live = _secret({"tls.crt": DATA["tls.crt"], "more": _encoded("x")}, digests(DATA))
    missing, beyond = secret_digests(_asked(), live, OURS)
    assert (missing.path, missing.state, missing.have) == ('data["tls.key"]', FieldState.MISSING, None)
    assert (beyond.path, beyond.state, beyond.want) == ("data.more", FieldState.FOREIGN, None)


def test_without_digests_only_the_names_are_known() -> None:
    live = _secret({**DATA, "tls.key": _encoded("evil")})
    assert secret_digests(_asked(), live, OURS) == ()
    (found,) = secret_digests(_asked(), _secret({"tls.crt": DATA["tls.crt"]}), OURS)
    assert (found.state, found.want) == (FieldState.MISSING, "a key")


def test_a_desired_digest_goes_before_the_one_that_stands_beside_the_bytes() -> None:
    evil = {**DATA, "tls.key": _encoded("evil")}
    (found,) = secret_digests(_secret({}, digests(DATA)), _secret(evil, digests(evil)), OURS)
    assert found.path == 'data["tls.key"]'


def test_where_nothing_tells_what_is_wanted_nothing_is_claimed() -> None:
    assert secret_digests(_secret({}), _secret(DATA), OURS) == ()


@pytest.mark.parametrize("annotation", ["{", "[]", "1", ""])
def test_a_broken_annotation_tells_nothing(annotation: str) -> None:
    assert secret_digests(_asked(), _secret(DATA, annotation), OURS) == ()


def test_bytes_that_are_none_are_another_digest() -> None:
    (found,) = secret_digests(_asked(), _secret({**DATA, "tls.key": "%%%"}, digests(DATA)), OURS)
    assert found.have == "no base64"
    with pytest.raises(ValueError, match="no base64"):
        digests({"a": "%%%"})


@given(st.dictionaries(st.sampled_from(["a", "b", "c.d"]), st.text("xyz0189", min_size=8, max_size=20), max_size=3))
def test_no_change_ever_shows_a_byte(found: dict[str, str]) -> None:
    data = {name: _encoded(f"secret-{text}") for name, text in found.items()}
    shown = repr(changes(_asked(), _secret(data, digests(DATA)), OURS))
    for name, text in found.items():
        assert f"secret-{text}" not in shown and data[name] not in shown


def test_labels_of_a_secret_are_compared_as_of_any_object() -> None:
    desired, live = _asked(), _secret(DATA, digests(DATA))
    desired["metadata"]["labels"] = {"a": "b"}
    (found,) = changes(desired, live, OURS)
    assert (found.path, found.state) == ("metadata.labels.a", FieldState.MISSING)
