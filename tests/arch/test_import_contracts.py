"""Each import contract is broken on purpose once: a contract that can't fail protects nothing."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.arch.tree import ROOT

LINT: Final = Path(sys.executable).parent / "lint-imports"

#: A package in which every room exists and nothing is wrong.
ROOMS: Final = (
    *(
        "cli",
        "api",
        "adapters.tls",
        "adapters.net",
        "adapters.processes",
        "gateway",
        "apply",
        "verify",
        "report",
        "plan",
    ),
    *(
        "render.envoy",
        "render.local",
        "policy",
        "organization",
        "spec",
        "access",
        "trail",
        "catalog",
        "ports",
        "model",
        "errors",
    ),
)


def lint(folder: Path, imports: dict[str, str]) -> str:
    """What lint-imports says of a made-up package; `imports` maps modules to one import statement of theirs."""
    for room in ROOMS:
        package = folder / "rayfence" / room.replace(".", "/")
        package.mkdir(parents=True, exist_ok=True)
        (package / "part.py").write_text(imports.get(room, ""), encoding="utf-8")
    for package in {folder / "rayfence", *(path.parent for path in folder.rglob("part.py"))}:
        (package / "__init__.py").touch()
    (folder / "rayfence" / "adapters" / "__init__.py").touch()
    (folder / "rayfence" / "render" / "__init__.py").touch()
    done = subprocess.run(
        [str(LINT), "--no-cache", str(ROOT / ".importlinter")],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=60,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(folder), "COLUMNS": "200"},
    )
    return done.stdout


def test_a_lawful_package_passes(tmp_path: Path) -> None:
    lawful = {
        "api": "import rayfence.adapters.tls.part, rayfence.gateway.part, rayfence.plan.part",
        "gateway": "import rayfence.access.part, uvicorn",
        "adapters.net": "import socket",
        "adapters.processes": "import subprocess",
        "render.local": "import rayfence.render.envoy.part",
    }
    assert "0 broken" in lint(tmp_path, lawful)


@pytest.mark.parametrize(
    ("room", "statement", "contract"),
    [
        ("plan", "import rayfence.apply.part", "The pipeline looks backwards only"),
        ("gateway", "import rayfence.render.envoy.part", "The gateway ships without the compiler"),
        ("render.local", "import time", "The core reads no clock, file, environment or dice"),
        ("access", "import os", "The core reads no clock, file, environment or dice"),
        ("verify", "import subprocess", "Only adapters start processes"),
        ("gateway", "import ray", "Only adapters start processes"),
        ("adapters.tls", "import socket", "Raw sockets live in adapters.net"),
        ("render.local", "import httpx2", "HTTP and TLS are spoken by adapters and the gateway only"),
        ("api", "import click", "A library has one home"),
        ("adapters.tls", "import rayfence.adapters.net.part", "Adapters are strangers to each other"),
        ("cli", "import rayfence.adapters.tls.part", "Only api constructs adapters and the gateway"),
        ("render.envoy", "import rayfence.render.local.part", "Renderers of a target build on those of Envoy and Ray"),
    ],
)
def test_each_contract_bites(tmp_path: Path, room: str, statement: str, contract: str) -> None:
    said = lint(tmp_path, {room: statement})
    assert re.search(rf"^{re.escape(contract)}.* BROKEN", said, re.MULTILINE), said


def test_a_room_without_a_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "rayfence" / "extras").mkdir(parents=True)
    (tmp_path / "rayfence" / "extras" / "__init__.py").touch()
    assert "rayfence.extras" in lint(tmp_path, {})
