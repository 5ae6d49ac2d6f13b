"""Which function answers which route of the catalogue. `test_handlers` holds that every Backend.SERVICE route has
one.
"""

from typing import Final

from rayfence.gateway.jobs import control, judges, packages, read, serve, state, submit
from rayfence.gateway.login import discovery, forms, session_api, trail_api, user_api
from rayfence.gateway.service import Handler
from rayfence.model.routes import Ownership

HANDLERS: Final[dict[str, Handler]] = {
    **discovery.HANDLERS,
    **forms.HANDLERS,
    **session_api.HANDLERS,
    **user_api.HANDLERS,
    **trail_api.HANDLERS,
    **submit.HANDLERS,
    **read.HANDLERS,
    **control.HANDLERS,
    **packages.HANDLERS,
    **state.HANDLERS,
    **serve.HANDLERS,
}

#: Answers to Envoy's ownership questions, by what the route asks.
JUDGES: Final[dict[Ownership, Handler]] = judges.JUDGES
