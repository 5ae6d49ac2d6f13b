"""Tokens whose signature or form is wrong: psychic signatures, other encodings, cut, extended and taken-over ones.

Sources: CVE-2022-21449 (r = s = 0), RFC 7515 3.1 (compact form: base64url without padding, whitespace or other
characters), 7.2 (JSON serialization), appendix F (detached).
"""

import json
from collections.abc import Iterator

from rayfence.access.claims import GRANT
from rayfence.model.routes import Role
from rayfence.verify.attack import UNAUTHENTICATED, Attack, Expect
from rayfence.verify.jws import P256_ORDER, Json, b64, signing_input, unb64
from rayfence.verify.scene import Scene, changed
from rayfence.verify.tokens.target import Row, bearer_attacks

#: Envoy may end the request before it looks at a token it can't even take as a header.
_ANY_REFUSAL = Expect(frozenset({400, 401, 431}), closed=True)
_FOREIGN = Expect(frozenset({401, 403}))


def signature_attacks(scene: Scene) -> tuple[Attack, ...]:
    """All of them."""
    claims = scene.claims("forged", role=Role.ADMIN)
    return bearer_attacks(scene, (*_numbers(scene, claims), *_lengths(scene), *_forms(scene), *_taken_over(scene)))


def _numbers(scene: Scene, claims: Json) -> Iterator[Row]:
    """Values of r and s that no signature has."""
    signed = signing_input(scene.signer.header(), claims)
    r, s = scene.signer.numbers(signed)
    pairs = {
        "zero": (0, 0, "r and s are zero (psychic signature)"),
        "zero-r": (0, s, "r is zero"),
        "zero-s": (r, 0, "s is zero"),
        "order": (P256_ORDER, P256_ORDER, "r and s are the curve's order"),
        "one": (1, 1, "r and s are one"),
        "swapped": (s, r, "r and s swapped"),
        "ones": (2**256 - 1, 2**256 - 1, "r and s beyond the order"),
    }
    for name, (first, second, why) in pairs.items():
        yield f"signature-{name}", f"{signed}.{b64(first.to_bytes(32, 'big') + second.to_bytes(32, 'big'))}", why


def _lengths(scene: Scene) -> Iterator[Row]:
    """Right but for its length or encoding."""
    claims = scene.claims("lengths")
    signed = signing_input(scene.signer.header(), claims)
    right = scene.signer.signature(signed)
    variants = {
        "missing": (b"", "no signature"),
        "half": (right[:32], "half a signature"),
        "cut": (right[:-1], "one byte short"),
        "extended": (right + b"\0", "one byte too long"),
        "doubled": (right + right, "twice the signature"),
        "prefixed": (b"\0" + right, "a byte before it"),
        "flipped": (right[:-1] + bytes([right[-1] ^ 1]), "one bit wrong"),
        "der": (scene.signer.der_signature(signed), "in DER form"),
    }
    for name, (signature, why) in variants.items():
        yield f"signature-{name}", f"{signed}.{b64(signature)}", why


def _forms(scene: Scene) -> Iterator[Row]:
    """A right token that is not written as RFC 7515 says."""
    token = scene.token("forms")
    header, payload, signature = token.split(".")
    yield "form-two-parts", f"{header}.{payload}", "two parts"
    yield "form-four-parts", f"{token}.{signature}", "four parts"
    yield "form-detached", f"{header}..{signature}", "detached payload"
    yield "form-empty-header", f".{payload}.{signature}", "no header"
    yield "form-dots", "..", "only dots"
    yield "form-garbage", "A" * 20_000, "20,000 letters"
    yield "form-huge", scene.signer.token({**scene.claims("huge"), "pad": "x" * 60_000}), "80 KiB", _ANY_REFUSAL
    yield (
        "form-padded",
        f"{header}{'=' * (-len(header) % 4)}.{payload}{'=' * (-len(payload) % 4)}.{signature}=",
        ("base64 with padding"),
    )
    yield "form-space", f"{header}. {payload}.{signature}", "a space inside"
    yield "form-tab", f"{header}.{payload}\t.{signature}", "a tab inside"
    # The same bytes, padded and signed over the padded text: right for a lenient reader.
    padded = f"{header}{'=' * (-len(header) % 4)}.{payload}{'=' * (-len(payload) % 4)}"
    if padded != f"{header}.{payload}":
        yield "form-padded-signed", f"{padded}.{b64(scene.signer.signature(padded))}", "padding that is signed too"
    plain = json.dumps({"payload": payload, "protected": header, "signature": signature}, separators=(",", ":"))
    yield "form-json-flat", plain, "JSON serialization, flattened"
    general = {"payload": payload, "signatures": [{"protected": header, "signature": signature}]}
    yield "form-json", json.dumps(general, separators=(",", ":")), "JSON serialization"
    yield "form-json-b64", b64(plain.encode()), "JSON serialization in base64"
    not_json = f"{b64(b'not json')}.{payload}"
    yield "form-header-text", f"{not_json}.{b64(scene.signer.signature(not_json))}", "a header that is no JSON"
    for name, text in (("text", "hello"), ("list", "[1]"), ("empty", ""), ("bom", "\ufeff{}")):
        yield f"payload-{name}", scene.signer.token(text), f"signed by us, but the payload is no object ({name})"
    deep = "[" * 5_000 + "]" * 5_000
    yield "payload-deep", scene.signer.token(f'{{"iss":{deep}}}'), "5,000 brackets deep"


def _taken_over(scene: Scene) -> Iterator[Row]:
    """A viewer's right signature under claims that say more."""
    header, payload, signature = scene.token("taken").split(".")
    claims = json.loads(unb64(payload))
    edits = {
        "role": changed(claims, **{GRANT: scene.claims("tampered", role=Role.ADMIN)[GRANT]}),
        "subject": changed(claims, sub=scene.settings.operator_subject),
        "expiry": changed(claims, exp=scene.now + 10**6),
        "audience": changed(claims, aud=scene.settings.audiences.login),
    }
    for name, edited in edits.items():
        changed_payload = b64(json.dumps(edited, separators=(",", ":")).encode())
        # Envoy looks at the audience before the signature.
        expect = _FOREIGN if name == "audience" else UNAUTHENTICATED
        yield f"edited-{name}", f"{header}.{changed_payload}.{signature}", f"{name} changed after signing", expect
    spaced = b64(json.dumps(claims, indent=1).encode())
    yield "edited-spacing", f"{header}.{spaced}.{signature}", "the same claims, written otherwise"
