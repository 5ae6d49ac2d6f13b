"""A Ray Client program as people write it: argv is the address; the token is that of `ray job`."""

import json
import os
import sys
import time
from pathlib import Path

import grpc
import ray

began = time.monotonic()
pem = Path(os.environ["SSL_CERT_FILE"]).read_bytes()
token = json.loads(os.environ["RAY_JOB_HEADERS"])["Authorization"]
try:
    ray.init(
        sys.argv[1],
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
deadline = time.monotonic() + 5
while time.monotonic() < deadline:  # remote prints come on a stream of their own
    time.sleep(0.5)
ray.shutdown()
