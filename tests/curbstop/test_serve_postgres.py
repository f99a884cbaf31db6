"""`curbstop serve` over PostgreSQL, as a process: from the first token to a second start, and what it refuses."""

import signal
import subprocess
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen

import httpx
import pytest
from sqlalchemy import make_url

from controlplane.edge import API
from controlplane.postgres import SERVER
from curbstop.cli import main
from protocols.uplink.keys import short_fingerprint
from tests.curbstop.test_serve import PATIENCE_S, first_token, free_port, ready, served, settings
from tests.e2e.postgres import SUPERUSER, USER, RunningPostgres
from tests.e2e.servers import obtain

pytestmark = pytest.mark.needs("postgresql")
KEY = "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29"


def over(postgres: RunningPostgres, name: str) -> str:
    return f'database = "{postgres.url(name)}"\n'


def refused(folder: Path, more: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What it says when it can't start: one sentence, and no secret."""
    assert main(["serve", str(settings(folder, free_port(), more))]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert (make_url(tomllib.loads(more)["database"]).password or "?") not in said
    return said


class Caller:
    """A client of the API with one token."""

    def __init__(self, port: int, token: str) -> None:
        self.base, self.token, self.sent = f"http://127.0.0.1:{port}{API}", token, 0

    def post(self, path: str, body: object) -> dict[str, object]:
        self.sent += 1
        headers = {"authorization": f"Bearer {self.token}", "idempotency-key": f"{self.token[:20]}{self.sent}"}
        answer = httpx.post(f"{self.base}{path}", json=body, headers=headers, timeout=PATIENCE_S)
        assert answer.status_code == 201, answer.text
        document: dict[str, object] = answer.json()
        return document

    def get(self, path: str) -> dict[str, object]:
        answer = httpx.get(f"{self.base}{path}", headers={"authorization": f"Bearer {self.token}"}, timeout=PATIENCE_S)
        assert answer.status_code == 200, answer.text
        document: dict[str, object] = answer.json()
        return document


def work(admin: Caller, port: int) -> str:
    """A client, a point with a meter, an order and the payment that stops it; returns the order's id."""
    client = admin.post("/clients", {"name": "Acqua"})["id"]
    token = admin.post("/tokens", {"name": "billing", "role": "integration", "client": client})["token"]
    asks = admin.post("/tokens", {"name": "asks", "role": "client_requester", "client": client})["token"]
    point = admin.post("/supply-points", {"client": client, "code": "c", "medium": "water", "zone": "z"})["id"]
    admin.post("/gateways", {"id": "g1", "public_key": KEY, "fingerprint": short_fingerprint(bytes.fromhex(KEY))})
    plate = {"fabrication_number": "1", "id": "12345678", "manufacturer": "CBS", "version": 1, "medium": 7}
    admin.post("/meters", {"supply_point": point, "gateway": "g1", "name": "m1", "identity": plate})
    notice = {"received_on": "2026-01-02", "channel": "post"}
    order = Caller(port, str(asks)).post("/orders", {"supply_point": point, "kind": "suspend", "notice": notice})
    paid = {"supply_point": point, "amount": "120.50", "currency": "EUR", "reference": "r1", "settles": True}
    Caller(port, str(token)).post("/payments", paid)
    return str(order["id"])


def ended(process: Popen[str], number: int) -> str:
    process.send_signal(number)
    _, said = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, said
    assert "Traceback" not in said
    return said


def test_it_serves_stops_cleanly_and_starts_again_and_finds_out_a_restored_database(
    postgres: RunningPostgres, tmp_path: Path
) -> None:
    """With the password in a file, and backup and restore, as docs/operations.md shows."""
    name, port, words = postgres.new(), free_port(), tmp_path / "pgpass"
    words.write_text(f"127.0.0.1:{postgres.port}:{name}:{USER}:{postgres.password}\n")
    words.chmod(0o600)
    database = f'database = "postgresql+psycopg://{USER}@127.0.0.1:{postgres.port}/{name}?passfile={words}"\n'
    with served(tmp_path, port, database) as process:
        token = first_token(process)
        ready(port)
        admin = Caller(port, token)
        order = work(admin, port)
        assert admin.get(f"/orders/{order}")["state"] == "withdrawn"
        ended(process, signal.SIGTERM)
    client(postgres, words, f"pg_dump --format=custom --file={tmp_path}/FILE {name}")
    with served(tmp_path, port, database) as process:
        ready(port)
        assert admin.get(f"/orders/{order}")["state"] == "withdrawn"
        assert admin.get("/halt")["halted"] is False
        said = ended(process, signal.SIGINT)
    assert "HALTED" not in said
    assert "admin token" not in said
    client(postgres, words, f"pg_restore --clean --if-exists --dbname={name} {tmp_path}/FILE")
    with served(tmp_path, port, database) as process:
        ready(port)
        assert admin.get("/halt")["halted"] is True
        assert "HALTED" in ended(process, signal.SIGTERM)


def client(postgres: RunningPostgres, words: Path, command: str) -> None:
    """Run one of PostgreSQL's own programs."""
    where = {"PGHOST": "127.0.0.1", "PGPORT": str(postgres.port), "PGUSER": USER, "PGPASSFILE": str(words)}
    program, *arguments = command.split()
    server = obtain("postgresql")
    assert server is not None
    subprocess.run([server.with_name(program), *arguments], check=True, env=where)


def test_the_page_shows_the_commands_that_are_tested() -> None:
    page = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
    for shown in (
        "`pg_dump --format=custom --file=FILE curbstop`",
        "`pg_restore --clean --if-exists --dbname=curbstop FILE`",
        'database = "postgresql+psycopg://curbstop@db.example/curbstop?passfile=',
    ):
        assert shown in page


def test_a_second_process_is_refused_wherever_it_runs(
    postgres: RunningPostgres, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name, port = postgres.new(), free_port()
    other = tmp_path / "other"
    other.mkdir()
    with served(tmp_path, port, over(postgres, name)):
        ready(port)
        assert "another process serves it" in refused(other, over(postgres, name), capsys)


def test_it_outlives_its_sessions_and_still_serves_alone(
    postgres: RunningPostgres, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As when the server is started anew: what was asked meanwhile is to be sent again, nothing more."""
    name, port = postgres.new(), free_port()
    other = tmp_path / "other"
    other.mkdir()
    with served(tmp_path, port, over(postgres, name)) as process:
        admin = Caller(port, first_token(process))
        ready(port)
        holders = sessions(postgres, name, ends=True)
        ready(port)
        admin.post("/clients", {"name": "Acqua"})
        until(lambda: sessions(postgres, name) - holders)
        assert "another process serves it" in refused(other, over(postgres, name), capsys)
        assert process.poll() is None
        ended(process, signal.SIGTERM)


def test_after_a_standby_has_taken_over_it_begins_halted(postgres: RunningPostgres, tmp_path: Path) -> None:
    """A standby may lack what was committed last: it begins a timeline of its own."""
    name, port = postgres.new(), free_port()
    with served(tmp_path, port, over(postgres, name)) as process:
        ready(port)
        with postgres.connect(name) as db:
            db.execute("UPDATE house SET text = '0000000F' WHERE key = 'timeline' AND text != ''")
        ended(process, signal.SIGTERM)
    for halted in (True, False):
        with served(tmp_path, port, over(postgres, name)) as process:
            ready(port)
            assert ("exchanged for a standby" in ended(process, signal.SIGTERM)) is halted


def sessions(postgres: RunningPostgres, name: str, *, ends: bool = False) -> set[int]:
    """The sessions that hold the database for a process; all sessions end if so wished."""
    with postgres.connect("postgres", SUPERUSER) as db:
        found = db.execute(
            "SELECT l.pid FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE datname = %s "
            "AND locktype = 'advisory' AND objid = %s",
            (name, SERVER & 0xFFFFFFFF),
        ).fetchall()
        if ends:
            db.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
    return {row[0] for row in found}


def until(done: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not done():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda url: url.replace(f"{USER}:", f"{USER}:no"), 'password authentication failed for user "curbstop"'),
        (lambda url: f"{url}x", "does not exist"),
        (lambda url: f"{url.rpartition(':')[0]}:1/none", "refused"),
        (lambda url: url.replace("127.0.0.1", "nowhere.invalid"), "nowhere.invalid"),
    ],
)
def test_a_server_that_will_not_have_us_is_told_in_one_sentence(
    postgres: RunningPostgres,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    wrong: Callable[[str], str],
    said: str,
) -> None:
    url = wrong(postgres.url("none"))
    told = refused(tmp_path, f'database = "{url}"\n', capsys)
    assert said in told
    assert postgres.password not in told


@pytest.mark.parametrize(
    ("setting", "said"),
    [("synchronous_commit = off", "synchronous_commit"), ("default_transaction_read_only = on", "read-only")],
)
def test_a_database_whose_commits_are_none_is_refused(
    postgres: RunningPostgres, tmp_path: Path, capsys: pytest.CaptureFixture[str], setting: str, said: str
) -> None:
    name = postgres.new()
    with postgres.connect("postgres") as db:
        db.execute(f"ALTER DATABASE {name} SET {setting}".encode())
    assert said in refused(tmp_path, over(postgres, name), capsys)


def test_a_server_without_fsync_is_refused(
    postgres: RunningPostgres, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = postgres.new()
    try:
        turn_fsync(postgres, "off")
        assert "fsync" in refused(tmp_path, over(postgres, name), capsys)
    finally:
        turn_fsync(postgres, "on")


def turn_fsync(postgres: RunningPostgres, to: str) -> None:
    with postgres.connect("postgres", SUPERUSER) as db:
        db.execute(f"ALTER SYSTEM SET fsync = {to}".encode())
        db.execute("SELECT pg_reload_conf()")
        while db.execute("SHOW fsync").fetchone() != (to,):
            time.sleep(0.01)


def test_a_database_that_holds_no_accents_is_refused(
    postgres: RunningPostgres, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with postgres.connect("postgres") as db:
        db.execute("CREATE DATABASE plain ENCODING 'SQL_ASCII' LOCALE 'C' LOCALE_PROVIDER libc TEMPLATE template0")
    assert "ENCODING 'UTF8'" in refused(tmp_path, over(postgres, "plain"), capsys)
