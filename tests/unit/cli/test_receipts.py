"""Receipts as text."""

from pathlib import Path

import pytest

from rayfence.cli.receipts import show
from rayfence.model.receipt import ClusterReceipt, Deed, Done, Outcome

DONE = (
    Done("Namespace vision", Deed.CREATED, "d"),
    Done("RayCluster vision/train", Deed.CREATED, "d", "not tried: its namespace is not there yet"),
    Done("Deployment x/y", Deed.FORCED, "d"),
)


def _receipt(outcome: Outcome, action: str = "apply", **more: tuple[Done, ...] | tuple[str, ...]) -> ClusterReceipt:
    return ClusterReceipt("ml", action, "d", "t0", "ada", "h", "s", outcome, "t1", **more)  # type: ignore[arg-type]


def test_counts_and_what_a_person_must_know(capsys: pytest.CaptureFixture[str]) -> None:
    show(_receipt(Outcome.COMPLETE, done=DONE), Path("/r.json"), False)
    out, err = capsys.readouterr()
    assert "Done. 2 created, 1 forced." in out and "Namespace vision" not in out
    assert "Deployment x/y" in out and "not tried" in out and "receipt: /r.json" in err


def test_everything_on_demand(capsys: pytest.CaptureFixture[str]) -> None:
    show(_receipt(Outcome.COMPLETE, done=DONE), None, True)
    out, err = capsys.readouterr()
    assert "Namespace vision" in out and err == ""


@pytest.mark.parametrize(
    ("action", "words"), [("apply", "everything is as specified"), ("destroy", "nothing of this platform is there")]
)
def test_nothing_to_do_is_said_for_what_was_asked(action: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    show(_receipt(Outcome.UNCHANGED, action), None, False)
    assert words in capsys.readouterr().out


def test_what_was_left_in_place_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    show(_receipt(Outcome.UNCHANGED, strays=("Namespace old",)), None, False)
    out = capsys.readouterr().out
    assert "left in place: Namespace old" in out and "--prune" in out
