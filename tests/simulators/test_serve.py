"""A line on a real port of the loopback; the only tests here that take real time, some tenths of a second."""

import asyncio

import pytest

from seams.clock import SystemClock
from simulators.line import Line, Station
from simulators.physics import Constant, Supply
from simulators.reference.water import slave
from simulators.serve import serve_line
from simulators.valve import Valve
from tests.simulators.talk import ACK, NKE, PLATE, REQ_A, short


def real_line() -> Line:
    clock = SystemClock()
    supply = Supply(clock, Constant(600), valve=Valve(clock))
    return Line([Station(slave(clock, supply, PLATE, address=1))], baud=2400)


async def test_an_exchange_over_tcp_takes_its_time_on_the_wire() -> None:
    server = await serve_line(real_line())
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    writer.write(short(REQ_A, 1))
    answer = await reader.readexactly(52)
    took_s = loop.time() - began_s
    await server.close()
    writer.close()
    assert answer[:4] == bytes.fromhex("68 2E 2E 68")
    assert sum(answer[4:-2]) & 0xFF == answer[-2]
    assert took_s >= 57 * 11 / 2400 + 0.02 - 0.002


async def test_a_new_master_takes_the_line_over() -> None:
    server = await serve_line(real_line())
    first, first_writer = await asyncio.open_connection("127.0.0.1", server.port)
    first_writer.write(short(NKE, 1))
    assert await first.readexactly(1) == ACK
    second, second_writer = await asyncio.open_connection("127.0.0.1", server.port)
    assert await first.read() == b""
    second_writer.write(short(NKE, 1))
    assert await second.readexactly(1) == ACK
    await server.close()
    assert await second.read() == b""
    for writer in (first_writer, second_writer):
        writer.close()


async def test_a_line_that_is_down_hangs_up() -> None:
    line = real_line()
    line.go_down()
    server = await serve_line(line)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    assert await reader.read() == b""
    line.come_up()
    writer.close()
    await server.close()


async def test_a_taken_port_is_an_error() -> None:
    server = await serve_line(real_line())
    with pytest.raises(OSError, match="address already in use"):
        await serve_line(real_line(), port=server.port)
    await server.close()
