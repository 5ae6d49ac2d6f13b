"""Where hostile tokens are shown: a read that every user may do, answered by Ray alone."""

from collections.abc import Iterable
from typing import Final

from rayfence.model.routes import Surface
from rayfence.verify.attack import UNAUTHENTICATED, Attack, Control, Expect
from rayfence.verify.scene import Scene

GROUP: Final = "tokens"
PATH: Final = "/api/version"
#: Only Ray answers this word there.
RAYS_WORD: Final = "ray_version"
#: For tokens that no rule of RFC 7519 forbids by name: refused at identity or at the role, as long as it is refused.
REFUSED: Final = Expect(frozenset({400, 401, 403}))
#: name, token, what is wrong, and what must happen where it is not 401.
Row = tuple[str, str, str] | tuple[str, str, str, Expect]


def control(scene: Scene) -> Control:
    """The same read with a right token."""
    return scene.control("version", "GET", PATH, says=(RAYS_WORD,))


def bearer_attacks(scene: Scene, rows: Iterable[Row]) -> tuple[Attack, ...]:
    """Each token as a bearer of the API."""
    right = control(scene)
    return tuple(
        Attack(
            id=f"token.{row[0]}",
            group=GROUP,
            title=row[2],
            shots=(scene.request("GET", PATH, token=row[1], surface=Surface.API),),
            expect=row[3] if len(row) == 4 else UNAUTHENTICATED,
            control=right,
        )
        for row in rows
    )
