"""Installs the clients once, outside of the checkout; again when their lock changes."""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

CLIENTS = Path(__file__).parent
INSTALL_SECONDS = 280


def unavailable(reason: str) -> None:
    """Fails the test on a build machine, and skips it elsewhere."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def node_modules(name: str) -> Path:
    """node_modules of tests/clients/node/<name>."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        unavailable("Node.js and npm are needed to run the clients of JavaScript")
    folder = CLIENTS / "node" / name

    def install(place: Path) -> None:
        for file in ("package.json", "package-lock.json"):
            shutil.copy(folder / file, place / file)
        command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        subprocess.run(command, cwd=place, check=True, timeout=INSTALL_SECONDS)

    return _cached(f"clients-{name}", folder / "package-lock.json", install) / "node_modules"


def python_of_clients() -> Path:
    """The Python of an environment with the clients that want other versions of libraries than we do."""
    lock = CLIENTS / "python" / "requirements.txt"

    def install(place: Path) -> None:
        subprocess.run([sys.executable, "-m", "venv", "--clear", place / "venv"], check=True, timeout=INSTALL_SECONDS)
        pip = [place / "venv/bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--require-hashes", "-r", lock], check=True, timeout=INSTALL_SECONDS)

    return _cached("clients-python", lock, install) / "venv/bin/python"


def _cached(name: str, lock: Path, install: Callable[[Path], None]) -> Path:
    """The folder of an installation that was made from this lock. Two processes at once: the second waits."""
    place = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "ekonte" / name
    place.mkdir(parents=True, exist_ok=True)
    made_from = place / "installed-lock"
    with (place / "lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not made_from.exists() or made_from.read_bytes() != lock.read_bytes():
            made_from.unlink(missing_ok=True)
            install(place)
            made_from.write_bytes(lock.read_bytes())
    return place
