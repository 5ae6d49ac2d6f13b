"""Signing heads of the trail: the key that does it, and the second place they go to.

The private key lies with the gateway's secrets, heads and public key in `trail_heads_dir`: who can write to only one
of the two places can't shorten the trail unseen. Whoever holds both can; the second place belongs on other storage
where that matters.
"""

import os
from errno import ENOSPC
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from rayfence.errors import StateError
from rayfence.gateway.files import check_private, read_private, write_private
from rayfence.trail.chain import Tip
from rayfence.trail.heads import Head, key_id, parse_head, sign_head
from rayfence.trail.naming import HEADS_SUFFIX

#: Heads kept when the file is opened: the newest alone vouches for all records before it, older ones only narrow a
#: search.
KEPT_HEADS: Final = 1000


class HeadSigner:
    """Signs heads of one chain and appends them to `<folder>/<chain>.heads.jsonl`, each durable before `sign`
    returns.
    """

    def __init__(self, key_file: Path, folder: Path, instance: str) -> None:
        """Read the key, making it if this instance has none yet; publish its public part.

        Raises StateError, OSError.
        """
        self._key = _load_key(key_file)
        self._folder = folder
        self._instance = instance
        self.kid = key_id(self._key.public_key())
        self._publish()

    def _publish(self) -> None:
        pem = self._key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        path = self._folder / f"{self.kid}.pem"
        if not path.exists() or path.read_bytes() != pem:
            write_private(path, pem.decode())

    def sign(self, chain: str, tip: Tip, ts: str) -> Head:
        """Vouch for `tip`, which must be durable already: a head for records that a power cut takes is a false alarm.

        Raises OSError; the file then holds no part of the head.
        """
        head = sign_head(self._key, instance=self._instance, chain=chain, tip=tip, ts=ts)
        fd = os.open(self._path(chain), os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            size = os.fstat(fd).st_size
            torn = (
                size > 0 and os.pread(fd, 1, size - 1) != b"\n"
            )  # a crash cut the last head: keep it on a line of its own
            line = b"\n" * torn + head.line()
            if os.write(fd, line) != len(line):
                os.ftruncate(fd, size)
                raise OSError(ENOSPC, os.strerror(ENOSPC))
            os.fdatasync(fd)
        finally:
            os.close(fd)
        return head

    def last(self, chain: str) -> Head | None:
        """The newest head signed for `chain`, thinning the file if it has grown long.

        Unreadable lines are passed over.
        """
        path = self._path(chain)
        if not path.exists():
            return None
        lines = path.read_bytes().split(b"\n")
        heads = [head for line in lines if (head := _readable(line)) is not None and head.chain == chain]
        if len(lines) > 5 * KEPT_HEADS:
            write_private(path, b"".join(head.line() for head in heads[-KEPT_HEADS:]).decode())
        return max(heads, key=lambda head: head.seq, default=None)

    def _path(self, chain: str) -> Path:
        return self._folder / f"{chain}{HEADS_SUFFIX}"


def _readable(line: bytes) -> Head | None:
    try:
        return parse_head(line)
    except ValueError:
        return None


def _load_key(path: Path) -> ec.EllipticCurvePrivateKey:
    if not path.exists():
        key = ec.generate_private_key(ec.SECP256R1())
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        write_private(path, pem.decode())
        return key
    check_private(path)
    try:
        loaded = serialization.load_pem_private_key(read_private(path).encode(), password=None)
    except ValueError as error:
        raise StateError(f"{path} holds no private key") from error
    if not isinstance(loaded, ec.EllipticCurvePrivateKey) or not isinstance(loaded.curve, ec.SECP256R1):
        raise StateError(f"{path} holds no private P-256 key")
    return loaded
