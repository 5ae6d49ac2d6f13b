"""The local gcloud configuration, read from its files and variables without running gcloud.

Order, as gcloud has it: `CLOUDSDK_SECTION_PROPERTY` in the environment, then the active configuration's file
(`CLOUDSDK_ACTIVE_CONFIG_NAME`, else the file `active_config`, else `default`), in `CLOUDSDK_CONFIG` or
`~/.config/gcloud`. Leaves out: properties of the installation, and credentials, which are never read here.
"""

import configparser
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from rayfence.errors import RayfenceError, cut

_MAX_BYTES: Final = 1024 * 1024
_NAME: Final = re.compile(r"[a-z][-a-z0-9]{0,62}")
_PROJECT: Final = re.compile(r"(?:[a-z0-9.-]{1,63}:)?[a-z][a-z0-9-]{4,28}[a-z0-9]")
_REGION: Final = re.compile(r"[a-z]+-[a-z]+[0-9]{1,3}")
_ZONE: Final = re.compile(r"[a-z]+-[a-z]+[0-9]{1,3}-[a-z]")
#: Services whose address can be overridden, as gcloud names them.
_SERVICES: Final = ("cloudresourcemanager", "compute", "orgpolicy")


class ConfigurationUnreadable(RayfenceError):
    """A file of the gcloud configuration is there and can't be understood."""

    exit_status = 3
    hint = "see `gcloud config configurations list`, or give --project and --location"


@dataclass(frozen=True, slots=True)
class GcloudConfiguration:
    """What the configuration says. Empty strings: nothing. `name` is the active configuration's.

    `overrides`: service (`orgpolicy`) to the address that stands for Google's. `quota_project`: whose quota calls use.
    """

    name: str
    project: str = ""
    region: str = ""
    zone: str = ""
    quota_project: str = ""
    overrides: Mapping[str, str] = field(default_factory=dict)


def read_configuration(environ: Mapping[str, str], home: Path) -> GcloudConfiguration:
    """The active configuration. A zone without a region tells the region. Raises ConfigurationUnreadable."""
    folder = Path(environ["CLOUDSDK_CONFIG"]) if environ.get("CLOUDSDK_CONFIG") else home / ".config" / "gcloud"
    name = environ.get("CLOUDSDK_ACTIVE_CONFIG_NAME") or _text(folder / "active_config").strip() or "default"
    if not _NAME.fullmatch(name):
        raise ConfigurationUnreadable(f"{cut(name, 80)!r} is not the name of a gcloud configuration")
    file = folder / "configurations" / f"config_{name}"
    values = _values(file)

    def value(section: str, key: str, shape: re.Pattern[str] | None = None) -> str:
        variable = f"CLOUDSDK_{section}_{key}".upper()
        found = environ.get(variable) or values.get(section, {}).get(key, "")
        if found and shape is not None and not shape.fullmatch(found):
            source = variable if environ.get(variable) else str(file)
            raise ConfigurationUnreadable(f"{source}: {section}/{key} is {cut(found, 80)!r}, which Google has not")
        return found

    zone = value("compute", "zone", _ZONE)
    quota = value("billing", "quota_project")
    return GcloudConfiguration(
        name=name,
        project=value("core", "project", _PROJECT),
        region=value("compute", "region", _REGION) or zone.rpartition("-")[0],
        zone=zone,
        quota_project=quota if _PROJECT.fullmatch(quota) else "",  # else one of gcloud's words, LEGACY or so
        overrides={service: found for service in _SERVICES if (found := value("api_endpoint_overrides", service))},
    )


def _text(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            raw = stream.read(_MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as error:
        raise ConfigurationUnreadable(f"{file}: {error.strerror}") from error
    if len(raw) > _MAX_BYTES:
        raise ConfigurationUnreadable(f"{file}: larger than {_MAX_BYTES} bytes")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationUnreadable(f"{file}: not UTF-8") from error


def _values(file: Path) -> Mapping[str, Mapping[str, str]]:
    parser = configparser.ConfigParser(interpolation=None, strict=False, default_section="\0")
    try:
        parser.read_string(_text(file), str(file))
    except configparser.Error as error:
        raise ConfigurationUnreadable(cut(f"{file}: {error.message}", 200)) from error
    return {section: dict(parser.items(section)) for section in parser.sections()}
