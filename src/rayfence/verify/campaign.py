"""Runs attacks one after the other and waits for the log to tell about them. Touches the world through ports only."""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from rayfence.model.evidence import Evidence
from rayfence.model.routes import RouteCatalog
from rayfence.model.wire import Answer
from rayfence.ports.machine import Reporter
from rayfence.ports.wire import Lines, Wire
from rayfence.verify.attack import Attack, Control
from rayfence.verify.judge import Log, Trial, judge, read_log, refusal_id

#: Envoy writes its log every 200 ms; a busy machine may take longer.
LOG_SECONDS: Final = 5.0


def run(
    attacks: Sequence[Attack],
    wire: Wire,
    lines: Lines,
    catalog: RouteCatalog,
    report: Reporter,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[Evidence, ...]:
    """Evidence for each attack, in order.

    1. Send every attack; a control once, right after (or before) the first attack that needs it.
    2. Wait until the log names every request that must be looked up.
    3. Judge.
    """
    controls: dict[str, Answer] = {}
    trials, group = [], ""
    for attack in attacks:  # 1
        if attack.group != group:
            group = attack.group
            report(f"{group}: {sum(one.group == group for one in attacks)} attacks")
        control = attack.control
        if control.before and control.id not in controls:
            controls[control.id] = wire.send(control.shot)
        answer = Answer(0, note="never sent")
        for shot in attack.shots:
            answer = wire.send(shot)
        if control.id not in controls:
            controls[control.id] = wire.send(control.shot)
        trials.append(Trial(attack, answer, controls[control.id]))
    log = await_lines(trials, lines, catalog, sleep)  # 2
    return tuple(judge(trial, log) for trial in trials)  # 3


def await_lines(trials: Iterable[Trial], lines: Lines, catalog: RouteCatalog, sleep: Callable[[float], None]) -> Log:
    """The log, as soon as it holds what is needed, or after `LOG_SECONDS`."""
    listed = list(trials)
    tokens = wanted_tokens(trial.attack.control for trial in listed)
    ids = {found for trial in listed if (found := refusal_id(trial.answer)) is not None}
    waited = 0.0
    while True:
        log = read_log(lines.read(), catalog)
        if (tokens <= log.by_token.keys() and ids <= log.by_id.keys()) or waited >= LOG_SECONDS:
            return log
        sleep(0.2)
        waited += 0.2


def wanted_tokens(controls: Iterable[Control]) -> set[str]:
    """Token ids that must appear in the log."""
    return {control.token_id for control in controls if control.reaches and control.token_id}
