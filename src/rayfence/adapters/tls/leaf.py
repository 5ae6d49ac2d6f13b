"""Leaves: certificates of servers, clients and Ray's nodes."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from rayfence.adapters.tls import authority, inspection
from rayfence.adapters.tls.authority import BACKDATED, LEAF_USAGE, Authority, key_bytes
from rayfence.adapters.tls.private_file import Owner, write_private
from rayfence.errors import StateError
from rayfence.model.desired import AuthorityRequest, CertificateRequest
from rayfence.model.plan import Leaf


def issue(request: CertificateRequest, by: AuthorityRequest, owner: Owner, now: datetime | None = None) -> None:
    """Make a new key and a leaf signed by `by`; the key is written first: whoever watches waits for the certificate.

    Raises StateError when the authority is missing, expired, or may not certify a name of the request.
    """
    began = now or datetime.now(UTC)
    signer = authority.load_authority(by)
    if not signer.certificate.not_valid_before_utc <= began < signer.certificate.not_valid_after_utc:
        raise StateError(f"the authority {by.name} is not valid now", hint="`rayfence restart` makes a new one")
    if not authority.may_certify(signer.certificate, request.dns, request.ips):
        raise StateError(f"the authority {by.name} may not certify all of {', '.join(request.dns + request.ips)}")
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = signed(request, signer, key, began)
    who = owner(request.account)
    write_private(request.key, key_bytes(key), who)
    write_private(request.certificate, certificate.public_bytes(Encoding.PEM), who)


def condition(request: CertificateRequest, by: AuthorityRequest, now: datetime) -> Leaf:
    """What is known of the leaf; FOREIGN when its authority is not there."""
    try:
        signer = authority.load_authority(by).certificate
    except StateError:
        signer = None
    return inspection.condition(request, signer, now)


def signed(
    request: CertificateRequest, signer: Authority, key: ec.EllipticCurvePrivateKey, now: datetime
) -> x509.Certificate:
    """The leaf as asked for; it never outlives its authority."""
    issuer_key = signer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    usages = [inspection.SERVER_AUTH] if request.server else []
    usages += [inspection.CLIENT_AUTH] if request.client else []
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in request.dns]
    names += [x509.IPAddress(ip_address(ip)) for ip in request.ips]
    ends = min(now + timedelta(hours=request.lifetime_hours), signer.certificate.not_valid_after_utc)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, request.name)]))
        .issuer_name(signer.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(LEAF_USAGE, critical=True)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer_key),
            critical=False,
        )
        .sign(signer.key, hashes.SHA256())
    )
