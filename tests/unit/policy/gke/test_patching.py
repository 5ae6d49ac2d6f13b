"""Patches always come: a channel, a window wide enough, exclusions that end."""

import pytest

from rayfence.model.gke import Exclusion, Patching, Window
from rayfence.policy.gke.patching import CHANNELS
from tests.unit.policy.platforms import minimal, refused, resolved

START = "2027-01-02T02:00:00Z"


def test_regular_and_any_time_by_default() -> None:
    resolution = resolved(minimal())
    assert resolution.gke is not None
    assert (resolution.gke.channel, resolution.gke.window, resolution.gke.exclusions) == ("REGULAR", None, ())


@pytest.mark.parametrize("name", CHANNELS)
def test_every_channel_keeps_patches_coming(name: str) -> None:
    assert resolved(minimal(patching=Patching(name))).conflicts == ()


def test_as_specified() -> None:
    window = Window(START, "2027-01-02T08:00:00Z", "FREQ=WEEKLY;BYDAY=SA")
    exclusion = Exclusion("freeze", START, "2027-03-02T02:00:00+01:00")
    resolution = resolved(minimal(patching=Patching("stable", window, (exclusion,))))
    assert resolution.conflicts == ()
    assert resolution.gke is not None
    assert (resolution.gke.channel, resolution.gke.window) == ("STABLE", window)


@pytest.mark.parametrize(
    ("patching", "field"),
    [
        (Patching("NONE"), "patching.channel"),
        (Patching(window=Window(START, "2027-01-02T03:00:00Z", "FREQ=DAILY")), "patching.window"),
        (Patching(window=Window("soon", "later", "FREQ=DAILY")), "patching.window"),
        (Patching(exclusions=(Exclusion("x", START, "2026-01-01T00:00:00"),)), "patching.exclusions[0]"),
        (Patching(exclusions=(Exclusion("x", START, "2027-09-01T00:00:00Z"),)), "patching.exclusions[0].end"),
        (
            Patching(exclusions=(Exclusion("x", START, "2027-02-09T00:00:00Z", "NO_UPGRADES"),)),
            "patching.exclusions[0].end",
        ),
        (Patching(exclusions=(Exclusion("x", START, "2027-02-09T00:00:00Z", "ALL"),)), "patching.exclusions[0].scope"),
    ],
)
def test_what_would_keep_patches_away(patching: Patching, field: str) -> None:
    assert field in refused(resolved(minimal(patching=patching)))
