"""Blanking secrets of one's own jobs where the dashboard would show them: its pages hold content that jobs can
influence.
"""

from collections.abc import Mapping
from typing import Final

#: Ray's own placeholder for the same purpose.
PLACEHOLDER: Final = "<redacted>"


def masked(record: Mapping[str, object]) -> dict[str, object]:
    """A job record whose `env_vars` keep their names and lose their values."""
    environment = record.get("runtime_env")
    if not isinstance(environment, Mapping) or not environment.get("env_vars"):
        return dict(record)
    variables = environment["env_vars"]
    blanked = dict.fromkeys(variables, PLACEHOLDER) if isinstance(variables, Mapping) else PLACEHOLDER
    return {**record, "runtime_env": {**environment, "env_vars": blanked}}
