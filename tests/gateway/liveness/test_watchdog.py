"""The watchdog, with a real socket: pings only while every part gets on; a real process that hangs is heard no more."""

import asyncio
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway import schedule
from gateway.liveness.duty import Duty
from gateway.liveness.notify import Notify
from gateway.liveness.pulse import Pulse
from gateway.liveness.watchdog import Watchdog
from gateway.uplink import Uplink
from protocols.ports import Wire
from protocols.types import Verb
from simulators.loop import Virtual, run
from tests.gateway.world import A, World, config_text, play

PATIENCE_S = 30.0


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        yield listening


def heard(manager: socket.socket, within_s: float = 0.0) -> list[str]:
    """All lines that have come; the first is waited for."""
    lines: list[str] = []
    while select.select([manager], [], [], within_s)[0]:
        lines += manager.recv(4096).decode().split("\n")
        within_s = 0.0
    return lines


def test_an_abstract_socket_is_told_too() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind("\0curbstop-test-notify")
        assert Notify({"NOTIFY_SOCKET": "@curbstop-test-notify"}).tell("READY=1", "STATUS=well")
        assert heard(listening) == ["READY=1", "STATUS=well"]


@pytest.mark.parametrize(
    ("environment", "every_s"),
    [({}, 0.0), ({"WATCHDOG_USEC": "30000000"}, 10.0), ({"WATCHDOG_USEC": "soon"}, 0.0)],
)
def test_without_a_manager_nothing_happens(environment: dict[str, str], every_s: float) -> None:
    notify = Notify(environment)
    assert (notify.tell("READY=1"), notify.every_s, notify.wanted) == (False, every_s, False)
    assert not Notify({"NOTIFY_SOCKET": "/nowhere/at/all"}).tell("READY=1")


def watched(world: World, manager: socket.socket) -> Watchdog:
    assert world.gateway is not None
    notify = Notify({"NOTIFY_SOCKET": str(manager.getsockname()), "WATCHDOG_USEC": "30000000"})
    return Watchdog(notify, world.gateway.duties, world.gateway.words)


def test_a_day_of_work_is_pinged_for_and_so_is_a_day_without_line_and_broker(
    tmp_path: Path, manager: socket.socket
) -> None:
    """What is away is no reason to start anew: nothing would be better afterwards."""

    async def story(world: World) -> None:
        world.start()
        await world.plane.born.wait()
        dog = watched(world, manager)
        for hour in range(24):
            if hour == 8:
                world.line.go_down()
                world.broker.go_down()
            await world.plane.send(world.plane.command(A, Verb.CLOSE if hour % 2 else Verb.OPEN)) if hour < 8 else None
            for _ in range(20):
                await asyncio.sleep(180.0)
                dog.look()
                assert heard(manager)[0] == "WATCHDOG=1", hour
        dog.look()
        told = heard(manager)[1]
        assert told.startswith("STATUS=no broker")
        assert told.endswith("lines away: riser: 4 meters, 0 of 1 lines up")

    play(story, tmp_path, text=config_text(every_s=600.0))


@pytest.mark.parametrize("part", ["line riser", "uplink", "polling of riser", "outbox"])
def test_one_part_that_is_stuck_ends_the_pings_and_is_named_once(
    tmp_path: Path, manager: socket.socket, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    async def for_ever(*_: object) -> Wire:
        return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]

    async def story(world: World) -> None:
        if part == "line riser":
            world.dials["riser"] = for_ever
        if part == "uplink":
            world.broker.transit_s = 1e9
        if part == "polling of riser":
            monkeypatch.setattr(schedule, "LONGEST_SLEEP_S", 1e9)
        if part == "outbox":
            monkeypatch.setattr(Uplink, "_send_after", for_ever)
        world.start()
        dog = watched(world, manager)
        lines: list[str] = []
        with capture_logs() as told:
            for _ in range(30):
                await asyncio.sleep(10)
                dog.look()
                lines += heard(manager)
        assert [line for line in lines[-10:] if not line.startswith(f"STATUS=stuck: {part} (")] == []
        stuck = [str(log["part"]) for log in told if log["log_level"] == "error" and "stuck" in log["event"]]
        assert stuck == [part]

    play(story, tmp_path, text=config_text(every_s=7200.0))


HANGS = """
import asyncio, sys, time
from curbstop import gateway
config = gateway.read(__import__("pathlib").Path(sys.argv[1]))
serve = gateway.serve

async def hanging(built):
    asyncio.get_running_loop().call_later(1.5, time.sleep, 600)
    await serve(built, config)

asyncio.run(hanging(gateway.build(config)))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "gateway.toml").write_text(config_text().replace("port = 5000", "port = 1"))
    (tmp_path / "password").write_text("secret\n")
    (tmp_path / "password").chmod(0o600)
    return tmp_path


def started(folder: Path, manager: socket.socket, *program: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "NOTIFY_SOCKET": str(manager.getsockname()), "WATCHDOG_USEC": "600000"}
    command = [sys.executable, *program, str(folder / "gateway.toml")]
    return subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)


def test_a_real_process_is_ready_pings_and_says_that_it_stops(folder: Path, manager: socket.socket) -> None:
    with started(folder, manager, "-m", "curbstop", "gateway") as process:
        lines = heard(manager, PATIENCE_S)
        assert lines[0] == "READY=1"
        assert lines[1].startswith("STATUS=no broker; clock not confirmed, nothing is closed")
        for _ in range(3):
            assert heard(manager, PATIENCE_S)[0] == "WATCHDOG=1"
        process.send_signal(signal.SIGTERM)
        lines = []
        while "STOPPING=1" not in lines:
            lines += heard(manager, PATIENCE_S)
        assert process.wait(PATIENCE_S) == 0


def test_a_real_process_whose_loop_is_blocked_pings_no_more(folder: Path, manager: socket.socket) -> None:
    with started(folder, manager, "-c", HANGS) as process:
        try:
            assert heard(manager, PATIENCE_S)[0] == "READY=1"
            while heard(manager, 3.0):
                pass
            assert process.poll() is None, "it is there, and silent for five times as long as between two pings"
        finally:
            process.kill()


def test_a_loop_that_stands_still_and_a_machine_that_slept_are_told() -> None:
    async def story(virtual: Virtual) -> None:
        pulse = Pulse(virtual.clock)
        with capture_logs() as told:
            for late_s in (0.0005, 5.0, 5.0, 0.003):
                pulse.beat(late_s, 0.0)
            pulse.beat(0.0, 3600.0)
        assert [log["log_level"] for log in told] == ["warning", "debug", "info", "info"]
        assert (pulse.quantile_s(0.2), pulse.quantile_s(0.99), pulse.worst_s) == (0.001, 5.0, 5.0)
        assert pulse.suspended == 1

    run(story)


def test_what_is_stuck_and_gets_on_again_is_told(manager: socket.socket) -> None:
    async def story(_: Virtual) -> None:
        duty = Duty("line riser", 60.0)
        dog = Watchdog(Notify({"NOTIFY_SOCKET": str(manager.getsockname())}), lambda: [duty], lambda: "well")
        duty.got_on()
        await asyncio.sleep(61)
        with capture_logs() as told:
            dog.look()
            dog.look()
            duty.rests()
            dog.look()
        assert [log["log_level"] for log in told] == ["error", "info"]
        assert heard(manager) == ["STATUS=stuck: line riser (61 s)"] * 2 + ["WATCHDOG=1", "STATUS=well"]

    run(story)
