"""One user against another's job."""

import json

from rayfence.verify.attacks.ownership import OwnedJob, ownership_attacks
from rayfence.verify.attacks.sweeps import Subjects
from rayfence.verify.jws import unb64
from tests.sim.scene import make_scene

SCENE = make_scene()
JOB = OwnedJob("verify-1", "02000000", "v1.stamp", ("word-one", "word-two"))
ATTACKS = {attack.id: attack for attack in ownership_attacks(SCENE, JOB, Subjects(JOB.id, serve_idle=True))}


def subject_of(headers: tuple[tuple[str, str], ...]) -> str:
    fields = dict(headers)
    token = fields.get("Authorization", "").removeprefix("Bearer ") or fields["Cookie"].partition("=")[2]
    return str(json.loads(unb64(token.split(".")[1]))["sub"])


def test_the_attacker_is_never_the_owner_but_for_the_websockets() -> None:
    own = SCENE.subject("owner")
    last = {name: attack.shots[-1].headers for name, attack in ATTACKS.items()}
    by_owner = {name for name, headers in last.items() if subject_of(headers) == own}
    assert by_owner == {"squat.stamp", "package.plant", *(name for name in by_owner if "websocket" in name)}


def test_planted_words_are_hidden_on_every_read() -> None:
    reads = [attack for name, attack in ATTACKS.items() if name.startswith("owner.read-")]
    assert len(reads) > 100
    assert all(attack.expect.hides == JOB.secrets for attack in reads)


def test_a_copied_stamp_travels_with_a_wish_for_the_id() -> None:
    body = json.loads(ATTACKS["squat.same"].shots[0].body)
    assert body["submission_id"] == JOB.id
    assert body["metadata"]["rayfence.owner"] == JOB.stamp
    assert f'"{JOB.id}"' in ATTACKS["squat.same"].expect.hides


def test_what_ends_the_job_comes_last() -> None:
    names = list(ATTACKS)
    assert all(name.startswith(("owner.stop", "owner.delete", "owner.alias")) for name in names[-6:])


def test_without_a_driver_its_id_is_not_tried() -> None:
    bare = OwnedJob(JOB.id, "", JOB.stamp, JOB.secrets)
    names = [attack.id for attack in ownership_attacks(SCENE, bare, Subjects(JOB.id, serve_idle=True))]
    assert not any(name.startswith("owner.alias") for name in names)
