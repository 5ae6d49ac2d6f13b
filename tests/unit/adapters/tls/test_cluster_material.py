"""Twin of rayfence.adapters.tls.cluster_material."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from joserfc.jwk import ECKey

from rayfence.adapters.tls.authority import Authority
from rayfence.adapters.tls.cluster_material import (
    authority_data,
    authority_of,
    keys_data,
    leaf_data,
    token_data,
    tokens_data,
)
from rayfence.errors import StateError
from tests.unit.adapters.tls.cluster_requests import AUTHORITY, LEAF, NOW, OTHER_NAME, SIGNING, STAMPS, TOKENS


def _authority() -> Authority:
    found = authority_of(authority_data(AUTHORITY, None, NOW))
    assert found is not None
    return found


def test_a_living_authority_is_kept_and_one_that_ends_soon_is_not() -> None:
    made = authority_data(AUTHORITY, None, NOW)
    assert authority_data(AUTHORITY, made, NOW) is made
    assert authority_data(AUTHORITY, made, NOW + timedelta(days=3 * 365)) is made
    assert authority_data(AUTHORITY, made, NOW + timedelta(days=4 * 365 + 10)) != made
    assert authority_data(replace(AUTHORITY, names=("speech.svc",)), made, NOW) != made
    assert authority_data(AUTHORITY, {**made, "ca.key": b"x"}, NOW) != made


def test_a_leaf_is_made_for_its_names_and_kept_while_it_serves() -> None:
    signer = _authority()
    made = leaf_data(LEAF, None, signer, NOW)
    leaf = x509.load_pem_x509_certificate(made["tls.crt"])
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["cluster-train.vision.svc"]
    leaf.verify_directly_issued_by(x509.load_pem_x509_certificate(made["ca.crt"]))
    assert leaf_data(LEAF, made, signer, NOW + timedelta(days=44)) is made
    for renewed in (
        leaf_data(LEAF, made, signer, NOW + timedelta(days=46)),
        leaf_data(OTHER_NAME, made, signer, NOW),
        leaf_data(LEAF, made, _authority(), NOW),
        leaf_data(LEAF, {**made, "tls.key": b"gone"}, signer, NOW),
        leaf_data(LEAF, {**made, "ca.crt": b"another"}, signer, NOW),
        leaf_data(replace(LEAF, server=False, client=True), made, signer, NOW),
    ):
        assert renewed["tls.crt"] != made["tls.crt"]


def test_no_leaf_is_made_for_a_name_beyond_its_authority() -> None:
    with pytest.raises(StateError, match="may not certify"):
        leaf_data(replace(LEAF, names=("cluster-train.speech.svc",)), None, _authority(), NOW)


def test_a_signing_key_joins_before_the_last_one_ends_and_goes_after_its_end() -> None:
    first = keys_data(SIGNING, None, NOW)
    (name,) = first
    born, kid, ending = name.split(".")
    assert (int(born), ending) == (int(NOW.timestamp()), "jwk")
    key = json.loads(first[name])
    assert key["kid"] == kid
    assert ECKey.import_key(key).is_private
    assert keys_data(SIGNING, first, NOW + timedelta(days=89)) is first
    both = keys_data(SIGNING, first, NOW + timedelta(days=91))
    assert len(both) == 2
    assert both[name] == first[name]
    later = keys_data(SIGNING, both, NOW + timedelta(days=181))
    assert name not in later
    assert len(later) == 2


def test_stamp_keys_never_end() -> None:
    made = keys_data(STAMPS, None, NOW)
    assert keys_data(STAMPS, made, NOW + timedelta(days=5000)) is made


def test_what_is_no_key_is_replaced() -> None:
    assert "junk" not in keys_data(STAMPS, {"junk": b"x"}, NOW)


def test_a_token_stays_whoever_made_it() -> None:
    made = token_data(None)
    assert token_data(made) is made
    assert len(made["auth_token"]) == 64
    theirs = {"auth_token": b"kuberay's own"}
    assert token_data(theirs) is theirs
    assert token_data({"other": b"x"})["auth_token"]


def test_copies_follow_the_original_and_stand_in_for_one_that_is_not_there() -> None:
    stand_in = tokens_data(TOKENS, None, lambda namespace, name: None)
    assert len(stand_in["cluster-train"]) == 64
    assert tokens_data(TOKENS, stand_in, lambda namespace, name: None) is stand_in
    copied = tokens_data(TOKENS, stand_in, lambda namespace, name: f"{namespace}/{name}".encode())
    assert copied == {"cluster-train": b"vision/ray-token-cluster-train"}
    assert (
        tokens_data(TOKENS, {**copied, "gone": b"x"}, lambda namespace, name: b"vision/ray-token-cluster-train")
        == copied
    )
