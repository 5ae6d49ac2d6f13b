"""One user against another's job, its logs, its id, its stamp and its packages. Needs a real job of a real owner.

Two users of this run: `owner` submitted the job; `other` is a submitter too, and as able. What the job carries
(variables, entrypoint, metadata, log) holds words that nobody else may ever read.
"""

import json
from collections.abc import Iterator
from typing import Final

from rayfence.model.frozen import dataclass
from rayfence.model.routes import Backend, Right, Role, Surface
from rayfence.verify.attack import FORBIDDEN, Attack, Control, Expect
from rayfence.verify.attacks.sweeps import Subjects, guarded, target_of
from rayfence.verify.scene import EVERY_RIGHT, UPGRADE, Scene

GROUP: Final = "other people's jobs"
#: Not there, or not yours: either way nothing is told and nothing happens.
_CLOSED: Final = Expect(frozenset({400, 403, 404}))


@dataclass(frozen=True, slots=True)
class OwnedJob:
    """The owner's job as the owner sees it. `secrets`: words planted in it. `driver`: its driver's id, or empty."""

    id: str
    driver: str
    stamp: str
    secrets: tuple[str, ...]


def ownership_attacks(scene: Scene, job: OwnedJob, subjects: Subjects) -> tuple[Attack, ...]:
    """All of them, in an order in which none spoils another."""
    return (
        *_reading(scene, job, subjects),
        *_selectors(scene, job),
        *_tails(scene, job),
        *_squatting(scene, job),
        *_packages(scene),
        *_control(scene, job),
    )


def _mine(scene: Scene, job: OwnedJob) -> Control:
    """The owner reads their own job, with everything in it."""
    return scene.control(
        "own-job", "GET", f"/api/jobs/{job.id}", role=Role.SUBMITTER, subject=scene.subject("owner"),
        says=(job.secrets[0],),
    )  # fmt: skip


def _other(scene: Scene, label: str, surface: Surface = Surface.API) -> str:
    subject = scene.subject("other")
    return scene.token(f"other-{label}", role=Role.SUBMITTER, rights=EVERY_RIGHT, subject=subject, surface=surface)


def _reading(scene: Scene, job: OwnedJob, subjects: Subjects) -> Iterator[Attack]:
    """Every GET there is, by another submitter and by a viewer: none may hold one of the planted words."""
    hidden = Expect(frozenset(), refused=False, hides=job.secrets)
    by_id = f"filter_keys=submission_id&filter_predicates=%3D&filter_values={job.id}"
    targets = [
        (f"{route.name}@{surface}", target_of(route, scene, subjects), surface)
        for route, surface, method in guarded(scene)
        if method == "GET" and route.backend in (Backend.RAY, Backend.SERVICE) and surface is not Surface.LOGIN
    ]
    targets += [
        ("jobs.detail-own", f"/api/jobs/{job.id}", Surface.API),
        ("jobs.detail-dashboard", f"/api/jobs/{job.id}", Surface.DASHBOARD),
        ("state.jobs-detail", "/api/v0/jobs?detail=true&limit=1000", Surface.API),
        ("state.actors-detail", "/api/v0/actors?detail=true&limit=1000", Surface.API),
        ("state.tasks-detail", "/api/v0/tasks?detail=true&limit=1000", Surface.API),
        ("state.workers-detail", "/api/v0/workers?detail=true&limit=1000", Surface.API),
        ("state.runtime-envs-detail", "/api/v0/runtime_envs?detail=true", Surface.API),
        ("nodes-details", "/nodes?view=details", Surface.API),
        ("state.jobs-filter", f"/api/v0/jobs?{by_id}", Surface.API),
    ]  # fmt: skip
    right = _mine(scene, job)
    for name, target, surface in targets:
        for who, role in (("other", Role.SUBMITTER), ("viewer", Role.VIEWER)):
            token = scene.token(
                f"read-{who}", role=role, rights=EVERY_RIGHT, subject=scene.subject(who), surface=surface
            )
            shot = scene.request("GET", target, token=token, surface=surface, seconds=10)
            title = f"GET {target.split('?')[0]} by {'another submitter' if who == 'other' else 'a viewer'}"
            yield Attack(f"owner.read-{name}-{who}", GROUP, title, (shot,), hidden, right)


def _selectors(scene: Scene, job: OwnedJob) -> Iterator[Attack]:
    """`/api/v0/logs/{file,stream}` takes many selectors; the first that Ray knows wins."""
    owner = scene.subject("owner")
    right = scene.control(
        "own-log",
        "GET",
        f"/api/v0/logs/file?node_ip=127.0.0.1&filename=job-driver-{job.id}.log",
        role=Role.SUBMITTER,
        subject=owner,
        seconds=8,
    )
    log = f"job-driver-{job.id}.log"
    queries = {
        "submission": f"submission_id={job.id}",
        "file": f"node_ip=127.0.0.1&filename={log}",
        "encoded": f"node_ip=127.0.0.1&filename=job-driver-{job.id.replace('-', '%2D')}.log",
        "encoded-name": f"submission%5Fid={job.id}",
        "twice": f"submission_id=verify-none&submission_id={job.id}",
        "two": f"submission_id={job.id}&filename=x.log",
        "folder": f"node_ip=127.0.0.1&filename=./{log}",
        "up": f"node_ip=127.0.0.1&filename=x/../{log}",
        "glob": "node_ip=127.0.0.1&filename=job-driver-*.log",
        "case": f"node_ip=127.0.0.1&Filename={log}",
        "plus": f"node_ip=127.0.0.1&filename={log}+",
        "semicolon": f"node_ip=127.0.0.1;submission_id={job.id}",
        "suffix": f"submission_id={job.id}&suffix=out",
        "raylet": "node_ip=127.0.0.1&filename=raylet.out",
        "gcs": "node_ip=127.0.0.1&filename=gcs_server.out",
        "pid": "node_ip=127.0.0.1&pid=1",
        "actor": "actor_id=00",
        "task": "task_id=00",
        "none": "node_ip=127.0.0.1",
        "dashboard-log": "node_ip=127.0.0.1&filename=dashboard.log",
    }
    refused = Expect(frozenset({400, 403, 404}), hides=job.secrets)
    for name, query in queries.items():
        for kind in ("file", "stream"):
            shot = scene.request("GET", f"/api/v0/logs/{kind}?{query}", token=_other(scene, "log"), seconds=6)
            title = f"logs/{kind} by selector: {name}"
            yield Attack(f"owner.log-{kind}-{name}", GROUP, title, (shot,), refused, right, "CVE-2023-6021")


def _tails(scene: Scene, job: OwnedJob) -> Iterator[Attack]:
    owner, target = scene.subject("owner"), f"/api/jobs/{job.id}/logs/tail"
    right = scene.control(
        "own-tail", "GET", target, role=Role.SUBMITTER, subject=owner, headers=UPGRADE, statuses=frozenset({101}),
        seconds=6,
    )  # fmt: skip
    shot = scene.request("GET", target, UPGRADE, token=_other(scene, "tail"), seconds=6)
    yield Attack("owner.tail", GROUP, "the live tail by another submitter", (shot,), _CLOSED, right)
    token = scene.token("hijack", role=Role.SUBMITTER, subject=owner)
    origins = {"attacker": "https://attacker.example", "null": "null", "dashboard": scene.origin(Surface.DASHBOARD)}
    for name, origin in origins.items():
        shot = scene.request("GET", target, (*UPGRADE, ("Origin", origin)), token=token, seconds=6)
        title = f"the owner's live tail, opened by a page of {name}"
        yield Attack(f"owner.websocket-{name}", GROUP, title, (shot,), FORBIDDEN, right)
    shot = scene.request("GET", f"/api/jobs/{job.id}/logs", token=_other(scene, "logs"))
    logs = scene.control("own-logs", "GET", f"/api/jobs/{job.id}/logs", role=Role.SUBMITTER, subject=owner)
    hidden = Expect(frozenset({403, 404}), hides=job.secrets)
    yield Attack("owner.logs", GROUP, "the log by another submitter", (shot,), hidden, logs)


def _squatting(scene: Scene, job: OwnedJob) -> Iterator[Attack]:
    """Ids, stamps and aliases that a client chooses."""
    right = _mine(scene, job)
    mark, token = f"verify-{scene.run}-forged", _other(scene, "squat")
    metadata = {"rayfence.owner": job.stamp, "job_submission_id": job.id, "job_name": job.id, "rayfence.x": "1"}
    wishes: dict[str, tuple[str, dict[str, str]]] = {
        "same": (job.id, metadata),
        "driver": (job.driver or "05000000", {}),
        "path": ("../../x", {}),
    }
    for name, (wish, extra) in wishes.items():
        body = {"entrypoint": f"true # rayfence-verify-{scene.run} {mark}", "submission_id": wish, "metadata": extra}
        shot = scene.request("POST", "/api/jobs/", (), json.dumps(body).encode(), token=token)
        taken = Expect(frozenset({200}), refused=False, says=("submission_id",), hides=(f'"{wish}"',))
        yield Attack(f"squat.{name}", GROUP, f"a job under the id {wish!r}", (shot,), taken, right)
    listing = scene.request(
        "GET", "/api/jobs/", token=scene.token("squat-owner", role=Role.SUBMITTER, subject=scene.subject("owner"))
    )
    theirs = scene.control(
        "squat-list", "GET", "/api/jobs/", role=Role.SUBMITTER, subject=scene.subject("other"), says=(mark,)
    )
    unseen = Expect(frozenset({200}), refused=False, says=(job.id,), hides=(mark,))
    title = "a copied owner stamp makes the job somebody else's"
    yield Attack("squat.stamp", GROUP, title, (listing,), unseen, theirs)
    for name, member in (("job-id", {"job_id": job.id}), ("unknown", {"rayfence_owner": "x"})):
        body = {"entrypoint": f"true # rayfence-verify-{scene.run}", **member}
        shot = scene.request("POST", "/api/jobs/", (), json.dumps(body).encode(), token=token)
        refused = Expect(frozenset({400, 422}))
        yield Attack(f"squat.{name}", GROUP, f"a submission with {next(iter(member))}", (shot,), refused, right)


def _packages(scene: Scene) -> Iterator[Attack]:
    """Ray trusts a package's name: who plants it first would run in everybody's jobs."""
    owner, archive = scene.subject("owner"), b"PK\x05\x06" + bytes(18)
    planted, probed = f"/api/packages/gcs/_ray_pkg_{scene.run}1.zip", f"/api/packages/gcs/_ray_pkg_{scene.run}2.zip"
    own, other = scene.token("pkg", role=Role.SUBMITTER, subject=owner), _other(scene, "pkg")
    absent = Expect(frozenset({404}), refused=False)
    theirs = scene.control("pkg-other", "GET", planted, role=Role.SUBMITTER, subject=scene.subject("other"))
    shots = (scene.request("PUT", planted, (), archive, token=other), scene.request("GET", planted, token=own))
    yield Attack("package.plant", GROUP, "a package laid before its owner comes", shots, absent, theirs)
    mine = scene.control("pkg-own", "GET", probed, role=Role.SUBMITTER, subject=owner)
    shots = (scene.request("PUT", probed, (), archive, token=own), scene.request("GET", probed, token=other))
    yield Attack("package.probe", GROUP, "whether somebody has a package", shots, absent, mine)
    names = {
        "protocol": "/api/packages/s3/_ray_pkg_x.zip",
        "https": "/api/packages/https/attacker.example",
        "up": "/api/packages/gcs/../_ray_pkg_x.zip",
        "encoded": "/api/packages/gcs/..%2f_ray_pkg_x.zip",
        "folder": "/api/packages/gcs/a/_ray_pkg_x.zip",
        "dots": "/api/packages/gcs/..",
    }
    for name, target in names.items():
        shot = scene.request("PUT", target, (), archive, token=other)
        yield Attack(f"package.{name}", GROUP, f"PUT {target}", (shot,), _CLOSED, mine)


def _control(scene: Scene, job: OwnedJob) -> Iterator[Attack]:
    """Stop and delete, last: the control ends the job."""
    owner = scene.subject("owner")
    stop, delete = f"/api/jobs/{job.id}/stop", f"/api/jobs/{job.id}"
    stopped = scene.control("own-stop", "POST", stop, role=Role.SUBMITTER, subject=owner, says=("stopped",))
    viewer = scene.token("viewer-stop", rights=(Right.RAY_CLIENT,))
    for who, token in (("other", _other(scene, "stop")), ("viewer", viewer)):
        shot = scene.request("POST", stop, token=token)
        yield Attack(f"owner.stop-{who}", GROUP, f"stopping the job by {who}", (shot,), FORBIDDEN, stopped)
        shot = scene.request("DELETE", delete, token=token)
        yield Attack(
            f"owner.delete-{who}", GROUP, f"deleting the job by {who}", (shot,), FORBIDDEN, stopped, "CVE-2026-27482"
        )
    if job.driver:
        for method, target in (("POST", f"/api/jobs/{job.driver}/stop"), ("DELETE", f"/api/jobs/{job.driver}")):
            shot = scene.request(method, target, token=_other(scene, "alias"))
            title = f"{method} by the id of the driver"
            yield Attack(f"owner.alias-{method.lower()}", GROUP, title, (shot,), _CLOSED, stopped)
