"""The application of examples/two-tenants: answers a recording with its length, as a stand-in for its words."""

from typing import Any

from ray import serve
from starlette.requests import Request


@serve.deployment(num_replicas=1, ray_actor_options={"num_cpus": 0})
class _Transcribe:
    async def __call__(self, request: Request) -> dict[str, int]:
        """Serve's entry."""
        return {"bytes": len(await request.body())}


Transcribe: Any = _Transcribe
app = Transcribe.bind()
