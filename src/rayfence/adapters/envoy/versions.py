"""Is what the files say what Envoy runs? Pure comparison of the files' versions with Envoy's dump.

Envoy refuses a bad file silently: it keeps what it had, or, at its start, has no listener at all. `--mode validate`
does not look into these files, and counters say only that something was refused once. So every rendered file carries
a digest of its content as `version_info`, which Envoy repeats for what it has taken.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

#: How a dump calls the version of each kind of resource: section, list, path to the name.
_SECTIONS: Final = (
    ("ListenersConfigDump", "dynamic_listeners", ("name",), ("active_state", "version_info")),
    ("ClustersConfigDump", "dynamic_active_clusters", ("cluster", "name"), ("version_info",)),
    ("RoutesConfigDump", "dynamic_route_configs", ("route_config", "name"), ("version_info",)),
    ("EcdsConfigDump", "ecds_filters", ("ecds_filter", "name"), ("version_info",)),
    ("SecretsConfigDump", "dynamic_active_secrets", ("name",), ("version_info",)),
)
_KINDS: Final = {
    "envoy.config.listener.v3.Listener": "ListenersConfigDump",
    "envoy.config.cluster.v3.Cluster": "ClustersConfigDump",
    "envoy.config.route.v3.RouteConfiguration": "RoutesConfigDump",
    "envoy.config.core.v3.TypedExtensionConfig": "EcdsConfigDump",
    "envoy.extensions.transport_sockets.tls.v3.Secret": "SecretsConfigDump",
}

#: (kind of resource, its name) -> version.
Versions = dict[tuple[str, str], str]


def wanted_versions(texts: Iterable[str]) -> Versions:
    """Versions of every resource in these files; files without resources (the bootstrap) have none.

    Raises ValueError for a file that is no JSON.
    """
    found: Versions = {}
    for text in texts:
        document = json.loads(text)
        for resource in document.get("resources", ()):
            kind = _KINDS[str(resource["@type"]).rpartition("/")[2]]
            found[kind, resource["name"]] = document.get("version_info", "")
    return found


def running_versions(dump: Mapping[str, Any]) -> Versions:
    """Versions of every resource that Envoy has taken and uses."""
    found: Versions = {}
    sections = {str(one["@type"]).rpartition(".")[2]: one for one in dump.get("configs", ())}
    for kind, rows, name_path, version_path in _SECTIONS:
        section = sections.get(kind, {})
        # A listener or cluster that a new file left as it was keeps its old version: there the section's counts.
        whole = _at(section, ("version_info",))
        for row in section.get(rows, ()):
            name, version = _at(row, name_path), _at(row, version_path)
            version = whole or version
            if name:
                found[kind, name] = version
    return found


def not_in_force(wanted: Versions, running: Versions) -> tuple[str, ...]:
    """What Envoy does not run as the files say, in words; empty is good."""
    return tuple(_differences(wanted, running))


def refused_resources(dump: Mapping[str, Any]) -> tuple[str, ...]:
    """Reasons Envoy itself gives (`error_state`) for resources it refused, cut by the caller."""
    return tuple(_error_states(dump.get("configs", ())))


def _differences(wanted: Versions, running: Versions) -> Iterator[str]:
    for (kind, name), version in sorted(wanted.items()):
        has = running.get((kind, name))
        if has is None:
            yield f"{kind.removesuffix('ConfigDump').lower()} {name}: absent"
        elif has != version:
            yield f"{kind.removesuffix('ConfigDump').lower()} {name}: runs {has or 'nothing'}, not {version}"


def _at(row: Any, path: tuple[str, ...]) -> str:
    for key in path:
        row = row.get(key, {}) if isinstance(row, dict) else {}
    return row if isinstance(row, str) else ""


def _error_states(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        state = value.get("error_state")
        if isinstance(state, dict):
            yield str(state.get("details", "refused"))
        for inner in value.values():
            yield from _error_states(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _error_states(inner)
