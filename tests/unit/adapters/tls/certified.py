"""An authority and leaves in a test's folder."""

import os
from pathlib import Path

from rayfence.adapters.tls import authority, leaf
from rayfence.model.desired import Account, AuthorityRequest, CertificateRequest


def me(_account: Account) -> tuple[int, int]:
    """Everything belongs to whoever runs the test."""
    return os.geteuid(), os.getegid()


def authority_request(folder: Path, name: str = "node", days: int = 365) -> AuthorityRequest:
    """An authority in `folder/name`."""
    (folder / name).mkdir(exist_ok=True)
    return AuthorityRequest(name, str(folder / name), f"test {name}", days)


def leaf_request(folder: Path, name: str = "leaf", by: str = "node", *, client: bool = True) -> CertificateRequest:
    """A leaf for loopback, for servers and (unless told otherwise) clients."""
    return CertificateRequest(
        name=name,
        authority=by,
        certificate=str(folder / f"{name}.crt"),
        key=str(folder / f"{name}.key"),
        dns=("localhost", "login.x.localhost"),
        ips=("127.0.0.1", "::1"),
        server=True,
        client=client,
        lifetime_hours=24,
        renew_before_hours=6,
    )


def certified(folder: Path, name: str = "leaf", by: str = "node") -> tuple[AuthorityRequest, CertificateRequest]:
    """Both, made."""
    issuer, request = authority_request(folder, by), leaf_request(folder, name, by)
    authority.make_authority(issuer, me)
    leaf.issue(request, issuer, me)
    return issuer, request
