"""Importing is free: no module connects, starts a process, writes or needs an extra when it is imported."""

import json
import subprocess
import sys
from typing import Final

import pytest

from tests.arch.tree import ROOT, dotted, source_modules

#: Distributions of the extras, as import names. The compiler installs without them.
EXTRAS: Final = ("ray", "envoy", "grpc", "starlette", "uvicorn", "joserfc", "argon2", "jinja2", "lightkube")

# Runs in an interpreter of its own: audit hooks can't be removed, and pytest has imported half of this already.
IMPORTER: Final = """
import importlib, json, sys
from importlib.abc import MetaPathFinder

forbidden = set(json.loads(sys.argv[1]))
names = json.loads(sys.argv[2])
EVENTS = ("socket.", "subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.remove", "os.mkdir",
          "os.rename", "os.chmod", "shutil.", "signal.")

class Missing(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in forbidden:
            raise ModuleNotFoundError(f"No module named {name!r} (not installed here)", name=name)
        return None

def hook(event, arguments):
    if event.startswith(EVENTS) and event != "socket.gethostname":
        raise RuntimeError(f"importing caused {event}")
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        raise RuntimeError(f"importing wrote to {arguments[0]}")

sys.dont_write_bytecode = True
sys.meta_path.insert(0, Missing())
sys.addaudithook(hook)
failed = {}
for name in names:
    try:
        importlib.import_module(name)
    except BaseException as error:
        failed[name] = f"{type(error).__name__}: {error}"
print(json.dumps({"failed": failed, "loaded": sorted({name.split(".")[0] for name in sys.modules})}))
"""


def import_all(names: list[str], without: tuple[str, ...]) -> tuple[dict[str, str], set[str]]:
    """Import modules in a fresh interpreter where some distributions are absent; what failed, and what was loaded."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORTER, json.dumps(without), json.dumps(names)],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
    )
    answer = json.loads(done.stdout.splitlines()[-1])
    return answer["failed"], set(answer["loaded"])


def names(*, gateway: bool) -> list[str]:
    """Import names of the product's modules: those of the gateway service, or all others."""
    everything = [dotted(module.path) for module in source_modules() if not module.path.endswith("__main__.py")]
    return [name for name in everything if name.startswith("rayfence.gateway") is gateway]


def test_the_compiler_imports_without_its_extras() -> None:
    failed, _ = import_all(names(gateway=False), without=EXTRAS)
    assert not failed, "\n".join(f"{name}: {why}" for name, why in failed.items())


def test_the_gateway_imports_without_ray_and_the_command_line() -> None:
    # uvicorn brings click for a command of its own, which we do not use: only our command line is out of bounds.
    failed, loaded = import_all(names(gateway=True), without=("ray", "envoy"))
    assert not failed, "\n".join(f"{name}: {why}" for name, why in failed.items())
    assert not loaded & {"ray", "envoy"}


@pytest.mark.parametrize(
    ("statement", "event"),
    [
        ("import socket; socket.socket()", "socket.__new__"),
        ("import subprocess; subprocess.Popen(['true'])", "subprocess.Popen"),
        ("open('left-behind', 'w')", "wrote to left-behind"),
        ("import ray", "No module named 'ray'"),
    ],
)
def test_the_guard_bites(statement: str, event: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("guard")
    (folder / "culprit.py").write_text(statement, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", IMPORTER, json.dumps(["ray"]), json.dumps(["culprit"])],
        check=True,
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=60,
    )
    assert event in json.loads(done.stdout.splitlines()[-1])["failed"]["culprit"]


#: `rayfence --help` must answer at once; each of these costs a noticeable part of 0.2 s.
HEAVY: Final = frozenset({*EXTRAS, "cryptography", "httpx2", "pydantic", "yaml", "asyncio", "google", "numpy", "celpy"})

HELP: Final = """
import sys
from rayfence.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
print("LOADED", *sorted({name.split(".")[0] for name in sys.modules}))
"""


def test_help_loads_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-c", HELP, "--help"], check=True, capture_output=True, text=True, cwd=ROOT, timeout=60
    )
    assert "Usage" in done.stdout
    loaded = set(done.stdout.splitlines()[-1].split()[1:])
    assert not loaded & HEAVY
