"""Verify a rayfence trail without rayfence: Python's standard library, and `cryptography` for the heads' signatures.

    python standalone_verifier.py TRAIL_FOLDER HEADS_FOLDER [--key PUBLIC_KEY.pem]

Written to be read by an auditor in one sitting, and to share no code with what wrote the trail. The rules it checks:

1. A chain is the files `<chain>-<first number>.jsonl`, in the order of their numbers. Each line is one record.
2. A record names its number (`seq`: 0, 1, 2 …) and the SHA-256 of the whole line before it, newline included (`prev`).
   The first record names 64 zeros. Hence no record can be changed, removed, added or moved unseen, except at the end.
3. A head in `<chain>.heads.jsonl` states: the chain had a record with this number, and its line had this hash. Heads
are signed
   (ECDSA P-256, SHA-256; signature = r and s, 32 bytes each, base64url) over the head's JSON without `sig`.
   Hence the end can't be cut off before the newest head. What came after it can: see `covered` in the output.
4. Old records may have been removed on purpose. Then the first line that is left follows the record that a
`retention` record
   names (`through`, `hash`); anything else is a missing beginning.

Give `--key` a copy of the public key that was kept elsewhere: the copy beside the heads could have been exchanged
with them. Exit status: 0 the trail holds, 1 it does not, 2 it can't be read.
"""

import base64
import hashlib
import json
import sys
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

Head = dict[str, str | int]


def key_id(key: ec.EllipticCurvePublicKey) -> str:
    """The name of a key: the first 16 hex digits of the SHA-256 of its DER form."""
    encoded = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(encoded).hexdigest()[:16]


def read_keys(paths: list[Path]) -> dict[str, ec.EllipticCurvePublicKey]:
    """Public keys by name."""
    keys = {}
    for path in paths:
        key = serialization.load_pem_public_key(path.read_bytes())
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise ValueError(f"{path.name} is no elliptic-curve key")  # noqa: TRY004
        keys[key_id(key)] = key
    return keys


def is_signed(head: Head, keys: dict[str, ec.EllipticCurvePublicKey]) -> bool:
    """Rule 3."""
    signature = base64.urlsafe_b64decode(str(head["sig"]) + "==")
    statement = json.dumps({name: value for name, value in head.items() if name != "sig"}, separators=(",", ":"))
    if len(signature) != 64 or head["kid"] not in keys:
        return False
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    try:
        keys[str(head["kid"])].verify(encode_dss_signature(r, s), statement.encode(), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def read_heads(path: Path, chain: str, keys: dict[str, ec.EllipticCurvePublicKey]) -> tuple[dict[int, str], list[str]]:
    """Record number -> hash by every genuine head, and what is wrong with the others."""
    heads, wrong = {}, []
    for number, line in enumerate(path.read_bytes().strip(b"\n").split(b"\n") if path.exists() else [], start=1):
        try:
            head = json.loads(line)
            genuine = head["chain"] == chain and is_signed(head, keys)
        except (ValueError, KeyError, TypeError):
            genuine = False
        if genuine:
            heads[head["seq"]] = head["hash"]
        else:
            wrong.append(f"{path.name} line {number}: forged head")
    return heads, wrong


def verify(segments: list[Path], heads: dict[int, str]) -> tuple[list[str], int, int]:
    """What is wrong with one chain, its last record's number, and the last number a head covers."""
    wrong: list[str] = []
    number, previous, covered = -1, "0" * 64, -1
    missing_before, retired = None, set()
    for segment in segments:
        for count, line in enumerate(segment.open("rb"), start=1):
            where = f"{segment.name} line {count}"
            try:
                record = json.loads(line)
                seq, prev = int(record["seq"]), str(record["prev"])
                if record["kind"] == "retention":
                    retired.add((record["detail"]["through"], record["detail"]["hash"]))
            except (ValueError, KeyError, TypeError):
                wrong.append(f"{where}: not a record")
                continue
            if number == -1 and seq > 0 and missing_before is None:
                missing_before, number, previous = (seq - 1, prev), seq - 1, prev  # rule 4, judged at the end
            if seq != number + 1:
                wrong.append(f"{where}: record {seq} stands where {number + 1} belongs")
            if prev != previous:
                wrong.append(
                    f"{where}: record {seq} does not follow the line before it; one of the two was changed or moved"
                )
            number, previous = seq, hashlib.sha256(line).hexdigest()
            if number in heads:
                if heads[number] == previous:
                    covered = max(covered, number)
                else:
                    wrong.append(f"{where}: record {number} is not the one a signed head names")
    if missing_before is not None and missing_before not in retired:
        wrong.append(f"the records before {missing_before[0] + 1} are missing")
    if heads and max(heads) > number:
        wrong.append(f"cut: a signed head names record {max(heads)}, the chain ends at {number}")
    return wrong, number, covered


def main(arguments: list[str]) -> int:
    """Verify every chain that has segments or heads; print one line per chain and one per fault."""
    try:
        trail, elsewhere = Path(arguments[0]), Path(arguments[1])
        keys = read_keys([Path(arguments[3])] if arguments[2:3] == ["--key"] else sorted(elsewhere.glob("*.pem")))
        chains = {path.name.rpartition("-")[0] for path in trail.glob("*-*-*.jsonl")}
        chains |= {path.name.removesuffix(".heads.jsonl") for path in elsewhere.glob("*.heads.jsonl")}
        faults = 0
        for chain in sorted(chains):
            heads, forged = read_heads(elsewhere / f"{chain}.heads.jsonl", chain, keys)
            wrong, last, covered = verify(sorted(trail.glob(f"{chain}-*.jsonl")), heads)
            faults += len(forged + wrong)
            sys.stdout.write(f"{chain}: {last + 1} records, covered by a signed head up to record {covered}\n")
            sys.stdout.writelines(f"  {fault}\n" for fault in forged + wrong)
    except (OSError, ValueError, IndexError) as error:
        sys.stderr.write(f"can't verify: {error}\n{__doc__}")
        return 2
    sys.stdout.write("the trail holds\n" if not faults else f"the trail does NOT hold: {faults} faults\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
