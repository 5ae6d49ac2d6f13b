"""The comparison has teeth: one deleted or widened rule in Envoy's catalogue, and it fails."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rayfence.adapters.envoy import EnvoyAdmin
from rayfence.adapters.envoy.versions import not_in_force, running_versions, wanted_versions
from rayfence.catalog.routes import load_routes
from rayfence.model.gateway import Limits
from rayfence.model.routes import RouteCatalog
from rayfence.render.envoy.routes import routes_resource
from rayfence.render.envoy.shape import to_text
from tests.envoy.bench import Bench
from tests.envoy.mutants import Mutant, batches, mutants, wrong_catalog
from tests.envoy.stand import put, start_stand
from tests.envoy.suite import FRONT, plain_of
from tests.envoy.wire import Wire

pytestmark = pytest.mark.envoy

_SOCKET = (("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Key", "x"))


class Surgery:
    """Puts wrong route tables into a running Envoy, one after the other."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.admin = EnvoyAdmin(bench.stand.settings.envoy_admin_socket)

    def operate(self, catalog: RouteCatalog) -> None:
        """Envoy runs this catalogue when it returns."""
        text = to_text(routes_resource(self.bench.stand.settings, catalog))
        put(Path(self.bench.stand.settings.envoy_dir) / "rds.yaml", text.encode())
        wanted = wanted_versions([text])
        for _ in range(500):
            if not not_in_force(wanted, running_versions(self.admin.routes_dump())):
                return
        raise AssertionError(f"not taken: {self.admin.refusals()}")

    def missed(self, every: Iterable[Mutant]) -> list[str]:
        """Mutants on whose own requests the comparison does not fail."""
        found = []
        for batch in batches(every, 12):
            self.operate(wrong_catalog(self.bench.catalog, batch))
            for mutant in batch:
                noticed = any(True for _ in self.bench.differences(self.requests(mutant)))
                if not noticed and not self.without_effect(mutant):
                    found.append(mutant.note)
        return found

    def without_effect(self, mutant: Mutant) -> bool:
        """Whether the reference, given the wrong catalogue, answers the same: an earlier route stands before it."""
        right, wrong = self.bench.judge, replace(self.bench.judge, catalog=wrong_catalog(self.bench.catalog, [mutant]))
        return all(right.decide(wire) == wrong.decide(wire) for wire in self.requests(mutant))

    def requests(self, mutant: Mutant) -> Iterator[Wire]:
        """The plain suite of the changed route, and what shows a change of its checks."""
        origin = ("Origin", "https://evil.example")
        for wire in plain_of(mutant.route, self.bench.callers, FRONT):
            if "unknown" in wire.note or "many-" in wire.note:
                continue
            yield wire
            if "without its Origin" in mutant.note:
                yield wire.plus("foreign", origin)
            if "opening sockets" in mutant.note:
                yield wire.plus("socket", *_SOCKET)
            if "with DELETE" in mutant.note:
                yield replace(wire, method="DELETE")


@pytest.fixture(scope="module")
def surgery() -> Iterator[Surgery]:
    """One Envoy for all."""
    catalog = load_routes("2.60.0")
    with start_stand(catalog, Limits(submits_per_minute=1_000_000)) as stand:
        surgery = Surgery(Bench(stand, catalog))
        yield surgery
        surgery.admin.close()


def test_a_few_wrong_catalogues_are_noticed(surgery: Surgery) -> None:
    """Every kind of change, on some route."""
    kinds = {mutant.note.partition(" ")[2]: mutant for mutant in mutants(surgery.bench.catalog)}
    assert not surgery.missed(kinds.values())
    surgery.operate(surgery.bench.catalog)


@pytest.mark.exhaustive
def test_every_wrong_catalogue_is_noticed(surgery: Surgery) -> None:
    """Every change of every route."""
    every = list(mutants(surgery.bench.catalog))
    assert not surgery.missed(every)
    assert len(every) > 300


def test_the_right_catalogue_is_not_complained_of(surgery: Surgery) -> None:
    """The control: after all the surgery, the right catalogue passes the same requests."""
    surgery.operate(surgery.bench.catalog)
    for route in surgery.bench.catalog.routes[::40]:
        healthy = Mutant("with DELETE opening sockets without its Origin", route, route)
        assert not list(surgery.bench.differences(list(surgery.requests(healthy))[::9]))
