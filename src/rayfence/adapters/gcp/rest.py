"""GET (and one POST that only reads) of Google's REST APIs: addresses, retries, paging, errors in words.

A token is sent to Google's addresses by TLS only; to another address only where the user's own configuration names it,
and without TLS only on this machine (an emulator). Redirects are not followed: they would carry the token elsewhere.
"""

import re
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

import httpx2

from rayfence.errors import RayfenceError, cut

#: Service to the address that its paths are appended to.
ADDRESSES: Final[Mapping[str, str]] = {
    "cloudresourcemanager": "https://cloudresourcemanager.googleapis.com/",
    "compute": "https://compute.googleapis.com/compute/v1/",
    "orgpolicy": "https://orgpolicy.googleapis.com/",
}
ATTEMPTS: Final = 4
#: Longest pause between attempts, in seconds, whatever the server asks for.
LONGEST_PAUSE: Final = 10.0
MAX_ANSWER: Final = 64 * 1024 * 1024
MAX_PAGES: Final = 500
_TIMEOUT: Final = httpx2.Timeout(30.0, connect=10.0)
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_REASON: Final = re.compile(r"[A-Z][A-Z0-9_]{0,59}")
_QUOTA_REASONS: Final = frozenset({"USER_PROJECT_DENIED", "SERVICE_DISABLED"})
_AGAIN: Final = frozenset({408, 429, 500, 502, 503, 504})

Json = Mapping[str, object]


class GoogleApiError(RayfenceError):
    """An API refused or did not answer. `status` is HTTP's, 0 without an answer; `reason` is Google's, or empty."""

    exit_status = 5

    def __init__(self, what: str, status: int, reason: str, message: str) -> None:
        words = f"{status} {reason}".strip() if status else "no answer"
        super().__init__(f"{what}: {words}: {cut(message, 300)}")
        self.status, self.reason = status, reason
        if status == 401:
            self.hint = "the token is expired or foreign: `gcloud auth login`"
        elif status == 403:
            self.hint = "ask for roles/orgpolicy.policyViewer and roles/browser on the organisation"

    @property
    def refused(self) -> bool:
        """Whether a right is missing, or the thing is not there for this caller: others may still be read."""
        return self.status in (403, 404)


def addresses(overrides: Mapping[str, str]) -> Mapping[str, str]:
    """Addresses with the user's overrides. Raises GoogleApiError: one that would carry the token in the clear."""
    found = dict(ADDRESSES)
    for service, override in overrides.items():
        if service not in found:
            continue
        parts = urlsplit(override)
        if not parts.hostname or parts.username or parts.query or parts.fragment:
            raise GoogleApiError(service, 0, "", f"the override {cut(override, 100)!r} is no address")
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
            raise GoogleApiError(service, 0, "", f"the override {cut(override, 100)!r} would send a token unencrypted")
        base = override if override.endswith("/") else f"{override}/"
        if service == "compute" and not base.endswith("compute/v1/"):
            base += "compute/v1/"
        found[service] = base
    return found


class GoogleApi:
    """One connection pool and one token; a context manager. `sleep` is replaced in tests."""

    def __init__(
        self,
        token: str,
        overrides: Mapping[str, str] | None = None,
        quota_project: str = "",
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._addresses = addresses(overrides or {})
        self._sleep = sleep
        headers = {"accept": "application/json"}
        if token:
            headers["authorization"] = f"Bearer {token}"
        self._quota = {"x-goog-user-project": quota_project} if quota_project else {}
        here = any(urlsplit(address).hostname in _LOOPBACK for address in self._addresses.values())
        self._http = httpx2.Client(
            headers=headers,
            timeout=_TIMEOUT,
            follow_redirects=False,
            verify=ssl.create_default_context(),
            trust_env=not here,  # a company's proxy leads to Google, not to an emulator on this machine
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def get(self, service: str, path: str, query: Mapping[str, str] | None = None) -> Json:
        """One object. `path` is trusted: callers check what they put into it. Raises GoogleApiError."""
        return self._ask("GET", service, path, query)

    def post(self, service: str, path: str) -> Json:
        """A reading method that Google made a POST, with an empty body. Raises GoogleApiError."""
        return self._ask("POST", service, path, None)

    def items(self, service: str, path: str, key: str, query: Mapping[str, str] | None = None) -> list[object]:
        """All items of a list, over all pages. Raises GoogleApiError: half a list is none."""
        found: list[object] = []
        for page in self._pages(service, path, dict(query or {})):
            items = page.get(key, [])
            if not isinstance(items, list):
                raise GoogleApiError(f"{service} {path}", 200, "", f"{key} is no list")
            found += items
        return found

    def _pages(self, service: str, path: str, query: dict[str, str]) -> Iterator[Json]:
        for _ in range(MAX_PAGES):
            page = self.get(service, path, query)
            yield page
            token = page.get("nextPageToken")
            if not isinstance(token, str) or not token:
                return
            if token == query.get("pageToken"):
                break
            query = {**query, "pageToken": token}
        raise GoogleApiError(f"{service} {path}", 200, "", "its pages do not end")

    def _ask(self, method: str, service: str, path: str, query: Mapping[str, str] | None) -> Json:
        what = f"{service} {path}"
        last = GoogleApiError(what, 0, "", "not tried")
        for attempt in range(ATTEMPTS):
            try:
                answer = self._send(method, self._addresses[service] + path, query)
            except httpx2.HTTPError as error:
                last = GoogleApiError(what, 0, "", str(error) or type(error).__name__)
                self._pause(attempt, "")
                continue
            if answer.status_code == 200:
                return _object(what, answer)
            last = _error(what, answer)
            if last.reason in _QUOTA_REASONS and self._quota:
                self._quota = {}  # the caller may read the organisation without using the project's quota
            elif answer.status_code in _AGAIN:
                self._pause(attempt, answer.headers.get("retry-after", ""))
            else:
                break
        raise last

    def _send(self, method: str, url: str, query: Mapping[str, str] | None) -> httpx2.Response:
        return self._http.request(method, url, params=dict(query or {}), headers=self._quota)

    def _pause(self, attempt: int, wish: str) -> None:
        if attempt + 1 < ATTEMPTS:
            wanted = float(wish) if wish.isdecimal() and len(wish) < 6 else 0.5 * 2**attempt
            self._sleep(min(wanted, LONGEST_PAUSE))


def _object(what: str, answer: httpx2.Response) -> Json:
    if len(answer.content) > MAX_ANSWER:
        raise GoogleApiError(what, 200, "", "the answer is larger than any real one")
    try:
        data = answer.json()
    except (ValueError, RecursionError) as error:
        raise GoogleApiError(what, 200, "", "the answer is no JSON") from error
    if not isinstance(data, dict):
        raise GoogleApiError(what, 200, "", "the answer is no JSON object")
    return data


def _error(what: str, answer: httpx2.Response) -> GoogleApiError:
    """Google's error object in words; whatever else came is not quoted: it may be a proxy's page."""
    try:
        data = answer.json() if len(answer.content) < 1024 * 1024 else None
    except (ValueError, RecursionError):
        data = None
    body = data.get("error") if isinstance(data, dict) else None
    if not isinstance(body, dict):
        return GoogleApiError(what, answer.status_code, "", "not Google's answer: is a proxy in between?")
    details = body.get("details")
    said = [detail.get("reason") for detail in details if isinstance(detail, dict)] if isinstance(details, list) else []
    reasons = [str(reason) for reason in (*said, body.get("status")) if _REASON.fullmatch(str(reason))]
    return GoogleApiError(what, answer.status_code, reasons[0] if reasons else "", str(body.get("message", "")))
