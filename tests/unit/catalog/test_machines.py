from rayfence.catalog.machines import load_machines


def test_both_halves_are_dated() -> None:
    machines = load_machines()
    assert machines.types.dated >= "2026-11-26" and machines.figures.dated >= "2026-11-26"
