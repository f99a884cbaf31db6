"""The demo's processes: what they say is heard, a fall is told with their last words, and none is left behind."""

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import pytest

from curbstop.demo.child import DemoError, FellError, running
from curbstop.demo.files import Ports, write_plane_file
from curbstop.demo.plane import control_plane
from curbstop.demo.setting import free_port
from seams.clock import SystemEntropy
from seams.mqtt import Address

PATIENCE_S = 30.0


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


async def test_an_awaited_word_is_told_and_stays_out_of_the_log(tmp_path: Path) -> None:
    code = "import time; print('hello'); print('token  s3cret'); time.sleep(60)"
    async with running("it", python(code), tmp_path / "log", awaited=("token",)) as child:
        assert await child.told("token", PATIENCE_S) == "s3cret"
    assert (tmp_path / "log").read_text() == "hello\n"
    assert not is_running(child.process.pid)


async def test_a_fall_is_told_with_its_code_and_last_words(tmp_path: Path) -> None:
    code = "print('one'); print('no disk'); raise SystemExit(3)"
    with pytest.raises(ExceptionGroup) as caught:
        async with running("the thing", python(code), tmp_path / "log"):
            await asyncio.Event().wait()
    (error,) = caught.value.exceptions
    assert isinstance(error, FellError)
    assert str(error) == "the thing ended by itself with exit code 3; it said last:\n  one\n  no disk"


async def test_a_fall_by_a_signal_is_told(tmp_path: Path) -> None:
    with pytest.raises(ExceptionGroup) as caught:
        async with running("the thing", python("import time; time.sleep(60)"), tmp_path / "log") as child:
            os.kill(child.process.pid, signal.SIGKILL)
            await asyncio.Event().wait()
    assert "was ended by signal 9; it said nothing" in str(caught.value.exceptions[0])


async def test_a_word_that_does_not_come_is_told_with_what_was_said(tmp_path: Path) -> None:
    with pytest.raises(ExceptionGroup) as caught:
        async with running("it", python("import time; time.sleep(60)"), tmp_path / "log", awaited=("token",)) as child:
            await child.told("token", 0.1)
    (error,) = caught.value.exceptions
    assert isinstance(error, DemoError)
    assert str(error).startswith("it did not tell its token within")
    assert not is_running(child.process.pid)


async def test_one_that_does_not_want_to_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("curbstop.demo.child.STOPS_WITHIN_S", 0.2)
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready x'); time.sleep(60)"
    async with running("it", python(code), tmp_path / "log", awaited=("ready",)) as child:
        await child.told("ready", PATIENCE_S)
    assert child.process.returncode == -signal.SIGKILL


async def test_settings_in_the_environment_are_not_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CURBSTOP_LISTEN_PORT", "1")
    code = "import os, time; print('found', sorted(n for n in os.environ if 'CURB' in n)); time.sleep(60)"
    async with running("it", python(code), tmp_path / "log", awaited=("found",)) as child:
        assert await child.told("found", PATIENCE_S) == "[]"


async def test_a_control_plane_whose_port_is_taken_is_told_in_its_own_words(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        broker = Address("127.0.0.1", free_port(), "control-plane", "control-plane", "p" * 32)
        config = write_plane_file(tmp_path, Ports(broker=1, line=1, rest=port), broker)
        with pytest.raises(ExceptionGroup) as caught:
            async with control_plane(config, Ports(broker=1, line=1, rest=port), SystemEntropy()):
                raise AssertionError("it can't have come up")
    (error,) = caught.value.exceptions
    assert str(error).startswith("the control plane ended by itself with exit code 2; it said last:\n")
    assert f"127.0.0.1:{port} can't be listened on" in str(error)
