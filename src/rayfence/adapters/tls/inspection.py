"""What a certificate on disk says, and whether it is the one that was asked for."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID

from rayfence.adapters.tls.private_file import read_file
from rayfence.errors import StateError
from rayfence.model.desired import CertificateRequest
from rayfence.model.plan import Leaf

SERVER_AUTH: Final = ExtendedKeyUsageOID.SERVER_AUTH
CLIENT_AUTH: Final = ExtendedKeyUsageOID.CLIENT_AUTH
_Extension = TypeVar("_Extension", bound=x509.ExtensionType)


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What people and checks want to know of a certificate."""

    subject: str
    issuer: str
    serial: int
    dns: tuple[str, ...]
    ips: tuple[str, ...]
    server: bool
    client: bool
    authority: bool
    not_before: datetime
    not_after: datetime

    def remaining(self, now: datetime) -> timedelta:
        """Until it expires; negative when it has."""
        return self.not_after - now


def inspect(path: str) -> CertificateFacts:
    """Read the first certificate of a PEM file. Raises StateError when there is none, or none that can be read."""
    return _readable(path, load_certificate(path))


def hours_left(pem: bytes, now: datetime) -> float:
    """Hours until a certificate ends; negative when it has. Raises ValueError: it is none."""
    try:
        certificate = x509.load_pem_x509_certificate(pem)
    except (x509.InvalidVersion, UnsupportedAlgorithm) as error:
        raise ValueError("no certificate") from error
    return (certificate.not_valid_after_utc - now).total_seconds() / 3600


def load_certificate(path: str) -> x509.Certificate:
    """The first certificate of a PEM file. Raises StateError when there is none."""
    content = read_file(path)
    if content is None:
        raise StateError(f"there is no certificate {path}", hint="`rayfence up` makes it")
    try:
        return x509.load_pem_x509_certificate(content)
    except (ValueError, x509.InvalidVersion, UnsupportedAlgorithm) as error:
        raise StateError(f"{path} is no certificate", hint="remove it; `rayfence up` makes a new one") from error


def load_key(path: str) -> ec.EllipticCurvePrivateKey:
    """A P-256 private key. Raises StateError."""
    content = read_file(path)
    if content is None:
        raise StateError(f"there is no key {path}")
    try:
        key = load_pem_private_key(content, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise StateError(f"{path} is no private key") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise StateError(f"{path} is no P-256 key")
    return key


def facts_of(certificate: x509.Certificate) -> CertificateFacts:
    """See `CertificateFacts`."""
    usages = _extension(certificate, x509.ExtendedKeyUsage) or ()
    names = _extension(certificate, x509.SubjectAlternativeName)
    basic = _extension(certificate, x509.BasicConstraints)
    return CertificateFacts(
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        serial=certificate.serial_number,
        dns=() if names is None else tuple(names.get_values_for_type(x509.DNSName)),
        ips=() if names is None else tuple(str(ip) for ip in names.get_values_for_type(x509.IPAddress)),
        server=SERVER_AUTH in usages,
        client=CLIENT_AUTH in usages,
        authority=basic is not None and basic.ca,
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
    )


def condition(request: CertificateRequest, authority: x509.Certificate | None, now: datetime) -> Leaf:
    """What is known of the leaf that `request` names.

    FOREIGN: another authority signed it, its key is another, or it says something else than was asked for. All of that
    means a new one; a leaf of another authority must never be used, whatever it says.
    """
    try:
        if read_file(request.certificate) is None or read_file(request.key) is None:
            return Leaf.MISSING
        certificate, key = load_certificate(request.certificate), load_key(request.key)
    except StateError:
        return Leaf.FOREIGN
    # The signature first: where jobs can write, what our authority did not sign need not even be parseable.
    if authority is None or not signed_by(certificate, authority) or not matches(certificate, key):
        return Leaf.FOREIGN
    facts = facts_of(certificate)
    asked = (set(request.dns), set(request.ips), request.server, request.client, False)
    if (set(facts.dns), set(facts.ips), facts.server, facts.client, facts.authority) != asked:
        return Leaf.FOREIGN
    return age(certificate, now, timedelta(hours=request.renew_before_hours))


def age(certificate: x509.Certificate, now: datetime, renew_before: timedelta) -> Leaf:
    """VALID, AGEING or EXPIRED. One that is valid only later counts as expired: nobody would accept it now."""
    if not certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc:
        return Leaf.EXPIRED
    return Leaf.AGEING if certificate.not_valid_after_utc - now < renew_before else Leaf.VALID


def matches(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> bool:
    """Whether the key belongs to the certificate."""
    return _public(certificate.public_key()) == _public(key.public_key())


def signed_by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    """Whether the authority's key signed it: names alone prove nothing."""
    try:
        certificate.verify_directly_issued_by(authority)
    except (InvalidSignature, ValueError, TypeError, UnsupportedAlgorithm):
        return False
    return True


def _readable(path: str, certificate: x509.Certificate) -> CertificateFacts:
    """The parts of a certificate are parsed when they are asked for: where jobs can write, none may break the look."""
    try:
        return facts_of(certificate)
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as error:
        raise StateError(f"{path} can't be read", hint="remove it; `rayfence up` makes a new one") from error


def _public(key: object) -> bytes:
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return b""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _extension(certificate: x509.Certificate, kind: type[_Extension]) -> _Extension | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
