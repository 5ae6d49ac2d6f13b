"""Certificates and kubeconfigs of a test cluster: one authority, one certificate for each daemon and administrator.

Everything is valid for two days and dies with the cluster's folder. Source: kubernetes.io, "PKI certificates and
requirements", for the subjects.
"""

import base64
import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

VALID: Final = datetime.timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Subject:
    """Who a certificate is for. `names`: DNS names and addresses."""

    user: str
    group: str = ""
    names: tuple[str, ...] = ()


def subjects(node_address: str, service_address: str) -> dict[str, Subject]:
    """By file name, every certificate that the daemons need."""
    service = ("kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local")
    return {
        "apiserver": Subject(
            "kube-apiserver", names=("localhost", *service, "127.0.0.1", service_address, node_address)
        ),
        "admin": Subject("admin", "system:masters"),
        "controllers": Subject("system:kube-controller-manager"),
        "scheduler": Subject("system:kube-scheduler"),
        "node": Subject("system:node:n1", "system:nodes", ("n1", node_address)),
        "proxy": Subject("system:kube-proxy"),
        "dns": Subject("system:kube-dns", "system:masters"),
    }


def write_credentials(folder: Path, wanted: dict[str, Subject]) -> None:
    """Write the authority (`ca`), one pair for each subject, and the key that signs service accounts' tokens (`sa`)."""
    folder.mkdir(parents=True, exist_ok=True)
    authority = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test-cluster")])
    builder = _certificate(name, name, authority.public_key())
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    root = builder.sign(authority, hashes.SHA256())
    _write_pair(folder, "ca", root, authority)
    for file_name, subject in wanted.items():
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _certificate(_name(subject), name, key.public_key())
        builder = builder.add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False
        )
        if subject.names:
            general = [_general_name(text) for text in subject.names]
            builder = builder.add_extension(x509.SubjectAlternativeName(general), critical=False)
        _write_pair(folder, file_name, builder.sign(authority, hashes.SHA256()), key)
    signer = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    _write_private(folder / "sa.key", signer)
    public = signer.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    (folder / "sa.pub").write_bytes(public)


def kubeconfig(folder: Path, user: str, server: str) -> str:
    """A kubeconfig that needs no other file: certificates and key are in it."""

    def embedded(name: str) -> str:
        return base64.b64encode((folder / name).read_bytes()).decode()

    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {"name": "test", "cluster": {"server": server, "certificate-authority-data": embedded("ca.crt")}}
            ],
            "users": [
                {
                    "name": user,
                    "user": {
                        "client-certificate-data": embedded(f"{user}.crt"),
                        "client-key-data": embedded(f"{user}.key"),
                    },
                }
            ],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": user}}],
            "current-context": "test",
        }
    )


def write_private_text(path: Path, text: str) -> None:
    """Write what nobody else may read."""
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")


def _name(subject: Subject) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, subject.user)]
    if subject.group:
        parts.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, subject.group))
    return x509.Name(parts)


def _general_name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _certificate(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + VALID)
    )


def _write_pair(folder: Path, name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    (folder / f"{name}.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    _write_private(folder / f"{name}.key", key)


def _write_private(path: Path, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> None:
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    write_private_text(path, text)
