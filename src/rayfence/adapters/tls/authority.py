"""Private certificate authorities: one for Ray's nodes, one for what people's clients see. Never one for both.

Ray takes any certificate of its authority as a node, so the node authority certifies nothing else. Each can certify
loopback names only (name constraints) and no further authority (path length 0).
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from rayfence.adapters.tls.inspection import age, load_certificate, load_key, matches
from rayfence.adapters.tls.private_file import Owner, read_file, write_private
from rayfence.errors import StateError
from rayfence.model.desired import Account, AuthorityRequest
from rayfence.model.plan import Leaf

#: Clocks of client and server differ by a little; a certificate from the future is refused.
BACKDATED: Final = timedelta(minutes=5)
LOOPBACK: Final = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
_RENEW_BEFORE: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Authority:
    """A usable authority: certificate and key, loaded and matching."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def certificate_path(request: AuthorityRequest) -> str:
    """Where the authority's certificate lies."""
    return f"{request.path}/ca.pem"


def key_path(request: AuthorityRequest) -> str:
    """Where its key lies."""
    return f"{request.path}/ca.key"


def make_authority(request: AuthorityRequest, owner: Owner, now: datetime | None = None) -> None:
    """Make a new key and certificate and write the copies. Leaves of the old one become foreign. Raises StateError."""
    began = now or datetime.now(UTC)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = self_signed(request, key, began)
    ours = owner(Account.OPERATOR)
    write_private(key_path(request), key_bytes(key), ours)
    write_private(certificate_path(request), certificate.public_bytes(Encoding.PEM), ours)
    write_copies(request, owner)


def write_copies(request: AuthorityRequest, owner: Owner) -> None:
    """The certificate again, for those who may not enter the authority's folder. Raises StateError."""
    content = read_file(certificate_path(request))
    if content is None:
        raise StateError(f"there is no certificate {certificate_path(request)}")
    for path, account in request.copies:
        write_private(path, content, owner(account))


def load_authority(request: AuthorityRequest) -> Authority:
    """Raises StateError when it is missing, damaged, or key and certificate are not of one pair."""
    certificate, key = load_certificate(certificate_path(request)), load_key(key_path(request))
    if not matches(certificate, key):
        raise StateError(f"{key_path(request)} is not the key of {certificate_path(request)}")
    return Authority(certificate, key)


def condition(request: AuthorityRequest, now: datetime) -> Leaf:
    """What is known of the authority; FOREIGN also when it may not certify the requested names.

    Copies are not looked at: they lie in folders that come and go with a run, and are written again by every apply.
    """
    content = read_file(certificate_path(request))
    if content is None or read_file(key_path(request)) is None:
        return Leaf.MISSING
    try:
        certificate = load_authority(request).certificate
    except StateError:
        return Leaf.FOREIGN
    if not set(request.names) <= set(permitted_names(certificate)):
        return Leaf.FOREIGN
    return age(certificate, now, _RENEW_BEFORE)


def permitted_names(certificate: x509.Certificate) -> tuple[str, ...]:
    """DNS names the authority may certify, with everything below them; empty when it says nothing (foreign)."""
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.NameConstraints).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(item.value for item in constraints.permitted_subtrees or () if isinstance(item, x509.DNSName))


def may_certify(certificate: x509.Certificate, dns: tuple[str, ...], ips: tuple[str, ...]) -> bool:
    """Whether every name lies within the authority's constraints: clients would refuse the leaf otherwise."""
    names = permitted_names(certificate)
    known = all(any(name == top or name.endswith("." + top) for top in names) for name in dns)
    return known and all(any(ip_address(ip) in network for network in LOOPBACK) for ip in ips)


def key_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    """PEM, unencrypted: the file's mode protects it, a password beside it would not."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def self_signed(request: AuthorityRequest, key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    """The authority's own certificate."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, request.common_name)])
    subject_key = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    # DNS names only: BoringSSL (Ray's gRPC, Envoy) refuses every chain that meets an address constraint. `may_certify`
    # holds addresses to loopback when a leaf is issued.
    permitted = [x509.DNSName(name) for name in request.names]
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + timedelta(days=request.lifetime_days))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.NameConstraints(permitted, None), critical=True)
        .add_extension(subject_key, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(subject_key), critical=False)
        .sign(key, hashes.SHA256())
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


#: Key usage of every leaf: TLS 1.3 needs signatures, nothing else.
LEAF_USAGE: Final = _usage(signs_certificates=False)
