"""Certificates on disk against what was asked for: whatever differs means a new one."""

import base64
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from rayfence.adapters.tls import authority, inspection, leaf
from rayfence.errors import StateError
from rayfence.model.desired import CertificateRequest
from rayfence.model.plan import Leaf
from tests.unit.adapters.tls.certified import authority_request, certified, leaf_request, me


def now() -> datetime:
    return datetime.now(UTC) + timedelta(seconds=1)


def test_facts(tmp_path: Path) -> None:
    _issuer, request = certified(tmp_path)
    facts = inspection.inspect(request.certificate)
    assert (facts.subject, facts.issuer) == ("CN=leaf", "CN=test node")
    assert (facts.dns, facts.ips) == (request.dns, request.ips)
    assert (facts.server, facts.client, facts.authority) == (True, True, False)
    assert timedelta(hours=23) < facts.remaining(datetime.now(UTC)) <= timedelta(hours=24)
    ca = inspection.inspect(str(tmp_path / "node" / "ca.pem"))
    assert (ca.authority, ca.server, ca.dns) == (True, False, ())


@pytest.mark.parametrize(
    "changed",
    [
        {"dns": ("localhost",)},
        {"ips": ("127.0.0.1",)},
        {"client": False},
        {"server": False},
    ],
)
def test_another_request_makes_it_foreign(tmp_path: Path, changed: dict[str, object]) -> None:
    issuer, request = certified(tmp_path)
    signer = authority.load_authority(issuer).certificate
    assert inspection.condition(request, signer, now()) is Leaf.VALID
    other: CertificateRequest = replace(request, **changed)  # type: ignore[arg-type]
    assert inspection.condition(other, signer, now()) is Leaf.FOREIGN


def test_conditions_of_age(tmp_path: Path) -> None:
    issuer, request = certified(tmp_path)
    signer = authority.load_authority(issuer).certificate
    for hours, expected in ((17, Leaf.VALID), (19, Leaf.AGEING), (25, Leaf.EXPIRED), (-1, Leaf.EXPIRED)):
        assert inspection.condition(request, signer, now() + timedelta(hours=hours)) is expected
    Path(request.key).unlink()
    assert inspection.condition(request, signer, now()) is Leaf.MISSING


def test_a_swapped_key_or_certificate_is_foreign(tmp_path: Path) -> None:
    issuer, request = certified(tmp_path)
    other = leaf_request(tmp_path, "other")
    leaf.issue(other, issuer, me)
    signer = authority.load_authority(issuer).certificate
    Path(request.key).write_bytes(Path(other.key).read_bytes())
    assert inspection.condition(request, signer, now()) is Leaf.FOREIGN
    Path(request.key).write_text("rubbish", encoding="ascii")
    assert inspection.condition(request, signer, now()) is Leaf.FOREIGN


def test_an_authority_of_the_same_name_does_not_make_it_ours(tmp_path: Path) -> None:
    """Names can be chosen by anyone: the signature is checked."""
    issuer, request = certified(tmp_path)
    authority.make_authority(issuer, me)
    again = authority.load_authority(issuer).certificate
    assert again.subject == inspection.load_certificate(request.certificate).issuer
    assert not inspection.signed_by(inspection.load_certificate(request.certificate), again)
    assert inspection.condition(request, again, now()) is Leaf.FOREIGN


def test_what_is_no_certificate_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.pem"
    with pytest.raises(StateError, match="there is no certificate"):
        inspection.inspect(str(path))
    path.write_text("rubbish", encoding="ascii")
    with pytest.raises(StateError, match="is no certificate"):
        inspection.inspect(str(path))
    with pytest.raises(StateError, match="is no private key"):
        inspection.load_key(str(path))
    with pytest.raises(StateError, match="there is no key"):
        inspection.load_key(str(tmp_path / "y"))


def unreadable(kind: str) -> bytes:
    """A certificate that parsers stumble over: of an unknown version, or with rubbish where names should be."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    rubbish = x509.UnrecognizedExtension(x509.SubjectAlternativeName.oid, b"\x30\x03junk")
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 5, now - timedelta(days=1), now + timedelta(days=1))
        .add_extension(rubbish, critical=False)
        .sign(key, hashes.SHA256())
    )
    if kind == "names":
        return certificate.public_bytes(Encoding.PEM)
    version = certificate.public_bytes(Encoding.DER).replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x07", 1)
    text = base64.encodebytes(version)
    return b"-----BEGIN CERTIFICATE-----\n" + text + b"-----END CERTIFICATE-----\n"


@pytest.mark.parametrize("kind", ["version", "names"])
def test_what_parsers_stumble_over_is_no_certificate(tmp_path: Path, kind: str) -> None:
    """Jobs can write where Ray's leaves lie: one odd file there must break neither `status` nor `up`."""
    issuer, request = certified(tmp_path)
    Path(request.certificate).write_bytes(unreadable(kind))
    with pytest.raises(StateError):
        inspection.inspect(request.certificate)
    signer = authority.load_authority(issuer).certificate
    assert inspection.condition(request, signer, now()) is Leaf.FOREIGN


@pytest.mark.parametrize("kind", ["folder", "link", "pipe"])
def test_something_else_in_its_place_means_a_new_one(tmp_path: Path, kind: str) -> None:
    issuer, request = certified(tmp_path)
    path = Path(request.certificate)
    path.rename(tmp_path / "moved")
    if kind == "folder":
        path.mkdir()
    elif kind == "link":
        path.symlink_to(tmp_path / "moved")
    else:
        os.mkfifo(path)
    signer = authority.load_authority(issuer).certificate
    assert inspection.condition(request, signer, now()) is Leaf.FOREIGN
    with pytest.raises(StateError):
        inspection.inspect(request.certificate)


def test_keys_match_their_own_certificate_only(tmp_path: Path) -> None:
    issuer = authority_request(tmp_path)
    authority.make_authority(issuer, me)
    own = authority.load_authority(issuer)
    assert inspection.matches(own.certificate, own.key)
