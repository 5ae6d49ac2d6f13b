from hypothesis import given
from hypothesis import strategies as st

from rayfence.model.proofs import PodNeed, Room
from rayfence.policy.proofs.fit.packing import Bin, pack, per_node


def need(room: Room) -> PodNeed:
    return PodNeed("n", "p", None, room, 0, 0, None, waits=False, parts=())


ROOMS = st.builds(Room, st.integers(1, 4000), st.integers(1, 4000), st.integers(0, 2))


def test_nodes_are_filled_before_new_ones_are_opened() -> None:
    wanted = [(need(Room(600, 10)), 2), (need(Room(400, 10)), 3)]
    packing = pack(wanted, [["a"], ["a"]], [Bin("a", Room(1000, 100), 9)])
    assert packing.nodes == {"a": 3} and packing.homeless == {}


def test_pods_with_few_choices_come_first() -> None:
    wanted = [(need(Room(10, 10)), 1), (need(Room(10, 10)), 1)]
    packing = pack(wanted, [["a", "b"], ["a"]], [Bin("a", Room(10, 10), 1), Bin("b", Room(10, 10), 1)])
    assert packing.homeless == {}


def test_a_negative_room_holds_nothing() -> None:
    assert per_node(Room(100, -5), Room(1, 1)) == 0
    assert per_node(Room(100, 100), Room(0, 0)) == 0


@given(st.lists(st.tuples(ROOMS, st.integers(0, 20)), max_size=6), ROOMS, st.integers(0, 6))
def test_what_is_placed_never_exceeds_the_nodes(items: list[tuple[Room, int]], room: Room, limit: int) -> None:
    wanted = [(need(request), count) for request, count in items]
    packing = pack(wanted, [["a"]] * len(wanted), [Bin("a", room, limit)])
    nodes = packing.nodes["a"]
    assert nodes <= limit
    placed = [(request, count - packing.homeless.get(index, 0)) for index, (request, count) in enumerate(items)]
    assert sum(request.cpu_milli * count for request, count in placed) <= nodes * room.cpu_milli
    assert sum(request.memory_mib * count for request, count in placed) <= nodes * room.memory_mib
    assert sum(request.gpus * count for request, count in placed) <= nodes * room.gpus
    assert nodes <= sum(count for _, count in placed)
    for index in packing.homeless:
        assert nodes == limit or per_node(room, items[index][0]) == 0
