"""Collect the smallest root file system that runs the gateway: an interpreter, what it imports, and what those link to.

    python3 tools/image_root.py ENVIRONMENT OUTPUT

Run by the Dockerfile in its build stage, with the standard library alone. ENVIRONMENT is a virtual environment; it
lands at the same path under OUTPUT. No shell, no package manager and no other program comes along: who takes over a
process finds nothing to run. Leaves out: time zones (the gateway speaks UTC) and the parts of the standard library
that draw windows, edit lines, keep databases, test Python, or install packages, with the libraries that those need.
What came along is listed in CONTENTS, from which `tools/sbom.py` makes the bill of materials.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Final

#: The user that the pods run as; see `render/kubernetes/gateway/deployment.py`.
USER: Final = 65532
_UNUSED: Final = (
    *("test", "idlelib", "tkinter", "turtledemo", "lib2to3", "ensurepip", "pydoc_data", "__pycache__"),
    *("_tkinter.*", "_dbm.*", "_gdbm.*", "_curses*.so", "readline.*", "nis.*", "_sqlite3.*"),
)
#: Where the image says what it holds.
CONTENTS: Final = "usr/share/rayfence/contents.json"
_ENTIRE_NAMES: Final = re.compile(r"(?:^|\s)(/\S+)(?:\s|$)")
#: Top-level folders that are links on a merged-/usr system.
_MERGED: Final = ("bin", "lib", "lib64", "sbin")


def collect(environment: Path, output: Path) -> None:
    """Fill OUTPUT. Raises OSError or CalledProcessError when the build stage lacks something."""
    output.mkdir(parents=True)
    for name in _MERGED:
        if Path("/", name).is_symlink():
            (output / name).symlink_to(Path("/", name).readlink())
    interpreter = Path(sys.executable).resolve()
    library = Path(sysconfig.get_path("stdlib")).resolve()
    _copy_file(interpreter, output)
    _copy_tree(library, output, unused=_UNUSED)
    _copy_tree(environment, output, unused=("__pycache__", "pip", "setuptools", "include"))
    _leave_one_python(environment, output, interpreter)
    needed = {interpreter, library / "os.py", library / "asyncio/__init__.py"}  # of two packages
    for binary in sorted(elf_files(output)):
        needed |= set(linked(Path("/", binary.relative_to(output))))
    certificates = Path("/etc/ssl/certs/ca-certificates.crt")
    for path in sorted(needed | ({certificates} if certificates.exists() else set())):
        _copy_file(path, output)
    _list_contents(environment, output, needed)
    _compile(output, interpreter)
    _accounts(output)


def elf_files(folder: Path) -> Iterator[Path]:
    """Programs and shared libraries below a folder."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as stream:
                if stream.read(4) == b"\x7fELF":
                    yield path


def linked(binary: Path) -> list[Path]:
    """Files that the loader maps for a binary, the loader itself included; none for a static one."""
    done = subprocess.run(["ldd", str(binary)], capture_output=True, text=True, check=False)
    return [
        Path(name) for line in done.stdout.splitlines() for name in _ENTIRE_NAMES.findall(line) if Path(name).exists()
    ]


def _copy_file(source: Path, output: Path) -> None:
    """Copy a file to where its name leads, and keep the name as a link when it is one."""
    real = source.resolve()
    target = output / real.relative_to("/")
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(real, target)
    # The folder's own links are in the output already; only the last name may be a link of its own.
    place = output / source.parent.resolve().relative_to("/") / source.name
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(os.path.relpath(target, place.parent))


def _copy_tree(source: Path, output: Path, unused: tuple[str, ...]) -> None:
    target = output / source.resolve().relative_to("/")
    ignored = shutil.ignore_patterns(*unused, *(f"{name}-*.dist-info" for name in ("pip", "setuptools")))
    shutil.copytree(source, target, symlinks=True, ignore=ignored, dirs_exist_ok=True)


def _leave_one_python(environment: Path, output: Path, interpreter: Path) -> None:
    """Of the environment's commands keep `python`, and Envoy itself instead of the script that starts it."""
    commands = output / environment.relative_to("/") / "bin"
    shutil.rmtree(commands)
    commands.mkdir()
    (commands / "python").symlink_to(interpreter)
    (envoy,) = environment.glob("lib/python*/site-packages/envoy/_bin/envoy")
    (commands / "envoy").symlink_to(envoy)


def _list_contents(environment: Path, output: Path, files: set[Path]) -> None:
    """Write which distributions and which Debian packages the image holds, with their versions."""
    rows = []
    for distribution in metadata.distributions(
        path=[str(path) for path in environment.glob("lib/python*/site-packages")]
    ):
        name, version = distribution.metadata["Name"], distribution.version
        if name not in ("pip", "setuptools"):
            rows.append({"type": "pypi", "name": name, "version": version, "license": _license(distribution)})
    # Debian's usual certificates are a package too, though their file is made on installation and owned by none.
    packages = {owner for path in files for owner in _owners(path)} | {"ca-certificates"}
    for package in sorted(packages):
        shown = subprocess.run(
            ["dpkg-query", "--show", "--showformat=${source:Package} ${Version}", package],
            capture_output=True,
            text=True,
            check=False,
        )
        if shown.returncode == 0:
            source, version = shown.stdout.split(" ")
            rows.append({"type": "deb", "name": package.partition(":")[0], "version": version, "source": source})
    target = output / CONTENTS
    target.parent.mkdir(parents=True)
    target.write_text(json.dumps(sorted(rows, key=lambda row: (row["type"], row["name"])), indent=1), encoding="utf-8")


def _license(distribution: metadata.Distribution) -> str:
    """An SPDX expression if the distribution states one."""
    return str((distribution.metadata.get_all("License-Expression") or [""])[0])


def _owners(path: Path) -> list[str]:
    """Debian packages that a file belongs to; dpkg knows files by their names before /usr was merged, or after."""
    names = {str(path), str(path.resolve())}
    names |= {name.removeprefix("/usr") for name in names if name.startswith("/usr/lib")}
    found = subprocess.run(["dpkg-query", "--search", *sorted(names)], capture_output=True, text=True, check=False)
    return [line.rpartition(": ")[0] for line in found.stdout.splitlines() if not line.startswith("diversion")]


def _compile(output: Path, interpreter: Path) -> None:
    # The root is read-only in a pod: without this every start compiles everything anew.
    folders = [str(folder) for folder in output.glob("**/python3*") if folder.is_dir()]
    command = [str(interpreter), "-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash"]
    subprocess.run([*command, "-s", str(output), "-p", "/", *folders], check=True)


def _accounts(output: Path) -> None:
    (output / "etc").mkdir(exist_ok=True)
    (output / "etc/passwd").write_text(
        f"root:x:0:0:root:/:/nonexistent\ngateway:x:{USER}:{USER}:gateway:/:/nonexistent\n", encoding="ascii"
    )
    (output / "etc/group").write_text(f"root:x:0:\ngateway:x:{USER}:\n", encoding="ascii")
    (output / "etc/nsswitch.conf").write_text("hosts: files dns\n", encoding="ascii")
    (output / "tmp").mkdir(mode=0o1777)
    (output / "tmp").chmod(0o1777)


if __name__ == "__main__":
    collect(Path(sys.argv[1]), Path(sys.argv[2]))
