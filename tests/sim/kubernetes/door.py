"""The simulated cluster in the place of a real one, for use cases and verbs."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from rayfence.cli.apply import command as apply_command
from tests.sim.kubernetes.stand import Stand
from tests.sim.planning import based_on, write


def behind(stand: Stand, monkeypatch: pytest.MonkeyPatch, state: Path) -> None:
    """Let every verb of this test reach the stand's cluster, with its clock, and keep receipts below `state`."""
    contexts: list[str | None] = []

    def connect(context: str | None) -> object:
        contexts.append(context)
        return stand.cluster

    monkeypatch.setattr("rayfence.api.kubernetes._server", connect)
    for module in ("apply", "diff", "destroy", "verify_cluster"):
        monkeypatch.setattr(f"rayfence.api.{module}.SystemClock", lambda: stand.cluster.clock)
    for module in ("kubernetes", "clusters.records"):
        monkeypatch.setattr(f"rayfence.api.{module}.state_root", lambda _: state)


def spec(folder: Path, *changes: tuple[str, object]) -> Path:
    """The example with two tenants, changed, as a file."""
    return write(folder, based_on("two-tenants", *changes))


ONE_TENANT: tuple[str, object] = ("tenants.1", ...)


def applied_stand(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Stand:
    """A cluster to which the verb `apply` has applied one tenant, and which has come to rest."""
    stand = Stand()
    behind(stand, monkeypatch, folder / "state")
    words = ["-f", str(spec(folder, ONE_TENANT)), "-q"]
    assert CliRunner().invoke(apply_command, words, standalone_mode=False).return_value == 0
    stand.settle()
    return stand
