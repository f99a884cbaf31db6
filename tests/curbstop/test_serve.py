"""`curbstop serve`, as a process: the first token, a taken port, bad settings, and a clean stop with a stream open."""

import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from controlplane.registry.service import create_client, create_point
from curbstop.cli import main
from curbstop.serve import build, listening, read
from protocols.uplink.keys import spoken
from seams import keyfile

PATIENCE_S = 30
STOPS_WITHIN_S = 4


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def settings(folder: Path, port: int, more: str = "") -> Path:
    """A settings file; `more` are lines before its tables."""
    path = folder / "plane.toml"
    broker = "" if "broker =" in more else '[broker]\nhost = "127.0.0.1"\nport = 1\n'
    path.write_text(f'pack = "demo"\nkey_file = "plane.key"\n{more}[listen]\nport = {port}\n{broker}')
    return path


@contextmanager
def served(folder: Path, port: int, more: str = "") -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "curbstop", "serve", str(settings(folder, port, more))]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def ready(port: int) -> None:
    end = time.monotonic() + PATIENCE_S
    with httpx.Client(transport=httpx.HTTPTransport(retries=3)) as http:
        while time.monotonic() < end:
            try:
                if http.get(f"http://127.0.0.1:{port}/healthz").status_code == 200:
                    return
            except httpx.TransportError:
                continue
    raise AssertionError("it does not answer")


def first_token(process: "subprocess.Popen[str]") -> str:
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("admin token"):
            return line.split()[2]
    raise AssertionError("no token was shown")


def test_the_first_start_shows_a_token_that_works_and_a_stop_is_clean_with_a_stream_open(tmp_path: Path) -> None:
    port = free_port()
    with served(tmp_path, port) as process:
        token = first_token(process)
        ready(port)
        headers = {"authorization": f"Bearer {token}", "idempotency-key": "k"}
        base = f"http://127.0.0.1:{port}/api/v1"
        assert httpx.post(f"{base}/clients", json={"name": "Acqua"}, headers=headers).status_code == 201
        with httpx.stream("GET", f"{base}/events", headers=headers, timeout=PATIENCE_S) as events:
            chunks = events.iter_text()
            assert next(chunks).startswith("retry: ")
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            assert list(chunks) == []
        assert process.wait(PATIENCE_S) == 0
        assert time.monotonic() - began < STOPS_WITHIN_S
    assert stat.S_IMODE((tmp_path / "plane.key").stat().st_mode) == 0o600
    with served(tmp_path, port) as process:
        ready(port)
        assert httpx.get(f"{base}/clients", headers=headers).json()["items"][0]["name"] == "Acqua"
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=PATIENCE_S)
        key = keyfile.load(tmp_path / "plane.key").public
        assert f"fingerprint  {spoken(key)}" in said, "what an operator reads to whoever stands at a gateway"
        assert process.returncode == 0
        assert "admin token" not in said
        assert f"serving      127.0.0.1:{port}\n" in said
        assert "Traceback" not in said


def test_a_taken_port_is_one_sentence_and_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["serve", str(settings(tmp_path, port))]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert f"127.0.0.1:{port}" in said
    assert "listen.port" in said
    assert [f.name for f in tmp_path.iterdir()] == ["plane.toml"]


def test_answers_leave_at_once(tmp_path: Path) -> None:
    """On a socket of no named protocol asyncio leaves Nagle's delay on: 40 ms an answer."""
    path = settings(tmp_path, free_port())
    with listening(read(path), path) as taken:
        assert taken.proto == socket.IPPROTO_TCP


def test_settings_are_checked_without_starting(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = settings(tmp_path, free_port())
    assert main(["serve", "--check", str(path)]) == 0
    path.write_text(path.read_text() + "user = 'x'\n")
    assert main(["serve", "--check", str(path)]) == 2
    assert "plane.toml: broker" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('database = "sqlite:////none/x.sqlite"\n', "the database sqlite:////none/x.sqlite can't be used: "),
        ('database = "nonsense"\n', "plane.toml: database: that is no URL of a database; write sqlite:///FILE or "),
        ('database = "postgres://me:s3cret@h/x"\n', "plane.toml: database: postgres is not served; write sqlite:///"),
        ('database = "postgresql://me:s3cret@h:s3cret/x"\n', "plane.toml: database: that is no URL of a database; "),
        ('database = "postgresql://127.0.0.1:1/x?password=s3cret"\n', "127.0.0.1:1/x can't be used: connection "),
        ('database = "postgresql://127.0.0.1/x?sslmod=no"\n', 'can\'t be used: invalid connection option "sslmod"'),
        (
            'database = "postgresql+psycopg://me:s3cret@127.0.0.1:1/x"\n',
            "psycopg://me:***@127.0.0.1:1/x can't be used: ",
        ),
    ],
)
def test_a_database_that_can_not_be_used_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: str, said: str
) -> None:
    assert main(["serve", str(settings(tmp_path, free_port(), more))]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1
    assert "s3cret" not in told


def test_a_driver_that_is_not_installed_is_named(tmp_path: Path) -> None:
    path = settings(tmp_path, free_port(), 'database = "postgresql+psycopg://me:s3cret@127.0.0.1:1/x"\n')
    code = "import sys; sys.modules['psycopg'] = None; from curbstop.cli import main; sys.exit(main(sys.argv[1:]))"
    ended = subprocess.run([sys.executable, "-c", code, "serve", path], capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "pip install 'curbstop[postgres]'" in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert "s3cret" not in ended.stderr


def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "plane.key").write_text("00" * 32)
    (tmp_path / "plane.key").chmod(0o644)
    assert main(["serve", str(settings(tmp_path, free_port()))]) == 2
    assert "chmod 600" in capsys.readouterr().err


def test_a_rule_pack_that_points_name_and_that_is_served_no_more_is_told_at_the_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = settings(tmp_path, free_port())
    plane = build(read(path))
    with plane.engine.begin() as db:
        client = create_client(db, plane.edge.clock, plane.edge.entropy, "Acqua")
        where = {"client": client, "code": "A", "medium": "water", "zone": ""}
        create_point(db, plane.edge.clock, plane.edge.entropy, served=("demo",), pack="demo", forbidden=(), **where)
    plane.writer.close()
    plane.held.close()
    path.write_text(path.read_text().replace('pack = "demo"', 'pack = "italy-water"'))
    assert main(["serve", str(path)]) == 2
    assert "not served: demo; served are italy-water" in capsys.readouterr().err


def test_a_rule_pack_that_is_not_installed_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = settings(tmp_path, free_port())
    path.write_text(path.read_text().replace('pack = "demo"', 'pack = "atlantis"'))
    assert main(["serve", str(path)]) == 2
    assert "no rule pack is called 'atlantis'; installed are demo, italy-water" in capsys.readouterr().err
