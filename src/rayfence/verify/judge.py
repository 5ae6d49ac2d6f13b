"""From what came back to a verdict. Pure; the only place where attacks are judged.

A refusal counts when the gateway itself made it: its JSON names the request, and the access log shows under that id
that nothing was passed on to Ray. A control counts when the access log shows its own token's request passed on.
"""

import json
from collections.abc import Iterable, Mapping

from rayfence.errors import cut
from rayfence.model.evidence import Evidence
from rayfence.model.frozen import dataclass
from rayfence.model.routes import Backend, RouteCatalog
from rayfence.model.verdict import Verdict
from rayfence.model.wire import Answer, LogLine
from rayfence.verify.attack import Attack, Control

#: Backends at which a request does what it says; the service is the gateway itself.
_BEYOND = frozenset({Backend.RAY, Backend.SERVE, Backend.RAY_CLIENT})


@dataclass(frozen=True, slots=True)
class Trial:
    """One attack as it went, beside its control."""

    attack: Attack
    answer: Answer
    control: Answer


@dataclass(frozen=True, slots=True)
class Log:
    """The access log of the run, found by request and by token."""

    by_id: Mapping[str, LogLine]
    by_token: Mapping[str, LogLine]
    backends: Mapping[str, Backend]

    def beyond(self, line: LogLine) -> bool:
        """Whether this request went past the gateway."""
        return line.passed_on and self.backends.get(line.route) in _BEYOND


def read_log(lines: Iterable[LogLine], catalog: RouteCatalog) -> Log:
    """Index the lines. A token's last line counts."""
    listed = list(lines)
    return Log(
        {line.id: line for line in listed},
        {line.token_id: line for line in listed if line.token_id},
        {route.name: route.backend for route in catalog.routes},
    )


def judge(trial: Trial, log: Log) -> Evidence:
    """The verdict on one attack."""
    attack = trial.attack
    works, shown = judge_control(attack.control, trial.control, log)
    problem = problem_of(attack, trial.answer, log)
    fine = Verdict.PASS if works else Verdict.UNKNOWN
    verdict = fine if problem is None else Verdict.FAIL  # a hole is a hole, whether or not the control worked
    return Evidence(
        attack=attack.id,
        group=attack.group,
        title=attack.title,
        verdict=verdict,
        expected=attack.expect.words(),
        seen=problem or seen(trial.answer),
        control=shown,
        source=attack.source,
        known=attack.known if verdict is Verdict.FAIL else "",
    )


def judge_control(control: Control, answer: Answer, log: Log) -> tuple[bool, str]:
    """Whether the control shows what it must, and in words what it showed."""
    told = seen(answer)
    if control.statuses and answer.status not in control.statuses:
        return False, f"did not work: {told}"
    missing = [words for words in control.says if words not in answer.text]
    if missing:
        return False, f"did not work: {told}, without {missing[0]!r}"
    if not control.reaches:
        return True, f"{answer.status}"
    line = log.by_token.get(control.token_id)
    if line is None:
        return False, f"did not work: {told}, and the access log has no line of it"
    if not line.passed_on:
        return False, f"did not work: {told}; nothing was passed on ({line.details})"
    place = log.backends.get(line.route, Backend.FIXED)
    took = "no answer there" if line.upstream_ms is None else f"{line.upstream_ms} ms"
    return True, f"{answer.status}, passed on to {_NAMES[place]} as {line.route} ({took})"


def problem_of(attack: Attack, answer: Answer, log: Log) -> str | None:
    """What makes the attack a success, or None."""
    expect = attack.expect
    leaked = [words for words in expect.hides if words in answer.text]
    if leaked:
        return f"{answer.status}, and the answer holds {cut(leaked[0], 40)!r}"
    carried = [name for name in expect.without if answer.header(name)]
    if carried:
        return f"{answer.status}, and the answer has the header {carried[0]}"
    if answer.status == 0:
        # Nothing was said at all: a refusal where we allow for it, else not the answer we count on.
        return None if expect.closed else seen(answer)
    if expect.statuses and answer.status not in expect.statuses:
        return seen(answer)
    missing = [words for words in expect.says if words not in answer.text]
    if missing:
        return f"{seen(answer)}, without {missing[0]!r}"
    if not expect.refused:
        return None
    request_id = refusal_id(answer)
    if request_id is None:
        return f"{seen(answer)}: not the gateway's own refusal"
    line = log.by_id.get(request_id)
    if line is not None and log.beyond(line):
        return f"{answer.status}, but the request was passed on to {_NAMES[log.backends[line.route]]}"
    return None


def refusal_id(answer: Answer) -> str | None:
    """The request id in a refusal of the gateway's shape; None when the answer is somebody else's."""
    try:
        body = json.loads(answer.body)
    except ValueError:
        return None
    if not isinstance(body, dict) or not {"error", "message", "required", "request_id"} <= body.keys():
        return None
    return str(body["request_id"])


def seen(answer: Answer) -> str:
    """An answer in a few words."""
    if answer.status == 0:
        return answer.note or "no answer"
    if answer.note:
        return f"{answer.status} ({answer.note})"
    try:
        body = json.loads(answer.body)
    except ValueError:
        body = None
    word = body.get("error") if isinstance(body, dict) else None
    return f"{answer.status} {cut(str(word), 60)}" if isinstance(word, str) else str(answer.status)


_NAMES: Mapping[Backend, str] = {
    Backend.RAY: "Ray",
    Backend.SERVE: "Serve",
    Backend.RAY_CLIENT: "Ray Client",
    Backend.SERVICE: "the gateway service",
    Backend.FIXED: "nobody",
}
