"""Local accounts: a JSON file of names, roles, rights and password hashes.

One writer at a time (flock), each change durable and by rename. Reading is cached until the file changes, whoever
changed it. Leaves out checking a password (`identity.passwords`) and the operator, who has no account but a key file.
"""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from rayfence.errors import StateError
from rayfence.gateway.answers import Refused
from rayfence.gateway.files import locked, read_private, write_private
from rayfence.gateway.identity.names import is_name
from rayfence.model.routes import Right, Role

ACCOUNT_LIMIT: Final = 10_000

#: The member that holds the accounts; another format gets another name, so that no version misreads the other's.
_FORMAT: Final = "users.v1"


@dataclass(frozen=True, slots=True)
class Account:
    """One person. `hash` is argon2's text; `created` and `changed` are seconds since the epoch."""

    name: str
    role: Role
    rights: tuple[Right, ...]
    hash: str
    created: int
    changed: int


class Accounts:
    """The accounts of one instance. All methods block on the disk: call the writing ones off the event loop."""

    def __init__(
        self, path: Path, *, reserved: frozenset[str] = frozenset(), clock: Callable[[], float] = time.time
    ) -> None:
        self._path = path
        self._reserved = reserved
        self._clock = clock
        self._seen: tuple[int, int, int] | None = None
        self._accounts: dict[str, Account] = {}

    def find(self, name: str) -> Account | None:
        """The account of exactly this name."""
        return self.all().get(name) if is_name(name) else None

    def all(self) -> dict[str, Account]:
        """Every account by name. Raises StateError when the file is damaged or open to others."""
        try:
            status = self._path.stat()
        except FileNotFoundError:
            self._seen, self._accounts = None, {}
            return self._accounts
        seen = (status.st_ino, status.st_mtime_ns, status.st_size)
        if seen != self._seen:
            self._accounts = _parse(read_private(self._path), self._path)
            self._seen = seen
        return self._accounts

    def add(self, name: str, role: Role, rights: tuple[Right, ...], password_hash: str) -> Account:
        """A new account. Raises Refused 400 for an impossible name, 409 for a taken one."""
        if not is_name(name):
            raise Refused(400, "bad_request", "a user name is a-z, then up to 31 of a-z, 0-9, `.`, `_`, `-`")
        now = int(self._clock())
        account = Account(name, role, rights, password_hash, now, now)

        def change(accounts: dict[str, Account]) -> Account:
            if name in accounts or name in self._reserved:
                raise Refused(409, "exists", f"there is a user `{name}` already")
            if len(accounts) >= ACCOUNT_LIMIT:
                raise Refused(409, "full", f"an instance holds at most {ACCOUNT_LIMIT} local users")
            accounts[name] = account
            return account

        return self._change(change)

    def remove(self, name: str) -> Account:
        """Forget an account. Raises Refused 404."""
        return self._change(lambda accounts: accounts.pop(_known(accounts, name).name))

    def set_role(self, name: str, role: Role, rights: tuple[Right, ...]) -> Account:
        """Change what an account may do. Raises Refused 404."""
        return self._replace(name, lambda account: replace(account, role=role, rights=rights))

    def set_hash(self, name: str, password_hash: str) -> Account:
        """Change a password. Raises Refused 404."""
        return self._replace(name, lambda account: replace(account, hash=password_hash))

    def _replace(self, name: str, new: Callable[[Account], Account]) -> Account:
        def change(accounts: dict[str, Account]) -> Account:
            accounts[name] = replace(new(_known(accounts, name)), changed=int(self._clock()))
            return accounts[name]

        return self._change(change)

    def _change(self, change: Callable[[dict[str, Account]], Account]) -> Account:
        with locked(self._path):
            accounts = dict(self.all())  # read under the lock: another writer may just have finished
            result = change(accounts)
            rows = [{**asdict(account), "rights": list(account.rights)} for _, account in sorted(accounts.items())]
            write_private(self._path, json.dumps({_FORMAT: rows}, indent=1) + "\n")
            self._seen = None
        return result


def _known(accounts: dict[str, Account], name: str) -> Account:
    if name not in accounts:
        raise Refused(404, "not_found", "there is no such user")
    return accounts[name]


def _parse(text: str, path: Path) -> dict[str, Account]:
    try:
        data = json.loads(text)
        accounts = [
            Account(
                name=row["name"],
                role=Role(row["role"]),
                rights=tuple(Right(right) for right in row["rights"]),
                hash=row["hash"],
                created=int(row["created"]),
                changed=int(row["changed"]),
            )
            for row in data[_FORMAT]
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise StateError(f"{path} is damaged: the local accounts can't be read") from error
    found = {account.name: account for account in accounts if is_name(account.name)}
    if len(found) != len(accounts):
        raise StateError(f"{path} names an account twice, or by an impossible name")
    return found
