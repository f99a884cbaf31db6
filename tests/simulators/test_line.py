import asyncio

import pytest

from simulators.line import Line, Station
from simulators.loop import Virtual, run
from simulators.physics import Constant, Supply
from simulators.reference.water import Plate, slave
from simulators.valve import Valve
from simulators.wire import LineWire
from tests.simulators.talk import ACK, CLOSE, NKE, PLATE, REQ_A, UD_A, long, select, short, valve_of

CHARACTER_S = 11 / 2400
RESPONSE_S = 0.02


def line_of(world: Virtual, *plates: Plate, echo: bool = False, responses: tuple[float, ...] = ()) -> Line:
    stations = []
    for number, plate in enumerate(plates or (PLATE,)):
        supply = Supply(world.clock, Constant(600), valve=Valve(world.clock))
        response_s = responses[number] if responses else RESPONSE_S
        stations.append(Station(slave(world.clock, supply, plate, address=number + 1), response_s))
    return Line(stations, echo=echo)


async def ask(wire: LineWire, request: bytes, wait_s: float = 1.0) -> bytes:
    await wire.write(request)
    try:
        async with asyncio.timeout(wait_s):
            return await wire.read()
    except TimeoutError:
        return b""


def test_an_exchange_takes_exactly_its_characters_and_the_response() -> None:
    async def story(world: Virtual) -> tuple[float, int]:
        wire = await line_of(world).dial()
        answer = await ask(wire, short(REQ_A, 1))
        return world.loop.time(), len(answer)

    at_s, size = run(story)
    assert size == 52
    assert at_s == pytest.approx((5 + size) * CHARACTER_S + RESPONSE_S, abs=1e-9)


def test_a_hundred_exchanges_accumulate_no_error() -> None:
    async def story(world: Virtual) -> float:
        wire = await line_of(world).dial()
        for _ in range(100):
            assert await ask(wire, short(NKE, 1)) == ACK
        return world.loop.time()

    assert run(story) == pytest.approx(100 * (6 * CHARACTER_S + RESPONSE_S), abs=1e-6)


def test_bytes_written_at_once_go_out_one_after_the_other() -> None:
    async def story(world: Virtual) -> tuple[float, int]:
        line = line_of(world)
        wire = await line.dial()
        request = long(UD_A, 1, 0x51, CLOSE)
        await wire.write(request[:7])
        await wire.write(request[7:])
        assert await wire.read() == ACK
        return world.loop.time(), len(request)

    at_s, size = run(story)
    assert at_s == pytest.approx((size + 1) * CHARACTER_S + RESPONSE_S, abs=1e-9)


def test_a_frame_with_a_gap_of_more_than_33_bits_is_none() -> None:
    async def story(world: Virtual, gap_s: float) -> bytes:
        wire = await line_of(world).dial()
        request = short(NKE, 1)
        await wire.write(request[:2])
        await asyncio.sleep(2 * CHARACTER_S + gap_s)
        return await ask(wire, request[2:])

    assert run(lambda world: story(world, 30 / 2400)) == ACK
    assert run(lambda world: story(world, 40 / 2400)) == b""


def test_a_slow_meter_answers_after_two_seconds_and_hears_nothing_meanwhile() -> None:
    async def story(world: Virtual) -> tuple[float, bytes]:
        wire = await line_of(world, responses=(2.0,)).dial()
        assert await ask(wire, short(NKE, 1), 0.2) == b""
        answer = await ask(wire, short(NKE, 1), 10)
        assert await ask(wire, b"", 10) == b""
        return world.loop.time() - 10, answer

    at_s, answer = run(story)
    assert answer == ACK
    assert at_s == pytest.approx(6 * CHARACTER_S + 2.0, abs=1e-6)


def test_the_echo_comes_before_the_answer() -> None:
    async def story(world: Virtual) -> list[bytes]:
        wire = await line_of(world, echo=True).dial()
        return [await ask(wire, short(NKE, 1)), await wire.read()]

    assert run(story) == [short(NKE, 1), ACK]


OTHER = Plate("12345679", "87654322")


def test_two_that_are_meant_acknowledge_as_one_and_collide_in_their_telegrams() -> None:
    async def story(world: Virtual) -> tuple[bytes, bytes, bytes]:
        line = line_of(world, PLATE, OTHER)
        wire = await line.dial()
        both = bytes.fromhex("F8 FF FF FF FF FF FF FF"), bytes.fromhex("FF 56 34 12 FF FF FF FF")
        one = await ask(wire, select(both[0]))
        two = await ask(wire, select(both[1]))
        return one, two, await ask(wire, short(REQ_A, 0xFD))

    one, two, telegram = run(story)
    assert one == two == ACK
    assert telegram[:4] == bytes.fromhex("68 2E 2E 68")
    assert telegram[-1] == 0x16
    assert sum(telegram[4:-2]) & 0xFF != telegram[-2]


def test_selecting_one_deselects_the_other() -> None:
    async def story(world: Virtual) -> list[bool]:
        line = line_of(world, PLATE, OTHER)
        wire = await line.dial()
        assert await ask(wire, select(bytes.fromhex("78 56 34 12 53 0C 01 07"))) == ACK
        assert await ask(wire, select(bytes.fromhex("79 56 34 12 53 0C 01 07"))) == ACK
        return [station.slave.selected for station in line.stations]

    assert run(story) == [False, True]


def test_bytes_written_before_close_still_arrive() -> None:
    async def story(world: Virtual) -> int:
        line = line_of(world)
        wire = await line.dial()
        await wire.write(long(UD_A, 1, 0x51, CLOSE))
        await wire.close()
        await asyncio.sleep(1)
        return len(valve_of(line.stations[0].slave).history)

    assert run(story) == 1


def test_a_late_answer_reaches_whoever_is_connected_by_then() -> None:
    async def story(world: Virtual) -> tuple[bytes, bytes]:
        line = line_of(world, responses=(2.0,))
        old = await line.dial()
        await old.write(short(NKE, 1))
        await asyncio.sleep(1)
        new = await line.dial()
        return await old.read(), await new.read()

    assert run(story) == (b"", ACK)


def test_a_line_that_goes_down_breaks_readers_and_refuses_until_it_is_up() -> None:
    async def story(world: Virtual) -> None:
        line = line_of(world)
        wire = await line.dial()
        reading = asyncio.create_task(wire.read())
        await asyncio.sleep(0)
        line.go_down()
        with pytest.raises(OSError, match="went away"):
            await reading
        with pytest.raises(OSError, match="went away"):
            await wire.write(b"\x00")
        with pytest.raises(OSError, match="reached"):
            await line.dial()
        await wire.close()
        line.come_up()
        assert await ask(await line.dial(), short(NKE, 1)) == ACK

    run(story)


def test_a_closed_wire_takes_no_more() -> None:
    async def story(world: Virtual) -> None:
        wire = await line_of(world).dial()
        await wire.close()
        with pytest.raises(BrokenPipeError):
            await wire.write(b"\x00")
        assert await wire.read() == b""

    run(story)


def test_the_tap_tells_all_that_passed() -> None:
    passed: list[tuple[str, bytes]] = []

    async def story(world: Virtual) -> None:
        stations = line_of(world).stations
        line = Line(stations, tap=lambda _, direction, data: passed.append((direction, data)))
        await ask(await line.dial(), short(NKE, 1))

    run(story)
    assert passed == [("down", short(NKE, 1)), ("up", ACK)]
