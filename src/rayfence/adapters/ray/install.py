"""Which Ray is installed, found without importing it: importing Ray takes seconds."""

from importlib import metadata


def installed_version() -> str | None:
    """Version of the installed `ray` distribution; None when there is none."""
    try:
        return metadata.version("ray")
    except metadata.PackageNotFoundError:
        return None
