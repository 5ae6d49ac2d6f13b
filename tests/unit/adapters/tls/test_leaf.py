"""Leaves: names, usages, dates; refused when the authority is not fit to sign."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from rayfence.adapters.tls import authority, inspection, leaf, private_file
from rayfence.errors import StateError
from rayfence.model.plan import Leaf
from tests.unit.adapters.tls.certified import authority_request, certified, leaf_request, me


def now() -> datetime:
    return datetime.now(UTC)


def test_it_says_what_was_asked_for(tmp_path: Path) -> None:
    issuer, request = certified(tmp_path)
    made = inspection.load_certificate(request.certificate)
    signer = authority.load_authority(issuer).certificate
    basic = made.extensions.get_extension_for_class(x509.BasicConstraints)
    assert basic.critical
    assert not basic.value.ca
    assert set(made.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == {
        ExtendedKeyUsageOID.SERVER_AUTH,
        ExtendedKeyUsageOID.CLIENT_AUTH,
    }
    mine = made.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    assert mine == signer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    assert Path(request.key).stat().st_mode & 0o777 == 0o600
    assert leaf.condition(request, issuer, now() + timedelta(seconds=1)) is Leaf.VALID


def test_every_issue_is_a_new_key_written_before_the_certificate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer, request = certified(tmp_path)
    before = Path(request.key).read_bytes()
    order: list[str] = []
    write = private_file.write_private

    def note(path: str, content: bytes, owner: tuple[int, int]) -> None:
        order.append(Path(path).suffix)
        write(path, content, owner)

    monkeypatch.setattr(leaf, "write_private", note)
    leaf.issue(request, issuer, me)
    assert order == [".key", ".crt"]
    assert Path(request.key).read_bytes() != before


def test_it_never_outlives_its_authority(tmp_path: Path) -> None:
    issuer = authority_request(tmp_path, days=2)
    authority.make_authority(issuer, me)
    request = replace(leaf_request(tmp_path), lifetime_hours=999)
    leaf.issue(request, issuer, me)
    end = authority.load_authority(issuer).certificate.not_valid_after_utc
    assert inspection.inspect(request.certificate).not_after == end


def test_an_expired_authority_signs_nothing(tmp_path: Path) -> None:
    issuer = authority_request(tmp_path, days=2)
    authority.make_authority(issuer, me, now=now() - timedelta(days=3))
    with pytest.raises(StateError, match="not valid now"):
        leaf.issue(leaf_request(tmp_path), issuer, me)
    with pytest.raises(StateError, match="there is no certificate"):
        leaf.issue(leaf_request(tmp_path), authority_request(tmp_path, "absent"), me)


def test_a_leaf_without_its_authority_is_foreign(tmp_path: Path) -> None:
    _issuer, request = certified(tmp_path)
    other = authority_request(tmp_path, "other")
    assert leaf.condition(request, other, now()) is Leaf.FOREIGN
    authority.make_authority(other, me)
    assert leaf.condition(request, other, now()) is Leaf.FOREIGN
