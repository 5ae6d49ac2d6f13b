"""Authorities: what they may certify, what they may not, and that they stay what they are."""

import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from rayfence.adapters.tls import authority, leaf
from rayfence.errors import StateError
from rayfence.model.desired import Account
from rayfence.model.plan import Leaf
from tests.unit.adapters.tls.certified import authority_request, certified, leaf_request, me


def now() -> datetime:
    return datetime.now(UTC)


def test_its_certificate_says_what_it_may_do(tmp_path: Path) -> None:
    request = authority_request(tmp_path)
    authority.make_authority(request, me)
    made = authority.load_authority(request).certificate
    found = {extension.oid._name: extension for extension in made.extensions}
    basic, usage = found["basicConstraints"], found["keyUsage"]
    assert basic.critical
    assert basic.value == x509.BasicConstraints(ca=True, path_length=0)
    assert usage.critical
    assert isinstance(usage.value, x509.KeyUsage)
    assert (usage.value.key_cert_sign, usage.value.crl_sign, usage.value.digital_signature) == (True, True, False)
    assert found["nameConstraints"].critical
    assert authority.permitted_names(made) == ("localhost",)
    subject, issuer = found["subjectKeyIdentifier"].value, found["authorityKeyIdentifier"].value
    assert isinstance(subject, x509.SubjectKeyIdentifier)
    assert isinstance(issuer, x509.AuthorityKeyIdentifier)
    assert subject.digest == issuer.key_identifier
    assert made.serial_number.bit_length() > 64
    assert timedelta(minutes=4) < datetime.now(UTC) - made.not_valid_before_utc < timedelta(minutes=6)
    assert (tmp_path / "node" / "ca.key").stat().st_mode & 0o777 == 0o600


def test_it_certifies_loopback_names_only(tmp_path: Path) -> None:
    request = authority_request(tmp_path)
    authority.make_authority(request, me)
    made = authority.load_authority(request).certificate
    assert authority.may_certify(made, ("localhost", "a.b.localhost"), ("127.0.0.1", "127.3.2.1", "::1"))
    assert not authority.may_certify(made, ("google.com",), ())
    assert not authority.may_certify(made, ("notlocalhost",), ())
    assert not authority.may_certify(made, (), ("10.0.0.1",))
    for names, ips in ((("google.com",), ()), ((), ("10.0.0.1",))):
        with pytest.raises(StateError, match="may not certify"):
            leaf.issue(replace(leaf_request(tmp_path), dns=names, ips=ips), request, me)


def test_openssl_holds_it_to_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stolen key could sign anything; clients refuse it by the constraints in the authority's certificate."""
    issuer, request = certified(tmp_path)
    monkeypatch.setattr(authority, "may_certify", lambda *_ignored: True)
    evil = replace(leaf_request(tmp_path, "evil"), dns=("google.com",), ips=())
    leaf.issue(evil, issuer, me)

    def verify(path: str) -> int:
        argv = ["openssl", "verify", "-x509_strict", "-CAfile", authority.certificate_path(issuer), path]
        return subprocess.run(argv, capture_output=True, check=False).returncode

    assert verify(request.certificate) == 0  # the control
    assert verify(evil.certificate) != 0


def test_conditions(tmp_path: Path) -> None:
    request = authority_request(tmp_path)
    assert authority.condition(request, now()) is Leaf.MISSING
    authority.make_authority(request, me)
    assert authority.condition(request, now() + timedelta(minutes=1)) is Leaf.VALID
    assert authority.condition(request, now() + timedelta(days=340)) is Leaf.AGEING
    assert authority.condition(request, now() + timedelta(days=366)) is Leaf.EXPIRED
    assert authority.condition(request, now() - timedelta(days=1)) is Leaf.EXPIRED
    assert authority.condition(replace(request, names=("localhost", "ray.test")), now()) is Leaf.FOREIGN
    (tmp_path / "node" / "ca.pem").write_text("rubbish", encoding="ascii")
    assert authority.condition(request, now()) is Leaf.FOREIGN


def test_a_key_of_another_authority_is_noticed(tmp_path: Path) -> None:
    one, two = authority_request(tmp_path, "one"), authority_request(tmp_path, "two")
    authority.make_authority(one, me)
    authority.make_authority(two, me)
    Path(authority.key_path(two)).rename(authority.key_path(one))
    assert authority.condition(one, now()) is Leaf.FOREIGN
    assert authority.condition(two, now()) is Leaf.MISSING
    with pytest.raises(StateError, match="is not the key of"):
        authority.load_authority(one)


def test_copies_for_those_who_may_not_enter_its_folder(tmp_path: Path) -> None:
    copy = tmp_path / "copy.pem"
    request = replace(authority_request(tmp_path), copies=((str(copy), Account.RAY),))
    authority.make_authority(request, me)
    original = Path(authority.certificate_path(request)).read_bytes()
    assert copy.read_bytes() == original
    copy.write_bytes(b"changed by a job")
    authority.write_copies(request, me)
    assert copy.read_bytes() == original
    with pytest.raises(StateError, match="no certificate"):
        authority.write_copies(authority_request(tmp_path, "other"), me)
