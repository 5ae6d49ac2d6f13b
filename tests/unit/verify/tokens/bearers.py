"""What hostile tokens are, taken apart again, and what a careful library says of them."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from joserfc import jwk, jwt

from rayfence.verify.attack import Attack
from rayfence.verify.jws import unb64
from rayfence.verify.scene import Scene


def tokens_of(attacks: Iterable[Attack]) -> dict[str, str]:
    """Attack's name (without its prefix) to its bearer."""
    found = {}
    for attack in attacks:
        values = [value for name, value in attack.shots[-1].headers if name == "Authorization"]
        if len(values) == 1 and values[0].startswith("Bearer "):
            found[attack.id.partition(".")[2]] = values[0].removeprefix("Bearer ")
    return found


def part(token: str, number: int) -> Mapping[str, Any]:
    """Header (0) or payload (1)."""
    value = json.loads(unb64(token.split(".")[number]))
    assert isinstance(value, dict)
    return value


def accepted(scene: Scene, token: str) -> bool:
    """Whether a strict reader of ES256 takes signature and form; claims are not looked at."""
    public: Any = scene.signer.public_jwk()
    key = jwk.ECKey.import_key(public)
    try:
        jwt.decode(token, key, algorithms=["ES256"])
    except Exception:  # noqa: BLE001 - a refusal, however it is made
        return False
    return True
