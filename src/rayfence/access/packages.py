"""Each owner's packages in a namespace of their own.

Ray stores what comes under whatever name, and a client that finds the name of its content skips the upload. So whoever
stores bytes first under the name another will compute runs code as the other. The gateway therefore renames, on GET,
PUT and in every `gcs://` URI of a submitted runtime environment:

    _ray_pkg_<hash>.zip                ->  _ray_pkg_rf<owner>_<hash>.zip
    name-1.0[-build]-py3-none-any.whl  ->  name-1.0-0rf<owner>[.build]-py3-none-any.whl    (a wheel's build tag)

`<owner>` is 12 hex digits of an HMAC of the subject, so nobody can name, or even recognise, another's namespace. The
mapping is one way and applied always, so every name ends up in the caller's namespace. A name that is already there
stays as it is: what Ray shows of one's own deployment can be sent again. A name of another's namespace is mapped like
any other, and then names nothing of theirs.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

_DOMAIN: Final = b"rayfence package namespace v1\x00"
_ARCHIVE: Final = re.compile(r"_ray_pkg_([A-Za-z0-9_]{1,128})(\.zip|\.jar|\.tar\.gz|\.tgz|\.tar\.xz)")
_WHEEL: Final = re.compile(
    r"([A-Za-z0-9._]{1,128})-([A-Za-z0-9._+!]{1,64})(?:-([0-9][A-Za-z0-9._]{0,63}))?"
    r"-([A-Za-z0-9._]{1,64})-([A-Za-z0-9._]{1,64})-([A-Za-z0-9._]{1,128})\.whl"
)
_MARKED: Final = re.compile(r"-0rf[0-9a-f]{12}")
_CONTROL: Final = re.compile(r"[\x00-\x20\x7f]")
_GCS: Final = "gcs"


class PackageRefused(ValueError):
    """A package name or URI that can't be mapped safely; the message is for the caller."""


def owner_namespace(key: bytes, subject: str) -> str:
    """The 12 hex digits that stand for `subject`. The key never changes while packages are to be found again."""
    return hmac.new(key, _DOMAIN + subject.encode("utf-8"), hashlib.sha256).hexdigest()[:12]


def map_package(namespace: str, name: str) -> str:
    """The name inside Ray of the package a caller calls `name`. Raises PackageRefused."""
    archive = _ARCHIVE.fullmatch(name)
    if archive is not None:
        if re.match(f"rf{namespace}_.", archive.group(1)):
            return name
        return f"_ray_pkg_rf{namespace}_{archive.group(1)}{archive.group(2)}"
    wheel = _WHEEL.fullmatch(name)
    if wheel is None:
        raise PackageRefused(f"package name {name[:80]!r} is neither Ray's (_ray_pkg_<hash>.zip) nor a wheel's")
    project, version, build, *tags = wheel.groups()
    if build and re.fullmatch(rf"0rf{namespace}(\..+)?", build):
        return name
    tag = f"0rf{namespace}.{build}" if build else f"0rf{namespace}"
    return "-".join((project, version, tag, *tags)) + ".whl"


def map_runtime_env(namespace: str, value: object) -> object:
    """A copy of a runtime environment in which every `gcs://` URI, however nested, names the caller's namespace.

    Strings of other schemes and plain strings stay as they are. Raises PackageRefused: a `gcs` URI in a form that Ray
    and we could read differently, or a remote wheel whose name would take a namespaced wheel's place in Ray's cache.
    """
    if isinstance(value, str):
        return _map_text(namespace, value)
    if isinstance(value, list):
        return [map_runtime_env(namespace, item) for item in value]
    if isinstance(value, Mapping):
        return {_map_text(namespace, str(key)): map_runtime_env(namespace, item) for key, item in value.items()}
    return value


def _map_text(namespace: str, text: str) -> str:
    if _scheme(text) == _GCS:
        # Ray parses with urlsplit, which forgives case, blanks and control characters; the store compares bytes.
        if not text.startswith("gcs://"):
            raise PackageRefused("a package URI is written gcs://<package>, without blanks and in lower case")
        return f"gcs://{map_package(namespace, text.removeprefix('gcs://'))}"
    if "://" in text and _MARKED.search(text):
        # Ray caches a remote wheel under its bare file name: one named like another owner's would run in its place.
        raise PackageRefused("this wheel's name is reserved for packages uploaded through the gateway")
    return text


def _scheme(text: str) -> str:
    bare = _CONTROL.sub("", text[:256])
    if not bare[:4].lower().startswith(_GCS):
        return ""
    try:
        return urlsplit(bare).scheme
    except ValueError:
        return _GCS if bare[3:4] == ":" else ""  # unreadable, but it begins like one: refused by the caller
