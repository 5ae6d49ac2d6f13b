"""`verify`: attack a running instance, and show that its defences hold."""

import secrets
import time
from pathlib import Path

import rayfence
from rayfence.adapters.envoy.accesslines import AccessLines
from rayfence.adapters.gateway import GatewayClient
from rayfence.adapters.net import intruder, listeners
from rayfence.adapters.net.rawhttp import RawWire
from rayfence.adapters.processes import keeper_control
from rayfence.api.ground import Ground
from rayfence.api.instances import DEFAULT_NAME, Record, require_record
from rayfence.api.session import local_server
from rayfence.catalog.routes import load_routes
from rayfence.errors import StateError
from rayfence.model.evidence import Evidence, Verification
from rayfence.model.frozen import dataclass
from rayfence.model.gateway import GatewaySettings
from rayfence.ports.machine import Reporter
from rayfence.render.local.layout import Layout
from rayfence.verify import campaign
from rayfence.verify.attack import is_chosen
from rayfence.verify.attacks import jobcode, login
from rayfence.verify.attacks.direct import mutual_tls, serve_port
from rayfence.verify.jws import Signer, signer_from_jwk, stranger
from rayfence.verify.plan import Chosen, choose, with_the_job
from rayfence.verify.scene import Scene


def verify(name: str | None, state_dir: Path | None, report: Reporter, only: str = "") -> Verification:
    """Attack the instance of this OS user; evidence for each attack that `only` names.

    1. Read what the operator may read: settings, the signing key, Ray's token.
    2. Make what attacks need: a temporary account; a real job, which itself attacks from inside.
    3. Attack while the job starts: tokens, published attacks, forged headers, log-in, Ray Client, Ray's own ports.
    4. Attack what belongs to the job's owner, and every route with too little.
    5. Remove the account and every job of this run, whatever happened.
    Raises: StateError when there is no such instance or it can't be read, GatewayUnreachable when it is not up.
    """
    began = time.monotonic()
    record = require_record(name or DEFAULT_NAME, state_dir)
    scene = read_scene(record)  # 1
    key = _text(scene.settings.operator_key).strip()
    server = local_server(record)
    with GatewayClient(server) as door:
        session = str(door.session({"operator_key": key})["session"])
    with GatewayClient(server, session) as client:
        run = _Run(record, scene, Ground(scene, _wire(scene.settings), client, report), report, only, key)
        evidence, left = run.complete()
    return Verification(record.name, evidence, round(time.monotonic() - began, 1), left)


@dataclass(frozen=True, slots=True)
class _Run:
    """One verification: steps 2 to 5 of `verify`."""

    record: Record
    scene: Scene
    ground: Ground
    report: Reporter
    only: str
    operator_key: str

    def complete(self) -> tuple[tuple[Evidence, ...], tuple[str, ...]]:
        """Evidence, and what could not be removed."""
        lines = AccessLines(self.scene.settings.access_log)
        account = self.ground.account()
        chosen = choose(self.scene, account, self.operator_key, self.only)
        if not (chosen.first or chosen.needs_job or chosen.needs_account):
            raise StateError(f"no attack is called {self.only!r}", hint="leave --only out to see all names")
        left: tuple[str, ...] = ()
        try:
            words = tuple(f"rfv{secrets.token_hex(8)}" for _ in range(4))
            if chosen.needs_account:  # 2
                self.ground.make_account(account)
            job = self._submit(words) if chosen.needs_job else ""
            evidence = campaign.run(chosen.first, self.ground.wire, lines, self.scene.catalog, self.report)  # 3
            evidence += self._apart(chosen, account)
            if job:
                evidence += self._with_job(chosen, job, words, lines)  # 4
        finally:
            self.report("removing what was made for this")
            left = self.ground.clear(account if chosen.needs_account else None, chosen.may_submit)  # 5
            for one in left:
                self.report(f"could not remove {one}")
        return evidence, left

    def _submit(self, words: tuple[str, ...]) -> str:
        self.report("submitting a job that attacks from inside")
        settings, layout = self.scene.settings, Layout(self.record.places)
        status = keeper_control.read_status(self.record.places.runtime)
        words_of = {"service": layout.settings, "envoy": f"{settings.envoy_dir}/bootstrap.yaml"}
        processes = [(item.name, item.pid, words_of[item.name]) for item in status.processes if item.name in words_of]
        for keeper, ident in (("keeper", status.keeper), ("warden", status.warden)):
            if ident is not None:
                processes.append((keeper, ident.pid, layout.processes))
        authorities = (f"{layout.certificates}/front/ca.key", f"{layout.certificates}/node/ca.key", layout.instance)
        code = Path(intruder.__file__).read_text(encoding="utf-8")
        wish = jobcode.target(settings, self.record.places, processes, str(Path(rayfence.__file__).parent), authorities)
        return self.ground.submit(jobcode.entrypoint(code, wish, words[3], self.scene.run), words)

    def _apart(self, chosen: Chosen, account: login.Account) -> tuple[Evidence, ...]:
        """What compares answers, or speaks TLS only."""
        found: list[Evidence] = []
        if chosen.lockout:
            found.append(login.lockout(self.scene, account, self.ground.wire))
        if is_chosen("direct.serve", self.only):
            found.append(serve_port(self.scene, self.ground.wire))
        if is_chosen("direct.tls-", self.only) or "direct" in self.only:
            rows = mutual_tls(self.scene, self.ground.wire, self._listening())
            found += [row for row in rows if is_chosen(row.attack, self.only)]
        return tuple(found)

    def _listening(self) -> frozenset[int]:
        """Ports of the instance's own processes, from the kernel's table."""
        status = keeper_control.read_status(self.record.places.runtime)
        return frozenset(item.port for item in listeners.listeners(part.pid for part in status.processes if part.pid))

    def _with_job(self, chosen: Chosen, job: str, words: tuple[str, ...], lines: AccessLines) -> tuple[Evidence, ...]:
        self.report(f"waiting for the report of job {job}")
        told, why = self.ground.await_report(job)
        subjects = self.ground.subjects(job)
        attacks = [
            attack
            for attack in with_the_job(self.scene, self.ground.look_at(job, words), subjects)
            if attack.id in chosen.job_ids
        ]
        evidence = campaign.run(attacks, self.ground.wire, lines, self.scene.catalog, self.report)
        if chosen.job_code:
            evidence += tuple(row for row in jobcode.judge_report(told, why) if is_chosen(row.attack, self.only))
        return evidence


def read_scene(record: Record) -> Scene:
    """The instance as its operator may see it. Raises StateError naming the file that can't be used."""
    layout = Layout(record.places)
    try:
        settings = GatewaySettings.from_json(_text(layout.settings))
    except ValueError as error:
        raise StateError(f"{layout.settings} is damaged: {error}", hint="`rayfence up` repairs it") from error
    signer = _signer(settings)
    return Scene(
        settings=settings,
        catalog=load_routes(settings.ray_version),
        ports=record.ports,
        signer=signer,
        stranger=stranger(signer.kid),
        ray_token=_text(settings.ray_token).strip(),
        run=secrets.token_hex(4),
        now=int(time.time()),
    )


def _signer(settings: GatewaySettings) -> Signer:
    """The key that signs now: the newest."""
    keys = [path for path in Path(settings.signing_keys).glob("*") if not path.name.startswith(".")]
    if not keys:
        raise StateError(f"{settings.signing_keys} holds no key", hint="`rayfence up` makes one")
    newest = max(keys, key=lambda path: path.stat().st_mtime)
    try:
        return signer_from_jwk(_text(str(newest)), newest.stem)
    except ValueError as error:
        raise StateError(f"{newest} is no signing key: {error}") from error


def _wire(settings: GatewaySettings) -> RawWire:
    node = (settings.ray_client_certificate, settings.ray_client_key)
    return RawWire(settings.node_ca, node, (settings.server_certificate, settings.server_key))


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise StateError(f"{path}: {error.strerror}", hint="`rayfence up` makes it") from error
