"""Log-in attacks, and the comparison of what known and unknown names are told."""

import json

import pytest

from rayfence.model.verdict import Verdict
from rayfence.model.wire import Answer, Shot
from rayfence.verify.attacks.login import Account, compare, lockout, login_attacks, session_shot
from tests.sim.scene import SimWire, make_scene, refusal

SCENE = make_scene()
ACCOUNT = Account("verify-account", "right")
ATTACKS = {attack.id: attack for attack in login_attacks(SCENE, ACCOUNT, "ab" * 32)}
WRONG, LOCKED, RIGHT = refusal(401, error="login_failed"), refusal(429, error="locked_out"), Answer(200, body=b"{}")


def test_no_wrong_key_is_the_right_one() -> None:
    bodies = [json.loads(attack.shots[0].body) for name, attack in ATTACKS.items() if name.startswith("login.key-")]
    assert bodies
    assert {"operator_key": "ab" * 32} not in bodies


def test_a_log_out_has_a_session_of_its_own_on_each_surface_and_its_control_comes_first() -> None:
    ended = [attack for name, attack in ATTACKS.items() if name.startswith("login.revoked-")]
    assert len(ended) == 3
    assert all(attack.control.before and attack.shots[0].target == "/v1/logout" for attack in ended)


def test_the_form_from_elsewhere_must_set_no_cookie() -> None:
    assert ATTACKS["login.form-attacker"].expect.without == ("set-cookie",)


@pytest.mark.parametrize(
    ("known", "unknown", "right", "locked", "verdict"),
    [
        ([WRONG, LOCKED], [WRONG, LOCKED], RIGHT, LOCKED, Verdict.PASS),
        ([WRONG, LOCKED], [LOCKED, LOCKED], RIGHT, LOCKED, Verdict.FAIL),
        ([WRONG, LOCKED], [refusal(401, error="no_such_user"), LOCKED], RIGHT, LOCKED, Verdict.FAIL),
        ([WRONG, WRONG], [WRONG, WRONG], RIGHT, RIGHT, Verdict.FAIL),
        ([WRONG, LOCKED], [WRONG, LOCKED], RIGHT, RIGHT, Verdict.FAIL),
        ([WRONG, LOCKED], [WRONG, LOCKED], WRONG, LOCKED, Verdict.UNKNOWN),
    ],
)
def test_answers_are_compared(
    known: list[Answer], unknown: list[Answer], right: Answer, locked: Answer, verdict: Verdict
) -> None:
    assert compare(known, unknown, right, locked).verdict is verdict


def test_a_requests_id_may_differ() -> None:
    other = [refusal(401, "r-9", "login_failed"), refusal(429, "r-8", "locked_out")]
    assert compare([WRONG, LOCKED], other, RIGHT, LOCKED).verdict is Verdict.PASS


def test_a_gateway_that_locks_both_alike_passes() -> None:
    failures: dict[str, int] = {}

    def answers(shot: Shot) -> Answer:
        told = json.loads(shot.body)
        count = failures.get(told["username"], 0)
        if count >= SCENE.settings.limits.lockout_failures:
            return LOCKED
        if told == {"username": ACCOUNT.name, "password": ACCOUNT.password}:
            return RIGHT
        failures[told["username"]] = count + 1
        return WRONG

    assert lockout(SCENE, ACCOUNT, SimWire(answers)).verdict is Verdict.PASS
    assert json.loads(session_shot(SCENE, ACCOUNT).body)["username"] == ACCOUNT.name
