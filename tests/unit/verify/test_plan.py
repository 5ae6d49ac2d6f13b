"""The list of all attacks: how many, that none is named twice, and what `--only` leaves."""

from collections import Counter

from rayfence.verify.attacks.login import Account
from rayfence.verify.attacks.ownership import OwnedJob
from rayfence.verify.attacks.sweeps import Subjects
from rayfence.verify.plan import before_the_job, choose, with_the_job
from tests.sim.scene import make_scene

SCENE = make_scene()
ACCOUNT, KEY = Account("verify-account", "password"), "ab" * 32
JOB = OwnedJob("verify-1", "02000000", "v1.stamp", ("word-one", "word-two"))
ATTACKS = (*before_the_job(SCENE, ACCOUNT, KEY), *with_the_job(SCENE, JOB, Subjects(JOB.id, serve_idle=True)))


def test_every_attack_has_a_name_of_its_own() -> None:
    twice = [name for name, count in Counter(attack.id for attack in ATTACKS).items() if count > 1]
    assert not twice


def test_there_are_enough_of_them() -> None:
    counts = Counter(attack.group for attack in ATTACKS)
    assert counts["tokens"] >= 200
    assert counts["published attacks"] >= 100
    assert len(ATTACKS) > 1000


def test_one_control_is_one_request() -> None:
    """Controls are sent once by their id: two of one id must be the same request, but for the signature's chance."""
    seen: dict[str, tuple[object, ...]] = {}
    for attack in ATTACKS:
        shot = attack.control.shot
        what = (shot.method, shot.target, shot.port, attack.control.token_id, attack.control.statuses)
        assert seen.setdefault(attack.control.id, what) == what, attack.id


def test_no_attack_is_its_own_control() -> None:
    same = [attack.id for attack in ATTACKS if attack.shots[-1] == attack.control.shot]
    assert same == [attack.id for attack in ATTACKS if attack.id.startswith("direct.metrics")]


def test_controls_that_reach_something_can_be_found_in_the_log() -> None:
    assert not [attack.id for attack in ATTACKS if attack.control.reaches and not attack.control.token_id]


def test_nothing_harmful_is_sent_by_a_control() -> None:
    """Applications that run are saved by a body that no deletion takes."""
    busy = with_the_job(SCENE, JOB, Subjects(JOB.id, serve_idle=False))
    deletions = [
        attack.control
        for attack in busy
        if attack.control.shot.method == "DELETE" and attack.control.shot.target == "/api/serve/applications/"
    ]
    assert deletions
    assert all(control.shot.body and control.statuses == {413} for control in deletions)


def test_attacks_that_would_end_applications_carry_that_body_always() -> None:
    shots = [
        shot
        for attack in ATTACKS
        for shot in attack.shots
        if shot.method == "DELETE" and shot.target == "/api/serve/applications/"
    ]
    assert shots
    assert all(shot.body for shot in shots)


def test_every_attack_can_be_chosen_before_there_is_a_job() -> None:
    chosen = choose(SCENE, ACCOUNT, KEY, "")
    assert {attack.id for attack in ATTACKS} == {attack.id for attack in chosen.first} | chosen.job_ids


def test_only_leaves_what_it_names_and_needs_no_more_than_that() -> None:
    everything = choose(SCENE, ACCOUNT, KEY, "")
    assert everything.needs_job
    assert everything.needs_account
    tokens = choose(SCENE, ACCOUNT, KEY, "token.*")
    assert {attack.group for attack in tokens.first} == {"tokens"}
    assert not tokens.needs_job
    assert not tokens.needs_account
    assert not tokens.may_submit
    assert choose(SCENE, ACCOUNT, KEY, "published.shadowray").may_submit
    lockout = choose(SCENE, ACCOUNT, KEY, "login.lockout")
    assert (lockout.first, lockout.needs_account, lockout.needs_job) == ((), True, False)
    assert choose(SCENE, ACCOUNT, KEY, "job-code").needs_job
    assert choose(SCENE, ACCOUNT, KEY, "owner.stop").job_ids == {"owner.stop-other", "owner.stop-viewer"}
    nothing = choose(SCENE, ACCOUNT, KEY, "no such attack")
    assert not (nothing.first or nothing.needs_job or nothing.needs_account)
