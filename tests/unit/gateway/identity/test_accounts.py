"""The accounts' file: strict, durable, one writer at a time, nothing by impossible names."""

import json
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfence.errors import StateError
from rayfence.gateway.answers import Refused
from rayfence.gateway.files import write_private
from rayfence.gateway.identity import accounts as module
from rayfence.gateway.identity.accounts import Accounts
from rayfence.model.routes import Right, Role


@pytest.fixture
def accounts(tmp_path: Path) -> Accounts:
    """No accounts yet; `root` is reserved."""
    return Accounts(tmp_path / "users.json", reserved=frozenset({"root"}), clock=lambda: 1000.0)


def test_an_account_survives_a_restart(accounts: Accounts, tmp_path: Path) -> None:
    made = accounts.add("alice", Role.SUBMITTER, (Right.RAY_CLIENT,), "$argon2id$…")
    assert Accounts(tmp_path / "users.json").find("alice") == made
    assert (tmp_path / "users.json").stat().st_mode & 0o777 == 0o600


def test_changes_are_seen_by_other_processes_at_once(accounts: Accounts, tmp_path: Path) -> None:
    other = Accounts(tmp_path / "users.json")
    accounts.add("alice", Role.VIEWER, (), "h")
    assert other.find("alice") is not None
    other.set_role("alice", Role.ADMIN, ())
    other.set_hash("alice", "h2")
    found = accounts.find("alice")
    assert found is not None
    assert (found.role, found.hash) == (Role.ADMIN, "h2")
    other.remove("alice")
    assert accounts.find("alice") is None


def test_reserved_taken_and_impossible_names(accounts: Accounts) -> None:
    accounts.add("alice", Role.VIEWER, (), "h")
    for name, status in (("alice", 409), ("root", 409), ("Alice", 400), ("", 400), ("a/b", 400), ("\uff41lice", 400)):
        with pytest.raises(Refused) as refused:
            accounts.add(name, Role.ADMIN, (), "h")
        assert refused.value.status == status, name
    for change in (accounts.remove, lambda name: accounts.set_hash(name, "h")):
        with pytest.raises(Refused) as refused:
            change("nobody")
        assert refused.value.status == 404


def test_the_number_of_accounts_is_bounded(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ACCOUNT_LIMIT", 1)
    accounts.add("alice", Role.VIEWER, (), "h")
    with pytest.raises(Refused, match="at most"):
        accounts.add("bob", Role.VIEWER, (), "h")


@given(st.text(max_size=40))
def test_no_text_but_the_exact_name_finds_an_account(text: str) -> None:
    accounts = Accounts(Path("nowhere.json"))
    assert accounts.find(text) is None


ROW = {"name": "alice", "role": "viewer", "rights": [], "hash": "h", "created": 1, "changed": 1}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        json.dumps({"users.v2": []}),
        json.dumps({"users.v1": [{**ROW, "role": "root"}]}),
        json.dumps({"users.v1": [{**ROW, "rights": ["all"]}]}),
        json.dumps({"users.v1": [{**ROW, "name": "Alice"}]}),
        json.dumps({"users.v1": [ROW, ROW]}),
        json.dumps({"users.v1": [{"name": "alice"}]}),
    ],
)
def test_a_damaged_file_logs_nobody_in(tmp_path: Path, text: str) -> None:
    write_private(tmp_path / "users.json", text)
    with pytest.raises(StateError, match=r"users\.json"):
        Accounts(tmp_path / "users.json").find("alice")


def test_a_file_open_to_others_is_refused(accounts: Accounts, tmp_path: Path) -> None:
    accounts.add("alice", Role.VIEWER, (), "h")
    (tmp_path / "users.json").chmod(0o644)
    with pytest.raises(StateError, match="open to other accounts"):
        Accounts(tmp_path / "users.json").all()


def test_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    def add(number: int) -> None:
        Accounts(tmp_path / "users.json").add(f"user{number}", Role.VIEWER, (), "h")

    threads = [threading.Thread(target=add, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(Accounts(tmp_path / "users.json").all()) == 12
