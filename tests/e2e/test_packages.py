"""Packages are their owner's: nobody plants, replaces or tests for another's, and nobody's job reads another's."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from ray._private.runtime_env.packaging import get_uri_for_directory

from tests.e2e.stack import Person

pytestmark = [pytest.mark.ray, pytest.mark.exhaustive]


def package(text: str) -> bytes:
    """A zip as Ray's clients make them: one program."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("main.py", text)
    return content.getvalue()


def test_a_planted_package_is_not_run(alice: Person, bob: Person, ended: Callable[[Person, str], str]) -> None:
    """The attack of the article: bob uploads under the name that alice's client will compute, before she does."""
    folder = Path(alice.environment["HOME"], "victim")
    folder.mkdir(exist_ok=True)
    (folder / "main.py").write_text("print('ran', 'alice code')\n", encoding="utf-8")
    name = get_uri_for_directory(str(folder), include_gitignore=True).removeprefix("gcs://")
    path = f"/api/packages/gcs/{name}"
    assert bob.http.put(path, content=package("print('ran', 'bob code')\n")).status_code == 200
    assert bob.http.get(path).status_code == 200, "bob has it now"
    assert alice.http.get(path).status_code == 404, "and alice does not"
    done = alice.bash("ray job submit --working-dir victim -- python main.py")
    assert done.returncode == 0, done.stdout
    assert "Uploading package" in done.stdout, "the name was computed right, so nothing was skipped because of bob"
    assert name in done.stdout
    assert "ran alice code" in done.stdout
    own = bob.submit("python main.py", runtime_env={"working_dir": f"gcs://{name}"})
    assert ended(bob, own) == "SUCCEEDED"
    assert "ran bob code" in bob.logs(own)


def test_the_name_inside_ray_opens_nothing(alice: Person, bob: Person, ended: Callable[[Person, str], str]) -> None:
    """Who learns another's real package name (from an error, a log) can neither use, test nor replace it."""
    name = "_ray_pkg_0123456789abcdef.zip"
    assert alice.http.put(f"/api/packages/gcs/{name}", content=package("print('private')\n")).status_code == 200
    job = alice.submit("python main.py", runtime_env={"working_dir": f"gcs://{name}"})
    assert ended(alice, job) == "SUCCEEDED", alice.logs(job)
    real = str(alice.job(job)["runtime_env"]["working_dir"]).removeprefix("gcs://")
    assert real != name
    assert bob.http.get(f"/api/packages/gcs/{real}").status_code == 404
    assert bob.http.put(f"/api/packages/gcs/{real}", content=package("print('replaced')\n")).status_code == 200
    stolen = bob.submit("cat main.py", runtime_env={"working_dir": f"gcs://{real}"})
    ended(bob, stolen)
    assert "private" not in bob.logs(stolen)
    again = alice.submit("python main.py", runtime_env={"working_dir": f"gcs://{name}"})
    assert ended(alice, again) == "SUCCEEDED"
    assert "private" in alice.logs(again)
    assert "replaced" not in alice.logs(again)


@pytest.mark.parametrize("name", ["_ray_pkg_0123456789abcdef.zip", "anything.zip"])
def test_viewers_neither_put_nor_ask(vera: Person, name: str) -> None:
    assert vera.http.get(f"/api/packages/gcs/{name}").status_code == 403
    assert vera.http.put(f"/api/packages/gcs/{name}", content=b"x").status_code == 403
