"""A Ray Client program as people write it, run by `rayfence exec`: argv is the gateway's Ray Client port."""

import json
import os
import ssl
import sys
import time
from pathlib import Path

import grpc
import ray

began = time.monotonic()
pem = Path(ssl.get_default_verify_paths().cafile or "").read_bytes()
token = json.loads(os.environ["RAY_JOB_HEADERS"])["Authorization"]
os.environ.pop("RAY_ADDRESS")  # it would be preferred
try:
    ray.init(
        f"ray://localhost:{sys.argv[1]}",
        _metadata=[("authorization", token)],
        _credentials=grpc.ssl_channel_credentials(pem),
    )
except ConnectionError as error:
    print(f"refused after {time.monotonic() - began:.1f} s: {error}")
    sys.exit(3)


@ray.remote
def square(number: int) -> int:
    print("said remotely", number)
    return number * number


print("squares", ray.get([square.remote(number) for number in range(4)]))
print("bytes", len(ray.get(ray.put(b"x" * 3_000_000))))
deadline = time.monotonic() + 5
while time.monotonic() < deadline:  # remote prints come on a stream of their own
    time.sleep(0.5)
ray.shutdown()
