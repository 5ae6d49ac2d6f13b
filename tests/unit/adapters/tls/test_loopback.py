"""Twin of rayfence.adapters.tls.loopback."""

import ssl
from pathlib import Path

import pytest
from cryptography import x509

from rayfence.adapters.tls.loopback import NAME, loopback_identity


def test_it_certifies_localhost_and_nothing_else_and_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    one, other = loopback_identity(), loopback_identity()
    assert list(tmp_path.iterdir()) == []
    assert one.authority != other.authority and "PRIVATE" not in one.authority
    authority = x509.load_pem_x509_certificate(one.authority.encode())
    permitted = authority.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees
    assert permitted is not None and [name.value for name in permitted] == [NAME]
    assert one.context.minimum_version >= ssl.TLSVersion.TLSv1_2
