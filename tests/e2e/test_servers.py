"""Servers are installed by one process at a time: the parts of a run may want one at the same moment."""

import threading
from pathlib import Path

import pytest

from tests.e2e import servers


def test_who_wants_a_server_while_another_installs_waits_and_looks_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program, done = tmp_path / "program", list[str]()
    monkeypatch.setattr(servers, "LOCK", tmp_path / "lock")
    monkeypatch.setattr("shutil.which", lambda _: "apt-get")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(servers, "_install", done.append)
    monkeypatch.setitem(servers.PACKAGES, "one", ("package", str(program).removeprefix("/")))
    with servers.installing():
        other = threading.Thread(target=servers.obtain, args=("one",))
        other.start()
        other.join(0.2)
        assert other.is_alive()
        program.touch()
    other.join()
    assert done == []
    assert servers.obtain("one") == program
