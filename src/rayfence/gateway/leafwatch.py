"""A renewed server certificate is put on record: who replaces the leaf is another program, the trail has one writer.

The record is written when the new leaf is seen, seconds after Envoy took it: the one write whose record comes after.
"""

import asyncio
import logging
from pathlib import Path
from typing import Final

from cryptography import x509

from rayfence.gateway.recorder import Recorder
from rayfence.model.gateway import GatewaySettings

LOGGER = logging.getLogger(__name__)

LOOK_SECONDS: Final = 2.0


class LeafWatch:
    """Follows the server's certificate file. `run` it as a task."""

    def __init__(self, settings: GatewaySettings, recorder: Recorder) -> None:
        self._path = Path(settings.server_certificate)
        self._subject = settings.operator_subject
        self._recorder = recorder
        self._serial = self._read()

    async def run(self) -> None:
        """Look until cancelled; a leaf that can't be recorded is tried again."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.step()
            except Exception:  # the watch must outlive a full disk
                LOGGER.exception("a renewed certificate could not be recorded")

    async def step(self) -> bool:
        """Record a leaf that was not there at the last look; whether there was one."""
        serial = self._read()
        if serial in ("", self._serial):
            return False
        detail = {"previous": self._serial}
        async with self._recorder.write(self._subject, "certificate.renew", serial, "", detail):
            self._serial = serial
        return True

    def _read(self) -> str:
        """Serial number in hex; empty while there is no readable certificate."""
        try:
            return f"{x509.load_pem_x509_certificate(self._path.read_bytes()).serial_number:x}"
        except (OSError, ValueError):
            return ""
