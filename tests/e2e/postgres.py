"""Debian's PostgreSQL on loopback: a cluster of its own in a temporary folder, run by a user that is not root.

It is set up unlike a test machine usually is: its clock tells Rome's time, and texts are sorted as Italians sort them.
"""

import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import psycopg

from tests.e2e.servers import free_port, obtain

USER, SUPERUSER = "curbstop", "postgres"
UNUSUAL = ("--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=it-IT")
START_TIMEOUT_S, STOP_TIMEOUT_S = 60, 20


@dataclass
class RunningPostgres:
    """A server with one ordinary user who may create databases; nothing in it is shared with another run."""

    port: int
    password: str
    superpassword: str
    _numbers: Any = field(default_factory=count)

    def url(self, database: str) -> str:
        """Where a database is, for SQLAlchemy."""
        return f"postgresql+psycopg://{USER}:{self.password}@127.0.0.1:{self.port}/{database}"

    def new(self) -> str:
        """Create an empty database; returns its name."""
        name = f"d{next(self._numbers)}"
        with self.connect("postgres") as db:
            db.execute(f"CREATE DATABASE {name}".encode())
        return name

    def connect(self, database: str, user: str = USER) -> "psycopg.Connection[Any]":
        """A plain connection, committing each statement."""
        password = self.password if user == USER else self.superpassword
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user=user, password=password, dbname=database, autocommit=True
        )


@contextmanager
def postgres() -> Iterator[RunningPostgres]:
    """Run a server until the context ends; nothing of it is left."""
    program = obtain("postgresql")
    assert program is not None, "postgresql can't be had here"
    folder = Path(mkdtemp(prefix="curbstop-postgres-"))
    who: dict[str, Any] = {}
    if os.geteuid() == 0:
        shutil.chown(folder, SUPERUSER, SUPERUSER)
        who = {"user": SUPERUSER, "group": SUPERUSER, "extra_groups": [], "cwd": folder}
    try:
        with _running(program, folder, who) as server:
            yield server
    finally:
        shutil.rmtree(folder)


@contextmanager
def _running(program: Path, folder: Path, who: dict[str, Any]) -> Iterator[RunningPostgres]:
    server = RunningPostgres(free_port(), secrets.token_hex(16), secrets.token_hex(16))
    data = folder / "data"
    word = folder / "password"
    word.write_text(server.superpassword)
    if who:
        shutil.chown(word, SUPERUSER, SUPERUSER)
    word.chmod(0o600)
    people = ("-U", SUPERUSER, "-A", "scram-sha-256", f"--pwfile={word}")
    made: list[str | Path] = [program.with_name("initdb"), "-D", data, *people, "-E", "UTF8", *UNUSUAL]
    subprocess.run(made, check=True, stdout=subprocess.DEVNULL, **who)
    options = ["-h", "127.0.0.1", "-p", str(server.port), "-k", str(folder), "-c", "timezone=Europe/Rome"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program, "-D", data, *options], stdout=log, stderr=log, **who)
    try:
        _await(server, process)
        with server.connect("postgres", SUPERUSER) as db:
            db.execute(f"CREATE ROLE {USER} LOGIN CREATEDB PASSWORD '{server.password}'".encode())
        yield server
    except AssertionError as error:
        error.add_note((folder / "log").read_text())
        raise
    finally:
        process.send_signal(signal.SIGQUIT)  # at once: what it holds is thrown away with it
        process.wait(STOP_TIMEOUT_S)


def _await(server: RunningPostgres, process: "subprocess.Popen[bytes]") -> None:
    """Return when it answers."""
    end = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < end:
        assert process.poll() is None, f"ended with {process.returncode}"
        with suppress(psycopg.OperationalError):
            server.connect("postgres", SUPERUSER).close()
            return
        time.sleep(0.02)
    raise AssertionError(f"it does not answer after {START_TIMEOUT_S} s")
