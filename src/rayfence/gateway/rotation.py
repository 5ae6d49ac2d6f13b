"""New keys while the service runs: a file appears in a key folder, and from then on it signs; none of the old tokens
fails.

1. Envoy gets the larger public set first, and is made to read it.
2. Only after Envoy had time to follow does the new key sign: a token that Envoy can't verify yet would be refused.
3. A key whose file is gone is dropped from the set; what it signed is void.

A folder that can't be read as keys changes nothing: the service goes on with what it has and says so in its log.
"""

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from rayfence.access.signing_keys import JWT_FILE, with_generation
from rayfence.errors import RayfenceError
from rayfence.gateway.answers import Refused
from rayfence.gateway.files import write_private
from rayfence.gateway.keys import SigningKeys, load_secrets, load_signing_keys, unripe_secrets
from rayfence.gateway.recorder import Recorder
from rayfence.model.gateway import GatewaySettings

LOGGER = logging.getLogger(__name__)

LOOK_SECONDS: Final = 1.0

#: Envoy follows its watched folder within a tenth of a second.
FOLLOW_SECONDS: Final = 1.0

Seen = tuple[tuple[str, int, int], ...]
Secrets = tuple[tuple[str, bytes], ...]


def publish_keys(settings: GatewaySettings, keys: SigningKeys) -> bool:
    """Write the public set if it is not these keys', and make Envoy read it; whether it was written. Raises OSError."""
    jwks, public = Path(settings.jwks), keys.public_set()
    first = not jwks.exists()
    if not first and jwks.read_text(encoding="utf-8") == public:
        return False
    write_private(jwks, public)
    filter_file = Path(settings.envoy_dir) / JWT_FILE
    if filter_file.exists() and not first:  # without a set there was no Envoy yet: the file stays as it was rendered
        # Envoy does not watch the set itself, only the filter that names it.
        mark = hashlib.sha256(public.encode()).hexdigest()[:16]
        write_private(filter_file, with_generation(filter_file.read_text(encoding="utf-8"), mark))
    return True


def look(folder: Path) -> Seen:
    """What lies in a key folder, cheaply: names, times and sizes."""
    files = [path for path in folder.iterdir() if not path.name.startswith(".")]
    return tuple(sorted((path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in files))


class KeyWatch:
    """Follows a key folder and has `take` take over what lies there. `run` it as a task."""

    def __init__(self, folder: Path, take: Callable[[], Awaitable[None]]) -> None:
        self._folder = folder
        self._take = take
        self._seen = look(folder)

    async def run(self) -> None:
        """Look until cancelled; the old keys stay in use while the new ones can't be."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.step()
            except (RayfenceError, Refused, OSError, ValueError):
                LOGGER.exception("the keys in %s can't be taken over; the old ones stay in use", self._folder.name)

    async def step(self) -> bool:
        """Take over what changed since the last look; whether anything did.

        Raises StateError for keys that are none, which is tried again when the folder changes; OSError and Refused
        (a full disk) are tried again at once.
        """
        seen = look(self._folder)
        if seen == self._seen:
            return False
        try:
            await self._take()
        except (RayfenceError, ValueError):
            self._seen = seen
            raise
        self._seen = seen
        return True


async def take_signing_keys(settings: GatewaySettings, recorder: Recorder, use: Callable[[SigningKeys], None]) -> None:
    """Steps 1 to 3 for the folder of signing keys, recorded. Raises StateError, OSError, Refused."""
    keys = load_signing_keys(Path(settings.signing_keys))
    detail = {"keys": len(keys.keys)}
    async with recorder.write(settings.operator_subject, "key.rotate", keys.newest, "", detail):
        publish_keys(settings, keys)
        await asyncio.sleep(FOLLOW_SECONDS)
        use(keys)


async def take_stamp_keys(settings: GatewaySettings, recorder: Recorder, use: Callable[[Secrets, int], None]) -> None:
    """The same for the keys of job stamps, which nobody but the service reads. Raises StateError, Refused."""
    keys = load_secrets(Path(settings.stamp_keys))
    async with recorder.write(settings.operator_subject, "key.rotate", keys[-1][0], "", {"stamp_keys": len(keys)}):
        use(keys, unripe_secrets(Path(settings.stamp_keys)))
