"""Debian's Chromium, driven by playwright, that trusts the instance's own certificate and nothing besides it."""

import base64
import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import BrowserContext, Page, sync_playwright

from tests.e2e.stack import Stack

_FLAGS: Final = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
)
_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@dataclass
class Seen:
    """What a page did that a person does not see: console errors, failed requests."""

    console: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        """From now on."""
        page.on("console", lambda message: self.console.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.console.append(str(error)))
        page.on("requestfailed", lambda request: self.refused.append(f"{request.url}: {request.failure}"))
        page.on("response", lambda answer: self.note(answer.status, answer.request.method, answer.url))

    def note(self, status: int, method: str, url: str) -> None:
        """One answer."""
        self.requests.append(f"{status} {method} {url}")
        if status >= 400:
            self.refused.append(f"{status} {method} {url}")


def spki_hash(certificate: str) -> str:
    """The form in which Chromium is told which public key to trust."""
    found = x509.load_pem_x509_certificates(Path(certificate).read_bytes())[0]
    key = found.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(key).digest()).decode()


@contextmanager
def browser(stack: Stack, profile: Path) -> Iterator[BrowserContext]:
    """A browser with a profile of its own."""
    with chromium(profile, f"{stack.layout.envoy}/server.crt") as context:
        yield context


@contextmanager
def chromium(profile: Path, certificate: str, *flags: str) -> Iterator[BrowserContext]:
    """A browser that trusts the key of this certificate's file."""
    program = next(found for name in _NAMES if (found := shutil.which(name)))
    trusted = f"--ignore-certificate-errors-spki-list={spki_hash(certificate)}"
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            str(profile),
            executable_path=program,
            headless=True,
            args=[*_FLAGS, trusted, *flags],
            viewport={"width": 1400, "height": 1000},
            locale="en-GB",
        )
        try:
            yield context
        finally:
            context.close()
