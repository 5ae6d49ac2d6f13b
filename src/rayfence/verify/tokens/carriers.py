"""Right tokens in the wrong place, twice, or on another surface than the one they were made for.

Sources: RFC 6750 2.3 (tokens in queries leak), RFC 9110 5.3 (repeated fields), Ray's own carriers: `Authorization`,
`X-Ray-Authorization`, cookie `ray-authentication-token`.
"""

from collections.abc import Iterator

from rayfence.model.routes import Role, Surface
from rayfence.model.wire import Fields
from rayfence.verify.attack import FORBIDDEN, UNAUTHENTICATED, Attack, Expect
from rayfence.verify.scene import EVERY_RIGHT, Scene
from rayfence.verify.tokens.target import GROUP, PATH, control

_TWO: Expect = Expect(frozenset({400, 401}))
_OTHER_SURFACE: Expect = Expect(frozenset({401, 403}))


def carrier_attacks(scene: Scene) -> tuple[Attack, ...]:
    """All of them."""
    return (*_places(scene), *_surfaces(scene))


def _places(scene: Scene) -> Iterator[Attack]:
    right, rays = scene.token("carrier"), scene.ray_token
    bad = scene.stranger.token(scene.claims("carrier"))
    bearer = f"Bearer {right}"
    rows: dict[str, tuple[Fields, str, str, Expect]] = {
        "two-good-bad": (
            (("Authorization", bearer), ("Authorization", f"Bearer {bad}")),
            PATH,
            "a second header",
            _TWO,
        ),
        "two-bad-good": (
            (("Authorization", f"Bearer {bad}"), ("Authorization", bearer)),
            PATH,
            "a second header",
            _TWO,
        ),
        "two-good": ((("Authorization", bearer), ("authorization", bearer)), PATH, "the same header twice", _TWO),
        "two-ray": ((("Authorization", bearer), ("Authorization", f"Bearer {rays}")), PATH, "Ray's token beside", _TWO),
        "comma": ((("Authorization", f"{bearer}, Bearer {bad}"),), PATH, "two in one header", _TWO),
        "lower-case": ((("Authorization", f"bearer {right}"),), PATH, "`bearer`", UNAUTHENTICATED),
        "upper-case": ((("Authorization", f"BEARER {right}"),), PATH, "`BEARER`", UNAUTHENTICATED),
        "no-prefix": ((("Authorization", right),), PATH, "no `Bearer`", UNAUTHENTICATED),
        "token-prefix": ((("Authorization", f"Token {right}"),), PATH, "`Token`", UNAUTHENTICATED),
        "basic": ((("Authorization", f"Basic {right}"),), PATH, "as a password", UNAUTHENTICATED),
        "tab": ((("Authorization", f"Bearer\t{right}"),), PATH, "a tab for the space", UNAUTHENTICATED),
        "prefix-before": ((("Authorization", f"x Bearer {right}"),), PATH, "a word before", UNAUTHENTICATED),
        "query": ((), f"{PATH}?access_token={right}", "in the query", UNAUTHENTICATED),
        "query-jwt": ((), f"{PATH}?jwt={right}&token={right}", "in the query", UNAUTHENTICATED),
        "query-authorization": ((), f"{PATH}?Authorization=Bearer%20{right}", "in the query", UNAUTHENTICATED),
        "cookie": ((("Cookie", f"__Host-rayfence={right}"),), PATH, "in the dashboard's cookie", UNAUTHENTICATED),
        "cookie-login": ((("Cookie", f"__Host-rayfence-login={right}"),), PATH, "in a cookie", UNAUTHENTICATED),
        "cookie-ray": ((("Cookie", f"ray-authentication-token={right}"),), PATH, "in Ray's cookie", UNAUTHENTICATED),
        "x-ray": ((("X-Ray-Authorization", bearer),), PATH, "in Ray's second header", UNAUTHENTICATED),
        "x-forwarded": ((("X-Forwarded-Authorization", bearer),), PATH, "in another header", UNAUTHENTICATED),
        "proxy": ((("Proxy-Authorization", bearer),), PATH, "in another header", UNAUTHENTICATED),
        "protocol": ((("Sec-WebSocket-Protocol", f"bearer, {right}"),), PATH, "as a subprotocol", UNAUTHENTICATED),
        "payload": ((("X-Rayfence-Payload", right.split(".")[1]),), PATH, "as what Envoy tells", UNAUTHENTICATED),
        "cookie-and-bearer": (
            (("Authorization", bearer), ("Cookie", f"__Host-rayfence={bad}")),
            PATH,
            "a cookie beside it",
            Expect(frozenset({400})),
        ),
        "ray-raw": ((("Authorization", f"Bearer {rays}"),), PATH, "Ray's own token", UNAUTHENTICATED),
        "ray-raw-x": ((("X-Ray-Authorization", f"Bearer {rays}"),), PATH, "Ray's own token", UNAUTHENTICATED),
        "ray-raw-cookie": ((("Cookie", f"ray-authentication-token={rays}"),), PATH, "Ray's own token", UNAUTHENTICATED),
        "ray-raw-query": ((), f"{PATH}?token={rays}", "Ray's own token", UNAUTHENTICATED),
    }
    for name, (headers, target, why, expect) in rows.items():
        shot = scene.request("GET", target, headers)
        yield Attack(f"carrier.{name}", GROUP, f"token {why}", (shot,), expect, control(scene))


def _surfaces(scene: Scene) -> Iterator[Attack]:
    """A token stolen from one surface opens no other."""
    whoami = scene.control("whoami", "GET", "/v1/whoami", surface=Surface.LOGIN, says=('"subject"',))
    page = scene.control("page", "GET", PATH, surface=Surface.DASHBOARD, says=("ray_version",))
    for made in (Surface.API, Surface.DASHBOARD, Surface.LOGIN):
        stolen = scene.token(f"stolen-{made}", surface=made, role=Role.ADMIN, rights=EVERY_RIGHT)
        for used in (Surface.API, Surface.DASHBOARD, Surface.LOGIN):
            if made is used:
                continue
            target = "/v1/whoami" if used is Surface.LOGIN else PATH
            shot = scene.request("GET", target, surface=used, token=stolen)
            right = {Surface.API: control(scene), Surface.DASHBOARD: page, Surface.LOGIN: whoami}[used]
            title = f"a {made} token on the {used} host"
            yield Attack(f"surface.{made}-on-{used}", GROUP, title, (shot,), _OTHER_SURFACE, right)
        if made is not Surface.LOGIN:
            cookie = (("Cookie", f"__Host-rayfence-login={stolen}"),)
            shot = scene.request("GET", "/v1/whoami", cookie, surface=Surface.LOGIN)
            yield Attack(
                f"surface.{made}-as-login-cookie", GROUP, f"a {made} token as the log-in cookie", (shot,),
                _OTHER_SURFACE, whoami,
            )  # fmt: skip
    bearer = (("Authorization", f"Bearer {scene.token('dash-bearer', surface=Surface.DASHBOARD)}"),)
    shot = scene.request("GET", PATH, bearer, surface=Surface.DASHBOARD)
    yield Attack("surface.dashboard-bearer", GROUP, "the dashboard's token as a bearer", (shot,), UNAUTHENTICATED, page)
    admin = scene.token("dash-admin", surface=Surface.DASHBOARD, role=Role.ADMIN)
    shot = scene.request("POST", "/api/jobs/", (), b'{"entrypoint":"true"}', surface=Surface.DASHBOARD, token=admin)
    closed = Expect(FORBIDDEN.statuses | {404, 405})
    yield Attack("surface.dashboard-write", GROUP, "a write with the dashboard's cookie", (shot,), closed, page)
