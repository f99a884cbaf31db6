"""Each fault of a line is seen by whoever is connected to it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from simulators.faults import LINE_FAULTS, Fault, Faults, Window, plan
from simulators.line import Line, Station, flip
from simulators.loop import Virtual, run
from simulators.physics import Daily, Supply
from simulators.reference.water import slave
from simulators.valve import Valve
from simulators.wire import LineWire
from tests.simulators.talk import ACK, CLOSE, NKE, PLATE, REQ_A, UD_A, long, short, valve_of

T = TypeVar("T")
Story = Callable[[Virtual, Line, LineWire], Awaitable[T]]
CHARACTER_S = 11 / 2400


def line_with(world: Virtual, windows: tuple[Window, ...], tap: list[object] | None = None) -> Line:
    supply = Supply(world.clock, Daily(world.seed), valve=Valve(world.clock))
    station = Station(slave(world.clock, supply, PLATE, address=1))
    faults = Faults(world.seed, windows)
    kept = tap if tap is not None else []
    return Line([station], faults=faults, seed=world.seed, tap=lambda *what: kept.append(what))


def with_fault(fault: Fault, story: Story[T], since_s: float = 0.0) -> T:
    async def whole(world: Virtual) -> T:
        line = line_with(world, (Window(fault, 1.0, since_s),))
        return await story(world, line, await line.dial())

    return run(whole)


async def all_of(wire: LineWire, wait_s: float) -> list[bytes]:
    pieces = []
    try:
        async with asyncio.timeout(wait_s):
            while True:
                pieces.append(await wire.read())
    except TimeoutError:
        return pieces


async def asked_once(_: Virtual, __: Line, wire: LineWire) -> list[bytes]:
    await wire.write(short(REQ_A, 1))
    return await all_of(wire, 0.5)


async def acknowledged(_: Virtual, __: Line, wire: LineWire) -> list[bytes]:
    await wire.write(short(NKE, 1))
    return await all_of(wire, 0.5)


def test_noise_comes_before_the_answer() -> None:
    (answer,) = with_fault(Fault.NOISE, acknowledged)
    assert answer.endswith(ACK)
    assert 2 <= len(answer) <= 5


def test_a_flipped_bit_in_a_request_is_met_with_silence() -> None:
    assert with_fault(Fault.FLIPPED_BIT, acknowledged) == []


def test_a_flipped_bit_in_an_answer_is_one_bit() -> None:
    (right,) = run_calm(asked_once)
    (wrong,) = with_fault(Fault.FLIPPED_BIT, asked_once, since_s=0.03)
    different = int.from_bytes(right, "big") ^ int.from_bytes(wrong, "big")
    assert different.bit_count() == 1
    assert flip(b"\x00\x00", 9) == b"\x00\x02"


def test_a_dropped_byte_in_an_answer_is_one_byte() -> None:
    (right,) = run_calm(asked_once)
    (wrong,) = with_fault(Fault.DROPPED_BYTE, asked_once, since_s=0.03)
    assert wrong in [right[:at] + right[at + 1 :] for at in range(len(right))]


def run_calm(story: Story[T]) -> T:
    async def whole(world: Virtual) -> T:
        line = line_with(world, ())
        return await story(world, line, await line.dial())

    return run(whole)


def test_a_split_delivery_is_the_same_bytes_in_pieces() -> None:
    (right,) = run_calm(asked_once)
    pieces = with_fault(Fault.SPLIT_DELIVERY, asked_once)
    assert len(pieces) > 3
    assert b"".join(pieces) == right


def test_a_lost_answer_never_comes_though_the_slave_has_acted() -> None:
    async def story(_: Virtual, line: Line, wire: LineWire) -> tuple[list[bytes], int]:
        await wire.write(long(UD_A, 1, 0x51, CLOSE))
        return await all_of(wire, 60), len(valve_of(line.stations[0].slave).history)

    assert with_fault(Fault.LOST_ANSWER, story) == ([], 1)


def test_a_late_answer_comes_after_any_time_out() -> None:
    async def story(world: Virtual, _: Line, wire: LineWire) -> float:
        await wire.write(short(NKE, 1))
        assert await wire.read() == ACK
        return world.loop.time()

    assert with_fault(Fault.LATE_ANSWER, story) > 6 * CHARACTER_S + 0.02 + 0.1


def test_a_line_that_is_down_refuses() -> None:
    with pytest.raises(OSError, match="reached"):
        with_fault(Fault.LINE_DOWN, acknowledged)


def test_a_line_that_goes_down_while_writing_may_yet_deliver() -> None:
    def acted(seed: int) -> int:
        async def story(world: Virtual) -> int:
            line = line_with(world, (Window(Fault.LINE_DOWN, 1.0, 1.0, 2.0),))
            wire = await line.dial()
            await asyncio.sleep(1)
            with pytest.raises(OSError, match="reset"):
                await wire.write(long(UD_A, 1, 0x51, CLOSE))
            with pytest.raises(OSError, match="reset"):
                await wire.read()
            await asyncio.sleep(2)
            return len(valve_of(line.stations[0].slave).history)

        return run(story, seed=seed)

    assert {acted(seed) for seed in range(10)} == {0, 1}


def test_a_stalled_converter_delivers_old_bytes_late_even_after_a_new_connection() -> None:
    async def story(world: Virtual) -> tuple[list[float], list[bytes]]:
        line = line_with(world, (Window(Fault.STALLED_CONVERTER, 1.0, 0.0, 0.001),))
        old = await line.dial()
        await old.write(long(UD_A, 1, 0x51, CLOSE))
        await old.close()
        await asyncio.sleep(0.2)
        new = await line.dial()
        await new.write(short(NKE, 1))
        heard = await all_of(new, 60)
        return [a.at_s for a in valve_of(line.stations[0].slave).history], heard

    (at_s,), heard = run(story)
    assert at_s > 0.5
    assert ACK in heard


def noisy_hour(seed: int) -> tuple[list[object], int]:
    passed: list[object] = []

    async def story(world: Virtual) -> int:
        line = line_with(world, plan(seed, 3600, LINE_FAULTS), passed)
        for at in range(0, 3600, 20):
            await asyncio.sleep(at - world.loop.time())
            try:
                wire = await line.dial()
                await wire.write(short(REQ_A, 1))
                await wire.write(short(NKE, 1))
                passed.extend(await all_of(wire, 10))
            except OSError as error:
                passed.append(str(error))
        return world.loop.turns

    return passed, run(story, seed=seed)


def test_the_same_seed_gives_the_same_history_byte_for_byte() -> None:
    assert noisy_hour(3) == noisy_hour(3)
    assert noisy_hour(3) != noisy_hour(4)
