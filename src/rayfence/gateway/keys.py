"""The service's keys: JWT signing keys with their public set, and the secrets of job stamps.

Keys are files of a folder. All verify, and the newest signs whose time has come: a rotation adds a file, and removes
the old one when the longest token has expired. A file with a time in the future is for replicas that must know a key
before any of them signs with it. Leaves out making keys (`apply`) and using them (`sessions.tokens`, `access`).
"""

import json
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from rayfence.access.claims import KEY_ID_DIGITS, is_key_id
from rayfence.errors import StateError
from rayfence.gateway.files import check_private, read_private

_HEX_SECRET: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """Keys by id; `newest` is the id that signs."""

    keys: dict[str, ECKey]
    newest: str

    def public_set(self) -> str:
        """The JWK Set that Envoy reads: public members only, stable order."""
        members = [
            {
                **{name: str(key.dict_value[name]) for name in ("kty", "crv", "x", "y")},
                "kid": kid,
                "use": "sig",
                "alg": "ES256",
            }
            for kid, key in sorted(self.keys.items())
        ]
        return json.dumps({"keys": members}, indent=1, sort_keys=True) + "\n"


def key_files(folder: Path) -> tuple[Path, ...]:
    """Key files, oldest first; hidden names are half-written ones. Raises StateError if there is none."""
    check_private(folder, folder=True)
    files = [path for path in folder.iterdir() if not path.name.startswith(".") and not path.is_dir()]
    if not files:
        raise StateError(f"no key in {folder}", hint="`rayfence up` makes one")
    return tuple(sorted(files, key=lambda path: (path.stat().st_mtime_ns, path.name)))


def load_signing_keys(folder: Path) -> SigningKeys:
    """Read every private P-256 JWK of `folder`. Raises StateError naming the file that is none."""
    keys: dict[str, ECKey] = {}
    newest = ""
    for path in key_files(folder):
        try:
            value = json.loads(read_private(path))
            key = ECKey.import_key(value)
            usable = key.is_private and value.get("crv") == "P-256"
        except (JoseError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise StateError(f"{path} holds no signing key") from error
        if not usable:
            raise StateError(f"{path} holds no private P-256 key")
        kid = str(value.get("kid") or path.stem)
        if not is_key_id(kid):
            raise StateError(f"the key id {kid!r} in {path} is not {KEY_ID_DIGITS} hex digits")
        if kid in keys:
            raise StateError(f"{path} repeats the key id {kid!r}")
        keys[kid] = key
        if not newest or not is_unripe(path):
            newest = kid
    return SigningKeys(keys, newest)


def is_unripe(path: Path, now: float | None = None) -> bool:
    """Whether a key's time has not come: a day ahead at least, which no clock is off by."""
    return path.stat().st_mtime > (time.time() if now is None else now) + 24 * 3600


def unripe_secrets(folder: Path) -> int:
    """How many of `load_secrets`, at its end, only verify."""
    return sum(is_unripe(path) for path in key_files(folder))


def load_secrets(folder: Path) -> tuple[tuple[str, bytes], ...]:
    """(key id, 256-bit secret) of every file, oldest first; the id is the file's stem. Raises StateError."""
    found: list[tuple[str, bytes]] = []
    for path in key_files(folder):
        text = read_private(path).strip()
        if not _HEX_SECRET.fullmatch(text):
            raise StateError(f"{path} holds no 256-bit key in hex")
        found.append((path.stem, bytes.fromhex(text)))
    return tuple(found)
