"""Local accounts, through the gateway's own API: the only writer of the accounts file is the gateway."""

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from rayfence.adapters.gateway import Json
from rayfence.api.instances import DEFAULT_NAME, load_record
from rayfence.api.session import connect, current
from rayfence.errors import StateError
from rayfence.model.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Account:
    """One local account. `changed` as the gateway tells it."""

    name: str
    role: str
    rights: tuple[str, ...]
    changed: str


def refuse_shared_uid(name: str | None, state_dir: Path | None, unsafe: bool) -> None:
    """Refuse a second principal where job code of one could read the keys that tell them apart. Raises StateError."""
    record = load_record(name or DEFAULT_NAME, state_dir)
    if record is not None and record.ray_uid is None and not record.namespaces and not unsafe:
        raise StateError(
            "Ray runs under the gateway's uid without namespaces: a user's job could read its keys and become anyone",
            hint="run as root, allow user namespaces, or accept it with --unsafe-shared-uid",
        )


def add(name: str | None, state_dir: Path | None, user: str, password: str, role: str, rights: Sequence[str]) -> Json:
    """Make an account. Raises AccessRefused with the gateway's reason."""
    with connect(name, state_dir) as client:
        body = {"name": user, "password": password, "role": role, "rights": list(rights)}
        return client.write("POST", "/v1/users", body)


def listed(name: str | None, state_dir: Path | None) -> tuple[Account, ...]:
    """All accounts, by name."""
    with connect(name, state_dir) as client:
        users = client.get("/v1/users").get("users")
    found = users if isinstance(users, list) else []
    return tuple(
        Account(str(one["name"]), str(one["role"]), tuple(map(str, one["rights"])), str(one["changed"]))
        for one in found
    )


def remove(name: str | None, state_dir: Path | None, user: str) -> Json:
    """Remove an account and void its tokens."""
    with connect(name, state_dir) as client:
        return client.write("DELETE", f"/v1/users/{quote(user, safe='')}")


def change_role(name: str | None, state_dir: Path | None, user: str, role: str, rights: Sequence[str] | None) -> Json:
    """Change role, and rights unless None; void its tokens."""
    body: Json = {"role": role}
    if rights is not None:
        body["rights"] = list(rights)
    with connect(name, state_dir) as client:
        return client.write("PUT", f"/v1/users/{quote(user, safe='')}/role", body)


def change_password(name: str | None, state_dir: Path | None, user: str, password: str, present: str | None) -> Json:
    """Set a password; one's own needs the present one."""
    body: Json = {"password": password}
    if present is not None:
        body["current"] = present
    with connect(name, state_dir) as client:
        return client.write("PUT", f"/v1/users/{quote(user, safe='')}/password", body)


def is_self(name: str | None, state_dir: Path | None, user: str) -> bool:
    """Whether `user` is who is logged in here."""
    return current(name or DEFAULT_NAME, state_dir).subject == user
