"""What a restart finds out from the chain."""

from pathlib import Path

from rayfence.gateway.segments import Segments
from rayfence.gateway.trailstate import TrailState, note_of, recover, save
from rayfence.trail.chain import Tip, digest, extend
from rayfence.trail.intents import OpenIntent
from rayfence.trail.record import Entry, Kind, timestamp
from tests.sim.trail import entries, head

TS = timestamp(1.7e9)
INTENT = OpenIntent("0123456789abcdef", 3, TS, "alice", "job.stop", "raysubmit-1", {"request": "r"})


def filled(folder: Path, count: int = 21) -> Segments:
    """A chain in three segments whose last intent is open."""
    segments = Segments(folder)
    segments.begin()
    made = entries(count)
    for first in range(0, len(made), 8):
        if first:
            segments.rotate()
        lines, tip = extend(segments.tip, made[first : first + 8])
        segments.append(lines, tip)
    return segments


def test_open_intents_and_the_place_in_the_log_follow_from_the_chain(tmp_path: Path) -> None:
    segments = filled(tmp_path)
    found = recover(segments, None)
    assert list(found.state.orphans) == [f"{21:016x}"]
    assert found.state.position == f"0123456789ab:{20 * 400}"
    assert (found.damage, found.cut) == ((), "")
    segments.close()


def test_a_note_spares_the_segments_before_it(tmp_path: Path) -> None:
    segments = filled(tmp_path)
    files = segments.files()
    save(files[-1], TrailState({}, "x:1"), {INTENT.id: INTENT})
    files[0].unlink()
    found = recover(segments, None)
    assert next(iter(found.state.orphans.values())) == INTENT
    assert found.damage == ()
    segments.close()


def test_a_damaged_note_is_not_believed(tmp_path: Path) -> None:
    segments = filled(tmp_path)
    note_of(segments.files()[-1]).write_text('{"open": [[1]]}')
    assert list(recover(segments, None).state.orphans) == [f"{21:016x}"]
    segments.close()


def test_damage_is_located(tmp_path: Path) -> None:
    segments = filled(tmp_path)
    path = segments.files()[1]
    path.write_bytes(path.read_bytes().replace(b'"bob"', b'"eve"', 1) + b"noise\n")
    damage = recover(segments, None).damage
    assert "does not follow" in damage[0]
    assert "no record" in damage[1]
    segments.close()


def test_a_head_behind_the_end_forbids_to_go_on(tmp_path: Path) -> None:
    segments = filled(tmp_path)
    tip = segments.tip
    assert recover(segments, head(tip)).cut == ""
    assert "names record 22" in recover(segments, head(Tip(22, tip.hash))).cut
    assert "replaced" in recover(segments, head(Tip(tip.seq, "0" * 64))).cut
    segments.close()


def test_a_text_that_looks_like_a_place_is_none(tmp_path: Path) -> None:
    segments = filled(tmp_path, 3)
    before = recover(segments, None).state.position
    lines, tip = extend(segments.tip, [Entry(Kind.DECISION, TS, '"pos":"evil:1"', object='"pos":"evil:1"')])
    segments.append(lines, tip)
    assert digest(lines[0]) == tip.hash
    assert recover(segments, None).state.position == before
    segments.close()
