"""What a Secret of a platform on Kubernetes should hold: made anew, kept, or renewed. No cluster is spoken to here.

Each function takes a request, what the Secret holds now (None: it is not there) and the time, and returns what it
should hold: the very same mapping where nothing is to do.
"""

import re
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from rayfence.adapters.tls.authority import Authority, key_bytes, may_certify, permitted_names, self_signed
from rayfence.adapters.tls.inspection import age, facts_of, matches, signed_by
from rayfence.adapters.tls.leaf import signed
from rayfence.adapters.tls.secrets import signing_key
from rayfence.errors import StateError
from rayfence.model.cluster_secrets import ClusterSecret, ClusterSecretKind
from rayfence.model.desired import AuthorityRequest, CertificateRequest
from rayfence.model.plan import Leaf

#: Data of a Secret, decoded.
Data = Mapping[str, bytes]

_TOKEN: Final = re.compile(rb"[0-9a-f]{64}")
_KEY_NAME: Final = re.compile(r"([0-9]{10})\.([0-9a-f]{16})\.(jwk|key)")
TOKEN_KEY: Final = "auth_token"  # noqa: S105 - KubeRay's name for it


def authority_data(request: ClusterSecret, now_holds: Data | None, now: datetime) -> Data:
    """An authority that may certify the request's names. One that can't, or ends soon, is replaced, and its leaves are
    then foreign and replaced too.
    """
    held = authority_of(now_holds)
    if held is not None and now_holds is not None and _fits(request, held, now):
        return now_holds
    key = ec.generate_private_key(ec.SECP256R1())
    wanted = AuthorityRequest(
        request.name, "", f"rayfence {request.namespace} {request.name}", request.hours // 24, names=request.names
    )
    certificate = self_signed(wanted, key, now)
    return {"ca.crt": certificate.public_bytes(Encoding.PEM), "ca.key": key_bytes(key)}


def leaf_data(request: ClusterSecret, now_holds: Data | None, signer: Authority, now: datetime) -> Data:
    """A leaf by `signer` for the request's names. Raises StateError where the authority may not certify one of them."""
    held = _leaf_of(now_holds)
    if held is not None and now_holds is not None and _good_leaf(request, held, signer, now_holds, now):
        return now_holds
    if not may_certify(signer.certificate, request.names, ()):
        raise StateError(f"{request.authority} may not certify all of {', '.join(request.names)}")
    key = ec.generate_private_key(ec.SECP256R1())
    wanted = CertificateRequest(
        name=request.names[0][:64],
        authority=request.authority,
        certificate="",
        key="",
        dns=request.names,
        ips=(),
        server=request.server,
        client=request.client,
        lifetime_hours=request.hours,
        renew_before_hours=request.renew_before,
    )
    leaf = signed(wanted, signer, key, now)
    authority = signer.certificate.public_bytes(Encoding.PEM)
    return {"tls.crt": leaf.public_bytes(Encoding.PEM), "tls.key": key_bytes(key), "ca.crt": authority}


def keys_data(request: ClusterSecret, now_holds: Data | None, now: datetime) -> Data:
    """Keys by birth. A new one joins before the newest ends; those that have ended go, where keys end at all.

    Birth is in a key's name: all files of a mounted Secret have one time.
    """
    held = {name: value for name, value in (now_holds or {}).items() if _KEY_NAME.fullmatch(name)}
    life, before = timedelta(hours=request.hours), timedelta(hours=request.renew_before)
    ages = {name: now - datetime.fromtimestamp(int(name[:10]), now.tzinfo) for name in held}
    living = {name: held[name] for name in held if not request.hours or ages[name] < life}
    fresh = any(not request.hours or ages[name] < life - before for name in living)
    if fresh and now_holds is not None and living == dict(now_holds):
        return now_holds
    if fresh:
        return living
    kid = secrets.token_hex(8)
    signs = request.kind is ClusterSecretKind.SIGNING_KEYS
    value = signing_key(kid) if signs else secrets.token_hex(32).encode()
    return {**living, f"{int(now.timestamp()):010d}.{kid}.{'jwk' if signs else 'key'}": value}


def token_data(now_holds: Data | None) -> Data:
    """A Ray token of 256 bits; one that is there stays, whoever made it."""
    if now_holds is not None and now_holds.get(TOKEN_KEY):
        return now_holds
    return {TOKEN_KEY: secrets.token_hex(32).encode()}


def tokens_data(request: ClusterSecret, now_holds: Data | None, original: Callable[[str, str], bytes | None]) -> Data:
    """Copies of Ray tokens by workload. `original` gives what namespace and Secret hold, None: not there yet.

    For such a one nobody's token stands in its place: Envoy takes up a file that changes, and Ray refuses it meanwhile.
    """
    found: dict[str, bytes] = {}
    for source in request.sources:
        token = original(source.namespace, source.name)
        held = (now_holds or {}).get(source.workload)
        found[source.workload] = token or held or secrets.token_hex(32).encode()
    return now_holds if now_holds is not None and dict(now_holds) == found else found


def authority_of(held: Data | None) -> Authority | None:
    """The authority that a Secret holds; None where it is damaged."""
    certificate, key = _pair(held, "ca.crt", "ca.key")
    return Authority(certificate, key) if certificate is not None and key is not None else None


def _fits(request: ClusterSecret, held: Authority, now: datetime) -> bool:
    permitted = set(request.names) == set(permitted_names(held.certificate))
    return permitted and age(held.certificate, now, timedelta(hours=request.renew_before)) is Leaf.VALID


def _leaf_of(held: Data | None) -> x509.Certificate | None:
    return _pair(held, "tls.crt", "tls.key")[0]


def _good_leaf(request: ClusterSecret, leaf: x509.Certificate, signer: Authority, held: Data, now: datetime) -> bool:
    if not signed_by(leaf, signer.certificate):
        return False
    facts = facts_of(leaf)
    asked = (set(request.names), request.server, request.client)
    trusted = held.get("ca.crt", b"").strip() == signer.certificate.public_bytes(Encoding.PEM).strip()
    valid = age(leaf, now, timedelta(hours=request.renew_before)) is Leaf.VALID
    return (set(facts.dns), facts.server, facts.client) == asked and trusted and valid


def _pair(
    held: Data | None, name: str, key_name: str
) -> tuple[x509.Certificate | None, ec.EllipticCurvePrivateKey | None]:
    """Certificate and key that belong together; two Nones for anything else."""
    try:
        certificate = x509.load_pem_x509_certificate((held or {})[name])
        key = load_pem_private_key((held or {})[key_name], None)
    except (KeyError, ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion):
        return None, None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not matches(certificate, key):
        return None, None
    return certificate, key
