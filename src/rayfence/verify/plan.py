"""Which attacks there are, in the order in which none spoils another: the one list of all of them."""

from collections.abc import Iterator
from dataclasses import field

from rayfence.model.frozen import dataclass
from rayfence.verify.attack import Attack, is_chosen
from rayfence.verify.attacks.direct import direct_attacks
from rayfence.verify.attacks.hygiene import hygiene_attacks
from rayfence.verify.attacks.login import Account, login_attacks
from rayfence.verify.attacks.ownership import OwnedJob, ownership_attacks
from rayfence.verify.attacks.published import published_attacks
from rayfence.verify.attacks.rayclient import rayclient_attacks
from rayfence.verify.attacks.sweeps import Subjects, anonymous_attacks, blocked_attacks, role_attacks
from rayfence.verify.scene import Scene
from rayfence.verify.tokens import algorithm_attacks, carrier_attacks, claim_attacks, signature_attacks

#: Attacks of which the runner knows the ids before their requests can be written.
NO_JOB = OwnedJob("verify-none", "00000000", "", ("-",))


@dataclass(frozen=True, slots=True)
class Chosen:
    """What `--only` leaves. `first` needs no job; `second` does; `job_code`, `lockout` and `doors` run apart."""

    first: tuple[Attack, ...]
    job_ids: frozenset[str]
    pattern: str = field(default="")

    @property
    def needs_job(self) -> bool:
        """Whether a real job must run."""
        return bool(self.job_ids) or self.job_code

    @property
    def job_code(self) -> bool:
        """Whether the job's own attempts count; a word inside their ids is enough."""
        return is_chosen("job-code.", self.pattern) or "job-code" in self.pattern

    @property
    def may_submit(self) -> bool:
        """Whether a job could be left behind: our own, or one that an attack submits, by right or by a hole."""
        return self.needs_job or any(b"entrypoint" in shot.body for attack in self.first for shot in attack.shots)

    @property
    def needs_account(self) -> bool:
        """Whether a local account must exist."""
        return self.lockout or any(attack.id.startswith("login.") for attack in self.first)

    @property
    def lockout(self) -> bool:
        """Whether the account is to be locked."""
        return is_chosen("login.lockout", self.pattern)


def choose(scene: Scene, account: Account, operator_key: str, pattern: str) -> Chosen:
    """The attacks that `pattern` names; empty names all."""
    first = tuple(attack for attack in before_the_job(scene, account, operator_key) if is_chosen(attack.id, pattern))
    later = with_the_job(scene, NO_JOB, Subjects(NO_JOB.id, serve_idle=False))
    return Chosen(first, frozenset(attack.id for attack in later if is_chosen(attack.id, pattern)), pattern)


def before_the_job(scene: Scene, account: Account, operator_key: str) -> Iterator[Attack]:
    """Attacks that name nobody's job."""
    yield from algorithm_attacks(scene)
    yield from claim_attacks(scene)
    yield from signature_attacks(scene)
    yield from carrier_attacks(scene)
    yield from published_attacks(scene)
    yield from hygiene_attacks(scene)
    yield from login_attacks(scene, account, operator_key)
    yield from rayclient_attacks(scene)
    yield from direct_attacks(scene)


def with_the_job(scene: Scene, job: OwnedJob, subjects: Subjects) -> Iterator[Attack]:
    """Attacks whose requests, or controls, name a real job. The last ones end it."""
    yield from anonymous_attacks(scene, subjects)
    yield from role_attacks(scene, subjects)
    yield from blocked_attacks(scene, subjects)
    # A job that has ended would make its owner's refusals mean nothing: these come last.
    yield from ownership_attacks(scene, job, subjects)
