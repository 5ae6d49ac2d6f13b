from rayfence.api.instances import Record
from rayfence.verify.posture import TrailSighting


def trail_sighting(record: Record) -> TrailSighting | None:
    return None
