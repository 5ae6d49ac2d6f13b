"""Intent before, outcome after, whatever happens in between."""

import asyncio

import pytest

from rayfence.gateway.answers import Refused
from rayfence.gateway.recorder import OutcomeUnknown, Recorder
from tests.sim.gateway import SimJournal

pytestmark = pytest.mark.anyio


async def test_done_with_status_and_detail() -> None:
    journal = SimJournal()
    recorder = Recorder(journal)
    async with recorder.write("alice", "job.submit", "a-1", "r-1", {"bytes": 3}) as write:
        assert journal.intents[write.intent]["request"] == "r-1"
        assert not journal.outcomes
        write.ended(201)
    assert journal.outcomes == {write.intent: ("done", 201)}
    recorder.close()


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (Refused(400, "x", "y"), ("failed", 400)),
        (RuntimeError("x"), ("failed", 500)),
        (asyncio.CancelledError(), ("failed", 500)),
        (OutcomeUnknown(504, "x", "y"), None),
    ],
)
async def test_an_exception_is_an_outcome_unless_nobody_knows(
    error: BaseException, outcome: tuple[str, int] | None
) -> None:
    journal = SimJournal()
    recorder = Recorder(journal)
    with pytest.raises(type(error)):
        async with recorder.write("alice", "job.submit", "a-1", ""):
            raise error
    assert list(journal.outcomes.values()) == ([] if outcome is None else [outcome])
    recorder.close()


async def test_what_can_t_be_recorded_does_not_happen() -> None:
    journal = SimJournal(failing=True)
    recorder = Recorder(journal)
    entered = False
    with pytest.raises(Refused) as refused:
        async with recorder.write("alice", "job.submit", "a-1", ""):
            entered = True
    assert not entered
    assert refused.value.status == 503
    recorder.close()
