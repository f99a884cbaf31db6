"""The status socket of a real process, and what clients that are slow, silent or talk junk can do to it: nothing."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import structlog

from curbstop.cli import main
from curbstop.status_table import WIDTH, page, span
from gateway.liveness.pulse import Pulse
from gateway.status import server, shape
from gateway.status.gather import Gatherer
from gateway.status.server import LINE_BYTES, Server, UnfitError, ask, handlers
from protocols.types import Verb
from tests.gateway.world import A, B, C, World, config_text, play

PATIENCE_S = 30.0


@pytest.fixture(autouse=True)
def _logs_as_they_were() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def gathered(world: World, tmp_path: Path) -> Gatherer:
    assert world.gateway is not None
    return Gatherer(world.gateway, Pulse(world.virtual.clock), tmp_path / "journal.sqlite", "21fe-31df", ("aaaa-bbbb",))


def test_a_page_of_a_hundred_columns_tells_what_needs_somebody_first(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        del world.line.stations[1]
        world.start()
        await world.plane.born.wait()
        await asyncio.sleep(120)
        await world.receipt(await world.plane.send(world.plane.command(A, Verb.CLOSE)))
        world.line.go_down()
        await world.plane.send(world.plane.command(C, Verb.CLOSE))
        await asyncio.sleep(60)
        gatherer = gathered(world, tmp_path)
        status, meters = gatherer.status(), gatherer.meters("", 100)
        text = page(status, meters)
        assert max(map(len, text.splitlines())) <= WIDTH
        assert text.splitlines()[1].startswith("  ! line riser is away")
        assert [m.name for m in meters] == ["A", "B", "C", "D"]
        assert (meters[0].position, meters[1].error != "", meters[1].read_s) == ("closed", True, None)
        assert (status.caps.hour_used, status.caps.closed, status.meters_silent) == (1, 2, 1)
        assert (status.receipts[0].meter, status.receipts[0].outcome, status.receipts[0].held) == ("A", "done", True)
        assert sum(status.commands.values()) == 1
        assert status.lines[0].exchanges > status.lines[0].answers > 0
        assert 0 < status.lines[0].use < 1
        assert gatherer.meters("B", 1)[0].name == "C"

    play(story, tmp_path)


def test_a_calm_page_says_that_all_is_well(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.start()
        await world.plane.born.wait()
        await asyncio.sleep(120)
        status = gathered(world, tmp_path).status()
        assert page(status, ()).splitlines()[1] == "  all well"
        world.virtual.clock.jump(7200)
        told = page(gathered(world, tmp_path).status(), ())
        assert "the clock is not trusted, nothing is closed" in told.splitlines()[1]
        assert msgspec.convert(msgspec.to_builtins(status), shape.Status) == status

    play(story, tmp_path)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(None, "never"), (0.0, "0 s"), (119, "119 s"), (7100, "118 min"), (1e5, "28 h"), (1e6, "12 d")],
)
def test_spans_are_told_in_the_unit_that_says_enough(seconds: float | None, told: str) -> None:
    assert span(seconds) == told


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "gateway.toml").write_text(config_text().replace("port = 5000", "port = 1"))
    (tmp_path / "password").write_text("secret\n")
    (tmp_path / "password").chmod(0o600)
    return tmp_path


def test_a_real_gateway_tells_its_own_user_and_without_one_its_journal_does(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, place = str(folder / "gateway.toml"), folder / "journal.sqlite.sock"
    assert main(["gateway", "status", config]) == 1
    assert "No gateway runs here." in capsys.readouterr().out
    assert not (folder / "journal.sqlite").exists(), "it was only read"
    with subprocess.Popen([sys.executable, "-m", "curbstop", "gateway", config], stderr=subprocess.DEVNULL) as process:
        try:
            _wait_for(place)
            assert place.stat().st_mode & 0o777 == 0o600
            assert main(["gateway", "status", config]) == 0
            told = capsys.readouterr().out
            assert "cellar" in told
            assert "! no broker" in told
            assert "A      riser  never" in told
            assert main(["gateway", "status", config, "--json"]) == 0
            assert len(json.loads(capsys.readouterr().out)["meters"]) == 4
        finally:
            process.terminate()
    assert process.returncode == 0
    assert not place.exists()
    assert main(["gateway", "status", config]) == 1
    assert "0  commands not ended" in capsys.readouterr().out
    assert main(["gateway", "status", config, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["running"] is False


def _wait_for(place: Path) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while not place.exists():
        assert time.monotonic() < end_s
        time.sleep(0.05)


def test_a_file_that_is_no_configuration_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gateway", "status", str(tmp_path / "gateway.toml")]) == 2
    assert "gateway.toml" in capsys.readouterr().err


async def answered(place: Path, *lines: bytes) -> list[bytes]:
    reader, writer = await asyncio.open_unix_connection(str(place))
    writer.write(b"".join(lines))
    answers = [await reader.readline() for _ in lines]
    writer.close()
    await asyncio.sleep(0.05)
    return answers


def test_junk_slow_and_too_many_clients_hurt_nobody_but_themselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "SILENT_S", 1.0)
    big = "x" * 1_000_000

    async def large(_: dict[str, object]) -> object:
        return big

    async def unfit(_: dict[str, object]) -> object:
        raise UnfitError("the line is busy")

    async def story() -> None:
        place = tmp_path / "sock"
        serving = asyncio.create_task(Server(place, {"large": large, "unfit": unfit}).run())
        await asyncio.sleep(0.05)
        junk = await answered(
            place, b"\xff\xfe\n", b"[]\n", b'{"ask":"open"}\n', b'{"ask":["x"]}\n', b'{"ask":"unfit"}\n'
        )
        assert [b"error" in line for line in junk] == [True] * 5
        assert b"there are: large, unfit" in junk[2]
        assert (await answered(place, b"x" * (2 * LINE_BYTES)))[0] == b"", "a line that never ends ends the connection"
        held = [socket.socket(socket.AF_UNIX) for _ in range(server.CLIENTS)]
        for client in held:
            client.connect(str(place))
            client.sendall(b'{"ask":"large"}\n' * 3)
        await asyncio.sleep(0.05)
        assert b"clients are served at a time" in (await answered(place, b"\n"))[0]
        await asyncio.sleep(2.5)
        told = await asyncio.to_thread(ask, place, {"ask": "large"}, 5.0)
        assert told == big, "who reads nothing has lost its connection, and its place"
        for client in held:
            client.close()
        serving.cancel()
        await asyncio.wait([serving])
        assert not place.exists()

    asyncio.run(story())


def test_a_socket_left_by_a_killed_process_is_replaced_and_a_path_too_long_is_told(tmp_path: Path) -> None:
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(tmp_path / "sock"))
    left.close()

    async def story() -> None:
        async def well(_: dict[str, object]) -> object:
            return {}

        serving = asyncio.create_task(Server(tmp_path / "sock", {"status": well}).run())
        await asyncio.sleep(0.05)
        assert (await answered(tmp_path / "sock", b'{"ask":"status"}\n')) == [b'{"status":{}}\n']
        serving.cancel()
        with pytest.raises(OSError, match="107 bytes"):
            await Server(tmp_path / ("x" * 120), {}).run()

    asyncio.run(story())


def test_meters_come_page_by_page_and_an_unfit_ask_is_said(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.start()
        asked = handlers(gathered(world, tmp_path))
        assert [m.name for m in await asked["meters"]({"after": B})] == ["C", "D"]
        with pytest.raises(UnfitError, match="after"):
            await asked["meters"]({"after": 7})

    play(story, tmp_path)


def test_the_socket_is_for_its_user_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        Server(tmp_path / "sock", {})._bound().close()
    finally:
        os.umask(before)
    assert (tmp_path / "sock").stat().st_mode & 0o777 == 0o600
