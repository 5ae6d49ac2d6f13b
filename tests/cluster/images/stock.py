"""The images of a test cluster: pause, KubeRay's operator, and Ray. Kept in the cache by what they are made of."""

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.cluster.harness.places import ROOT, ClusterError, cache, key_of
from tests.cluster.harness.programs import only_one
from tests.cluster.images.archive import Archive, Image, read_archive, write_archive
from tests.cluster.images.rootfs import COMPILE, base_rootfs, python_of
from tests.cluster.inside.settings import PAUSE_IMAGE

OPERATOR: Final = "localhost/kuberay-operator:1.6.0"
#: The user that Ray's own images run as.
RAY_USER: Final = 1000
#: A change of how images are made here changes their keys.
_RECIPE: Final = "1"
#: Packages of a tenant's own, as the examples name them.
_PROGRAMS: Final = Path(__file__).parent / "programs"
#: Commands that pods call, and where they begin.
_COMMANDS: Final = {"ray": "ray.scripts.scripts:main", "serve": "ray.serve.scripts:cli"}


def program_image(name: str, program: Path, entrypoint: str, user: int) -> Archive:
    """An image that holds one static program and nothing else, not even a shell."""
    target = cache() / "images" / f"{program.name}-{key_of([_RECIPE, name, program.read_bytes()])}.tar"
    with only_one(target):
        found = read_archive(target)
        if found:
            return found
        with tempfile.TemporaryDirectory() as scratch:
            inside = Path(scratch, entrypoint.lstrip("/"))
            inside.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(program, inside)
            Path(scratch).chmod(0o755)
            return write_archive(Image(name, (Path(scratch),), (entrypoint,), user), target)


def pause_image(program: Path) -> Archive:
    """The pause image."""
    return program_image(PAUSE_IMAGE, program, "/pause", 65535)


def operator_image(program: Path) -> Archive:
    """KubeRay's operator, where upstream's image has it."""
    return program_image(OPERATOR, program, "/manager", 65532)


def ray_requirement() -> str:
    """Ray as this project pins it: `ray[default,serve]==…`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    requirements: list[str] = project["project"]["optional-dependencies"]["ray"]
    return requirements[0]


def ray_version() -> str:
    """The version alone."""
    return ray_requirement().rsplit("==", 1)[1]


def ray_image(say: Callable[[str], None]) -> Archive:
    """Ray on Debian's Python, with the versions of the project's lock file and programs of tenants.

    Raises: ClusterError.
    """
    rootfs = base_rootfs(say)
    lock = ROOT / "requirements" / "dev.txt"
    programs = [path.read_bytes() for path in sorted(_PROGRAMS.rglob("*.py"))]
    key = key_of([_RECIPE, rootfs.name, ray_requirement(), lock.read_bytes(), *programs])
    target = cache() / "images" / f"ray-{key}.tar"
    with only_one(target):
        found = read_archive(target)
        if found:
            return found
        say(f"making an image of Ray {ray_version()}")
        with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
            layer = Path(scratch, "ray")
            _install(rootfs, layer, lock)
            image = Image(
                f"localhost/ray:{ray_version()}",
                (rootfs, layer),
                user=RAY_USER,
                environment={"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/home/ray"},
            )
            return write_archive(image, target)


def _install(rootfs: Path, layer: Path, lock: Path) -> None:
    """Put Ray into a layer: packages where Debian's Python looks, commands on PATH, a home for its user."""
    version = python_of(rootfs)
    packages = f"usr/local/lib/python{version}/dist-packages"
    layer.mkdir(mode=0o755)
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}:{os.environ.get('PATH', os.defpath)}")
    if uv is None:
        raise ClusterError("uv is missing", "make setup")
    command = [uv, "pip", "install", "--quiet", "--target", str(layer / packages)]
    command += ["--python-version", version, "--python-platform", "linux", "--only-binary", ":all:"]
    command += ["--constraint", str(lock), ray_requirement()]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    if done.returncode != 0:
        raise ClusterError(f"uv pip install failed: {done.stderr.strip()[-1000:]}")
    shutil.rmtree(layer / packages / "bin")  # they name this machine's Python
    shutil.copytree(_PROGRAMS, layer / packages, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    commands = layer / "usr/local/bin"
    commands.mkdir(parents=True)
    for name, start in _COMMANDS.items():
        module, function = start.split(":")
        text = f"#!/usr/bin/python3\nimport sys\nfrom {module} import {function}\nsys.exit({function}())\n"
        (commands / name).write_text(text, encoding="utf-8")
        (commands / name).chmod(0o755)
    (layer / "home/ray").mkdir(parents=True)
    (layer / "home/ray").chmod(0o777)  # one layer has one owner: root
    _compile(rootfs, layer, packages)


def _compile(rootfs: Path, layer: Path, packages: str) -> None:
    # Ray's user can't write there, so without this every process of every pod would compile all that it imports.
    view = layer.parent / "view"
    view.mkdir()
    folders = f"lowerdir={rootfs},upperdir={layer},workdir={layer.parent / 'work'}"
    (layer.parent / "work").mkdir()
    script = (
        'mount -t overlay overlay -o "$1" "$2" || exit 9; '
        f'chroot "$2" {" ".join(COMPILE)} "/$3" >/dev/null || true'  # some packages carry broken samples
    )
    # In a mount namespace of its own: the mount ends with the command, whatever happens.
    command = ["unshare", "--mount", "sh", "-c", script, "sh", folders, str(view), packages]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    if done.returncode != 0:
        raise ClusterError(f"Ray's packages can't be compiled: {done.stderr.strip()[-500:]}")
