from rayfence.model.proofs import Room


def test_rooms_add_subtract_and_hold() -> None:
    assert Room(1, 2, 3) + Room(1, 1) == Room(2, 3, 3)
    assert Room(1, 2) - Room(2, 1, 1) == Room(-1, 1, -1)
    assert Room(2, 2, 1).holds(Room(2, 2)) and not Room(2, 2).holds(Room(1, 1, 1))
