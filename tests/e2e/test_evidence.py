"""Evidence over a real socket: early refusals reach the sender, and a cut or killed upload leaves nothing half."""

import signal
import socket
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from tests.controlplane.field.evidence.pictures import jpeg, labels, scene
from tests.curbstop.test_serve import first_token, free_port, ready, served

PHOTO = jpeg(scene(1), labels())
DIGEST = sha256(PHOTO).hexdigest()
PATIENCE_S = 20


def put(port: int, token: str, content: bytes | Iterator[bytes], digest: str = DIGEST) -> httpx.Response:
    path = f"http://127.0.0.1:{port}/api/v1/field/evidence/{digest}"
    return httpx.put(path, content=content, headers={"authorization": f"Bearer {token}"}, timeout=PATIENCE_S)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "evidence").rglob("*") if path.is_file())


def until(folder: Path, count: int) -> None:
    end = time.monotonic() + PATIENCE_S
    while len(files(folder)) != count:
        assert time.monotonic() < end, files(folder)


def cut(port: int, token: str, announced: int, sent: bytes) -> socket.socket:
    """Send a part of what was announced, and keep the line open."""
    head = f"PUT /api/v1/field/evidence/{DIGEST} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {token}\r\n"
    line = socket.create_connection(("127.0.0.1", port))
    line.sendall(f"{head}Content-Length: {announced}\r\n\r\n".encode() + sent)
    return line


def test_I7_evidence_over_a_socket_survives_what_happens_to_it(tmp_path: Path) -> None:
    port = free_port()
    with served(tmp_path, port) as process:
        token = first_token(process)
        ready(port)
        refusal = put(port, token, b"GIF89a" + bytes(15_000_000), sha256(b"").hexdigest())
        assert (refusal.status_code, refusal.json()["code"]) == (415, "evidence_type")
        assert put(port, "tok_00000000000000000." + "0" * 64, PHOTO).status_code == 401
        with cut(port, token, len(PHOTO), PHOTO[:9000]):
            until(tmp_path, 1)
        until(tmp_path, 0)
        assert put(port, token, iter([PHOTO[:7], PHOTO[7:]])).status_code == 201
        assert files(tmp_path) == [DIGEST, f"{DIGEST}.thumbnail.jpg"]
        with cut(port, token, len(PHOTO), PHOTO[:9000]):
            until(tmp_path, 3)
            process.send_signal(signal.SIGKILL)
            process.wait(PATIENCE_S)
    assert len(files(tmp_path)) == 3
    with served(tmp_path, port):
        ready(port)
        assert files(tmp_path) == [DIGEST, f"{DIGEST}.thumbnail.jpg"]
        back = httpx.get(
            f"http://127.0.0.1:{port}/api/v1/field/evidence/{DIGEST}", headers={"authorization": f"Bearer {token}"}
        )
        assert back.content == PHOTO
        assert put(port, token, PHOTO).status_code == 200


@pytest.mark.parametrize("blocked", ["evidence"])
def test_a_folder_that_cannot_be_used_is_one_sentence(tmp_path: Path, blocked: str) -> None:
    (tmp_path / blocked).write_text("a file")
    with served(tmp_path, free_port()) as process:
        _, said = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 2
    assert "evidence.folder" in said
    assert "Traceback" not in said
