"""The bookkeeping of problems; what each break looks like is tested with whole chains in `test_verify`."""

from rayfence.trail.chain import Tip, read_start
from rayfence.trail.diagnosis import PROBLEM_LIMIT, Diagnosis, Problem, ProblemKind
from tests.sim.trail import chain, tip_of

LINES = chain(10)


def test_neighbours_of_one_kind_are_one_problem() -> None:
    diagnosis = Diagnosis()
    for seq in (4, 5, 6, 9):
        diagnosis.add(ProblemKind.EDITED, seq, "changed")
    assert [(p.seq, p.through) for p in diagnosis.problems()] == [(4, 6), (9, 9)]


def test_a_flood_of_problems_is_bounded() -> None:
    diagnosis = Diagnosis()
    for seq in range(0, 1000, 2):
        diagnosis.add(ProblemKind.EDITED, seq, "changed")
    assert len(diagnosis.problems()) == PROBLEM_LIMIT
    assert diagnosis.omitted == 500 - PROBLEM_LIMIT


def test_the_chain_goes_on_from_a_later_record_and_not_from_an_earlier_one() -> None:
    diagnosis = Diagnosis()
    tip = tip_of(LINES, 4)
    ahead = diagnosis.explain(tip, LINES[8], read_start(LINES[8]), is_first=False)
    assert ahead == tip_of(LINES, 8)
    assert diagnosis.explain(tip_of(LINES, 8), LINES[6], read_start(LINES[6]), is_first=False) is None
    diagnosis.finish()
    kinds = [(p.kind, p.seq) for p in diagnosis.problems()]
    assert kinds == [(ProblemKind.DELETED, 5), (ProblemKind.REORDERED, 6), (ProblemKind.DELETED, 7)]


def test_a_missing_beginning_needs_the_very_record_that_retention_names() -> None:
    for retired, count in (((), 1), ([Tip(2, "0" * 64), tip_of(LINES, 4)], 0), ([Tip(4, "0" * 64)], 1)):
        diagnosis = Diagnosis()
        diagnosis.explain(Tip(-1, "0" * 64), LINES[5], read_start(LINES[5]), is_first=True)
        diagnosis.finish(retired)
        assert len(diagnosis.problems()) == count


def test_a_problem_reads_as_a_sentence() -> None:
    assert str(Problem(ProblemKind.DELETED, 3, 3, "missing")) == "record 3: deleted: missing"
    assert str(Problem(ProblemKind.DELETED, 3, 5, "missing")) == "records 3 to 5: deleted: missing"
