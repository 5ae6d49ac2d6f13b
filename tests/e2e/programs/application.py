"""A Serve application that tells what reached it, and one answer that comes in pieces; deployed by its import path."""

import time
from collections.abc import Iterator
from typing import Any

from ray import serve
from starlette.requests import Request
from starlette.responses import StreamingResponse


@serve.deployment(num_replicas=1, ray_actor_options={"num_cpus": 0})
class _Echo:
    """GET …/headers, …/stream; anything else is echoed."""

    async def __call__(self, request: Request) -> Any:
        """Serve's entry."""
        if request.url.path.endswith("/stream"):
            return StreamingResponse(self._pieces(), media_type="text/plain")
        if request.url.path.endswith("/headers"):
            return {"path": request.url.path, "headers": [list(pair) for pair in request.headers.items()]}
        return {"method": request.method, "path": request.url.path, "body": (await request.body()).decode()}

    def _pieces(self) -> Iterator[str]:
        for number in range(5):
            yield f"piece {number}\n"
            time.sleep(0.4)


Echo: Any = _Echo
app = Echo.bind()
