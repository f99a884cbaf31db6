"""Real servers for tests: Debian's packages, installed where missing and allowed."""

import fcntl
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import gettempdir

PACKAGES = {
    "chromium": ("chromium", "usr/bin/chromium"),
    "mosquitto": ("mosquitto", "usr/sbin/mosquitto"),
    "postgresql": ("postgresql", "usr/lib/postgresql/*/bin/postgres"),
}
"""The Debian package of each server, and where under / its program is then."""
INSTALL_TIMEOUT_S = 300
LOCK = Path(gettempdir()) / "curbstop-tests-apt.lock"


@cache
def obtain(name: str) -> Path | None:
    """Return the program, installing its Debian package if need be; None where this machine can't have it."""
    package, program = PACKAGES[name]
    if not _programs(program) and shutil.which("apt-get") and os.geteuid() == 0:
        with installing():
            if not _programs(program):
                _install(package)
    return max(_programs(program), default=None)


@contextmanager
def installing() -> Iterator[None]:
    """Be the only one who installs: the parts of a run are processes side by side, and apt refuses the second."""
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _install(package: str) -> None:
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "timeout": INSTALL_TIMEOUT_S}
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], check=False, **quiet)  # type: ignore[call-overload]
    subprocess.run(["apt-get", "install", "-y", "-qq", package], check=False, env=environment, **quiet)  # type: ignore[call-overload]


def _programs(pattern: str) -> list[Path]:
    return list(Path("/").glob(pattern))


def free_port() -> int:
    """Return a port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
