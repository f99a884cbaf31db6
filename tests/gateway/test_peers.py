"""What went wrong in other gateways, each named after its thread: one thing is blocked, and all else goes on (I12)."""

import asyncio
from itertools import pairwise
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from protocols.ports import Message, Wire
from protocols.types import MeterId, Outcome, ValvePosition, Verb
from protocols.uplink.messages import PermitRequest
from simulators.broker import _Link
from simulators.wire import LineWire
from tests.gateway.world import A, B, C, D, G, World, config_text, play

HOUR_S = 3600.0
EVERY_S = 600.0


async def born(world: World) -> None:
    world.start()
    await world.plane.born.wait()


def polled(world: World) -> dict[MeterId, list[float]]:
    """When each meter was read, in minutes since the start, as the control plane heard."""
    start = min(r.at for batch in world.plane.readings for r in batch.readings)
    told: dict[MeterId, set[float]] = {m: set() for m in (A, B, C, D)}
    for batch in world.plane.readings:
        for reading in batch.readings:
            told[reading.meter].add(round((reading.at - start).total_seconds() / 60))
    return {meter: sorted(times) for meter, times in told.items()}


def test_thingsboard_gateway_2132_polling_goes_on_however_long_the_uplink_is_away(tmp_path: Path) -> None:
    """There all polling froze half an hour after the uplink was lost, though the bus was fine."""

    async def story(world: World) -> None:
        await born(world)
        world.broker.go_down()
        await asyncio.sleep(5 * HOUR_S)
        world.broker.come_up()
        await world.until(lambda: len(world.plane.readings) > 0)
        await asyncio.sleep(120)
        for meter, minutes in polled(world).items():
            gaps = {after - before for before, after in pairwise(minutes)}
            assert gaps <= {9, 10, 11}, f"{meter} was not read for {max(gaps)} minutes"
            assert minutes[-1] >= 290

    play(story, tmp_path, text=config_text(every_s=EVERY_S))


def test_thingsboard_gateway_2132_a_broker_that_takes_and_never_answers_stops_no_line(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born(world)
        read, world.broker.transit_s = len(world.tap), 1e9
        await asyncio.sleep(2 * HOUR_S)
        assert len(world.tap) > read + 4 * 11

    play(story, tmp_path, text=config_text(every_s=EVERY_S))


@pytest.mark.parametrize("how", ["dial", "write", "read"])
def test_device_modbus_go_147_a_line_that_hangs_stops_no_other(tmp_path: Path, how: str) -> None:
    """There one silent slave stopped all. Here a whole line hangs, in a way that even its own time-outs don't end."""

    async def for_ever() -> None:
        await asyncio.get_running_loop().create_future()

    class Hangs(LineWire):
        async def write(self, data: bytes) -> None:
            if how == "write":
                await for_ever()
            await super().write(data)

    async def dial() -> Wire:
        if how == "dial":
            await for_ever()
        return Hangs(lambda _wire, _data: None)

    async def story(world: World) -> None:
        world.dials["attic"] = dial
        await born(world)
        digests = [await world.plane.send(world.plane.command(m, Verb.CLOSE)) for m in (B, A)]
        assert (await world.receipt(digests[1])).outcome is Outcome.DONE
        opened = await world.receipt(await world.plane.send(world.plane.command(A, Verb.OPEN)))
        assert opened.outcome is Outcome.DONE
        assert (await world.receipt(digests[0])).outcome is Outcome.REFUSED, "and it is said of the one that can't"
        await world.until(lambda: any(r.meter == A for batch in world.plane.readings for r in batch.readings))

    attic = '[[lines]]\nname = "attic"\nhost = "127.0.0.1"\nport = 5001\n'
    first, *meters = config_text().split("[[meters]]")
    text = (
        first + attic + "".join("[[meters]]" + m.replace("riser", "attic" if '"B"' in m else "riser") for m in meters)
    )
    play(story, tmp_path, text=text)


def test_device_modbus_go_147_one_silent_meter_stops_nobody_on_its_line(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        del world.line.stations[1]
        await born(world)
        await asyncio.sleep(2 * HOUR_S)
        for meter, minutes in polled(world).items():
            assert len(minutes) >= 11 or meter == B
        assert (await world.receipt(await world.plane.send(world.plane.command(C, Verb.CLOSE)))).outcome is Outcome.DONE

    play(story, tmp_path, text=config_text(every_s=EVERY_S))


def test_home_assistant_165162_a_valve_that_never_arrives_is_told_and_not_left_opening(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born(world)
        for verb, said in ((Verb.CLOSE, Outcome.FAILED), (Verb.OPEN, Outcome.DONE)):
            receipt = await world.receipt(await world.plane.send(world.plane.command(A, verb)))
            assert receipt.outcome is said
            assert receipt.after is not None
            assert receipt.after.position is ValvePosition.OPEN, "what was read, never what was asked"

    play(story, tmp_path, sticks=A)


def test_thingsboard_8712_a_reply_that_is_quicker_than_the_acknowledgement_blocks_nothing(tmp_path: Path) -> None:
    """The permit comes before the broker has confirmed that it took the question."""

    async def story(world: World) -> None:
        await born(world)
        desk = world.gateway.edge.permits if world.gateway else None
        assert desk is not None
        publish = desk.publish

        async def slowly_confirmed(kind: str, raw: bytes) -> None:
            await publish(kind, raw)
            if kind == PermitRequest.kind:
                await asyncio.sleep(2)

        desk.publish = slowly_confirmed
        for verb in (Verb.CLOSE, Verb.OPEN, Verb.CLOSE):
            receipt = await world.receipt(await world.plane.send(world.plane.command(A, verb)))
            assert receipt.outcome is Outcome.DONE
        assert len(world.plane.requests) == 2

    play(story, tmp_path)


def test_thingsboard_2898_and_gateway_1144_commands_come_after_every_reconnect(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born(world)
        for turn in range(6):
            world.broker.cut(G)
            if turn == 3:
                world.broker.restart_empty()
            await asyncio.sleep(60)
            verb = Verb.OPEN if turn % 2 else Verb.CLOSE
            receipt = await world.receipt(await world.plane.send(world.plane.command(A, verb)))
            assert receipt.outcome is Outcome.DONE, turn

    play(story, tmp_path)


def test_thingsboard_7123_and_11642_what_came_while_the_gateway_was_away_is_done_once_and_told_only_then(
    tmp_path: Path,
) -> None:
    """There it counted as delivered though the device was offline, and was stuck for ever after a restart."""

    async def story(world: World) -> None:
        await born(world)
        world.kill()
        close = world.plane.command(A, Verb.CLOSE)
        digest = await world.plane.send(close)
        await asyncio.sleep(30)
        assert digest not in world.plane.acked
        world.start()
        for _ in range(4):
            await asyncio.sleep(5)
            await world.plane.send(close)
        assert (await world.receipt(digest)).outcome is Outcome.DONE
        assert digest in world.plane.acked
        assert world.moves(A) == ["closed"]

    play(story, tmp_path)


def test_thingsboard_gateway_662_what_the_old_gateway_hears_after_a_meter_has_moved_is_not_done(tmp_path: Path) -> None:
    """The epoch was raised when the meter moved: a command of the old one is refused, however late it comes."""

    async def story(world: World) -> None:
        await born(world)
        late = world.plane.command(A, Verb.CLOSE)
        world.plane.epoch += 1
        world.kill()
        world.start()
        await world.until(lambda: len(world.plane.births) > 1)
        await asyncio.sleep(5)
        receipt = await world.receipt(await world.plane.send(late))
        assert (receipt.outcome, world.moves(A)) == (Outcome.REFUSED, [])

    play(story, tmp_path)


def test_a_broker_that_takes_connections_and_drops_them_is_not_hammered_and_told_once(tmp_path: Path) -> None:
    """Nothing has recovered before a session has stood for a while."""

    async def story(world: World) -> None:
        entered: list[float] = []
        enter = world.broker._enter

        def dropped(client: str, topics: list[str], will: Message | None) -> _Link:
            link = enter(client, topics, will)
            if client == G and world.virtual.clock.boot() < HOUR_S:
                entered.append(world.virtual.clock.boot())
                world.virtual.loop.call_later(1.0, world.broker.cut, G)
            return link

        world.broker._enter = dropped  # type: ignore[method-assign]
        with capture_logs() as told:
            world.start()
            await asyncio.sleep(HOUR_S + 120)
        assert 60 < len(entered) < 400
        levels = [log["log_level"] for log in told if "broker" in log["event"] and log["log_level"] != "debug"]
        assert levels == ["warning", "info"]

    play(story, tmp_path)
