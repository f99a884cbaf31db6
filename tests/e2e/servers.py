"""Real servers for tests: Debian's packages, installed where missing and allowed, started on loopback."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PACKAGES = {"mosquitto": ("mosquitto", "/usr/sbin/mosquitto")}
INSTALL_TIMEOUT_S = 300
START_TIMEOUT_S = 10.0


@cache
def obtain(name: str) -> Path | None:
    """Return the program, installing its Debian package if need be; None where this machine can't have it."""
    package, program = PACKAGES[name]
    if not Path(program).exists() and shutil.which("apt-get") and os.geteuid() == 0:
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "timeout": INSTALL_TIMEOUT_S}
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], check=False, **quiet)  # type: ignore[call-overload]
        subprocess.run(["apt-get", "install", "-y", "-qq", package], check=False, env=environment, **quiet)  # type: ignore[call-overload]
    return Path(program) if Path(program).exists() else None


@dataclass(frozen=True, slots=True)
class RunningBroker:
    """A broker with two users, each with the password given."""

    host: str
    port: int
    passwords: dict[str, str]


def free_port() -> int:
    """Return a port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def await_port(port: int, process: subprocess.Popen[bytes]) -> None:
    """Return when somebody listens; fail with what the process said if it ends first."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        assert process.poll() is None, f"ended with {process.returncode}: {process.communicate()}"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError(f"nobody listens on {port} after {START_TIMEOUT_S} s")


@contextmanager
def mosquitto(folder: Path, passwords: dict[str, str], port: int | None = None) -> Iterator[RunningBroker]:
    """Run Debian's mosquitto in `folder`, without anonymous clients, each user bound to its own gateway's topics."""
    program = obtain("mosquitto")
    assert program is not None, "mosquitto can't be had here"
    port = port or free_port()
    _write_configuration(folder, passwords, port)
    process = subprocess.Popen(
        [program, "-c", folder / "mosquitto.conf"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        await_port(port, process)
        yield RunningBroker("127.0.0.1", port, passwords)
    finally:
        process.terminate()
        process.communicate(timeout=10)


def _write_configuration(folder: Path, passwords: dict[str, str], port: int) -> None:
    secret = folder / "passwords"
    secret.write_text("".join(f"{user}:{word}\n" for user, word in passwords.items()))
    secret.chmod(0o600)
    subprocess.run(["mosquitto_passwd", "-U", secret], check=True)
    (folder / "acl").write_text(
        "user control-plane\ntopic read curbstop/v1/+/up/+\ntopic write curbstop/v1/+/down/+\n"
        "pattern read curbstop/v1/%u/down/+\npattern write curbstop/v1/%u/up/+\n"
    )
    (folder / "acl").chmod(0o600)
    (folder / "mosquitto.conf").write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {secret}\nacl_file {folder / 'acl'}\n"
        "user root\n"
    )
