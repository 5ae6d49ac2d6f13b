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
from collections.abc import Callable
from pathlib import Path
from typing import Final

from rayfence.access.signing_keys import JWT_FILE, with_generation
from rayfence.errors import RayfenceError
from rayfence.gateway.answers import Refused
from rayfence.gateway.files import write_private
from rayfence.gateway.keys import SigningKeys, load_signing_keys
from rayfence.gateway.recorder import Recorder
from rayfence.model.gateway import GatewaySettings

LOGGER = logging.getLogger(__name__)

LOOK_SECONDS: Final = 1.0

#: Envoy follows its watched folder within a tenth of a second.
FOLLOW_SECONDS: Final = 1.0

Seen = tuple[tuple[str, int, int], ...]


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
    """Follows the signing folder and hands new keys to `use`. `run` it as a task."""

    def __init__(self, settings: GatewaySettings, recorder: Recorder, use: Callable[[SigningKeys], None]) -> None:
        self._settings = settings
        self._recorder = recorder
        self._use = use
        self._folder = Path(settings.signing_keys)
        self._seen = look(self._folder)

    async def run(self) -> None:
        """Look until cancelled; whatever fails is tried again when the folder changes."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.step()
            except (RayfenceError, Refused, OSError, ValueError):
                LOGGER.exception("new signing keys can't be used; the old ones stay in use")

    async def step(self) -> bool:
        """Take over what changed since the last look; whether anything did. Raises StateError, OSError, Refused."""
        seen = look(self._folder)
        if seen == self._seen:
            return False
        self._seen = seen
        keys = load_signing_keys(self._folder)
        subject = self._settings.operator_subject
        async with self._recorder.write(subject, "key.rotate", keys.newest, "", {"keys": len(keys.keys)}):
            publish_keys(self._settings, keys)
            await asyncio.sleep(FOLLOW_SECONDS)
            self._use(keys)
        return True
