"""`curbstop backup` and `curbstop restore`, with the control plane as a process: what is restored begins halted."""

import signal
import sqlite3
from pathlib import Path

import httpx
import pytest

from curbstop.cli import main
from tests.curbstop.test_serve import first_token, free_port, ready, served, settings

HALT = "/api/v1/halt"


def get(port: int, token: str, path: str) -> httpx.Response:
    return httpx.get(f"http://127.0.0.1:{port}{path}", headers={"authorization": f"Bearer {token}"})


def post(port: int, token: str, path: str, body: dict[str, object], key: str) -> httpx.Response:
    headers = {"authorization": f"Bearer {token}", "idempotency-key": key}
    return httpx.post(f"http://127.0.0.1:{port}{path}", json=body, headers=headers)


def test_a_backup_of_a_running_house_is_restored_halted_and_resumed(tmp_path: Path) -> None:
    port, kept = free_port(), tmp_path / "kept.sqlite"
    config = str(settings(tmp_path, port))
    with served(tmp_path, port) as process:
        token = first_token(process)
        ready(port)
        assert post(port, token, "/api/v1/clients", {"name": "before"}, "a").status_code == 201
        assert main(["backup", config, str(kept)]) == 0
        assert post(port, token, "/api/v1/clients", {"name": "after"}, "b").status_code == 201
        assert main(["restore", config, str(kept)]) == 2
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    assert main(["restore", config, str(kept)]) == 0
    with served(tmp_path, port) as process:
        ready(port)
        halt = get(port, token, HALT).json()
        assert halt["halted"] is True
        assert "another run" in halt["reason"]
        names = [item["name"] for item in get(port, token, "/api/v1/clients").json()["items"]]
        assert names == ["before"]
        vouched = {"stops_sent_again": True, "crews_reported": True, "note": "nothing was missing"}
        assert post(port, token, f"{HALT}/resume", vouched, "c").status_code == 200
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=20)
    assert "HALTED" in said
    assert "/api/v1/halt/resume" in said
    aside = next(p for p in tmp_path.glob("control-plane.sqlite.before-*") if p.suffix != ".wal")
    with sqlite3.connect(aside) as database:
        assert len(database.execute("SELECT name FROM clients").fetchall()) == 2


def test_a_second_process_on_one_database_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    port = free_port()
    with served(tmp_path, port) as process:
        first_token(process)
        ready(port)
        assert main(["serve", str(settings(tmp_path, free_port()))]) == 2
    assert "is in use by another process: stop that one first" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "unable to open"), (b"rubbish " * 200, "is no backup"), (b"", "is no backup")],
)
def test_what_is_no_backup_is_refused_and_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None, says: str
) -> None:
    backup = tmp_path / "kept.sqlite"
    if content is not None:
        backup.write_bytes(content)
    config = settings(tmp_path, 1)
    before = sorted(p.name for p in tmp_path.iterdir())
    assert main(["restore", str(config), str(backup)]) == 2
    assert says in capsys.readouterr().err
    assert sorted(p.name for p in tmp_path.iterdir()) == before


def test_a_backup_is_never_overwritten_and_there_is_something_to_copy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = str(settings(tmp_path, 1))
    assert main(["backup", config, str(tmp_path / "kept")]) == 2
    assert "there is no database" in capsys.readouterr().err
    (tmp_path / "kept").write_text("mine")
    assert main(["backup", config, str(tmp_path / "kept")]) == 2
    assert "never overwritten" in capsys.readouterr().err


def test_a_database_that_is_none_of_ours_leaves_nothing_behind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = str(settings(tmp_path, 1))
    with sqlite3.connect(tmp_path / "control-plane.sqlite") as database:
        database.execute("CREATE TABLE other (x)")
    assert main(["backup", config, str(tmp_path / "kept")]) == 2
    assert "is no backup of a control plane" in capsys.readouterr().err
    assert list(tmp_path.glob("kept*")) == []


def test_a_database_of_a_server_is_left_to_its_own_tools(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = settings(tmp_path, 1, more='database = "postgresql+psycopg://localhost/x"\n')
    assert main(["backup", str(config), str(tmp_path / "kept")]) == 2
    assert "own tools" in capsys.readouterr().err
