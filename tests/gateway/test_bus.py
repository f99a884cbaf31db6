"""The line's owner by itself: who goes first, what stays together, what is thrown away, what happens when it breaks."""

import asyncio
import errno
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from structlog.testing import capture_logs

from drivers.plan import Plan, PlanError, Send, Wait
from gateway.bus import Line, LineTiming
from gateway.jobs import GuardError, LineDownError, Priority
from protocols.errors import OursError
from protocols.mbus.frame import SELECTED, SND_UD, Ack, Frame, Long
from protocols.types import MeterId
from protocols.uplink.messages import Traffic
from protocols.uplink.reasons import Why
from simulators.loop import Virtual, run
from simulators.wire import LineWire

A, B, C = (MeterId(x) for x in "ABC")
E5 = b"\xe5"
SLOWEST_S = 2.5
DESELECT = bytes.fromhex("1040FD3D16")


@dataclass
class Desk:
    """A wire that writes down what is sent and answers as told; `dials` counts connections."""

    answer: Callable[[bytes], bytes | None] = lambda _: E5
    sent: list[bytes] = field(default_factory=list)
    at_s: list[float] = field(default_factory=list)
    dials: list[float] = field(default_factory=list)
    deselected_s: list[float] = field(default_factory=list)
    wire: LineWire | None = None
    down: bool = False

    async def dial(self) -> LineWire:
        self.dials.append(asyncio.get_running_loop().time())
        if self.down:
            raise ConnectionRefusedError("no")
        self.wire = LineWire(self._take)
        return self.wire

    def _take(self, wire: LineWire, data: bytes) -> None:
        if data == DESELECT:
            self.deselected_s.append(asyncio.get_running_loop().time())
            return
        self.sent.append(data)
        self.at_s.append(asyncio.get_running_loop().time())
        if (reply := self.answer(data)) is not None:
            asyncio.get_running_loop().call_later(0.02, wire.feed, reply)


def mark(number: int) -> Long:
    """A frame that is told from others by its one byte of data; the desk answers any."""
    return Long(SND_UD, SELECTED, 0x51, bytes([number]))


def one(number: int) -> Plan[Frame | None]:
    return (yield Send(mark(number)))


def two_with_a_wait(first: int, second: int, seconds: float) -> Plan[Frame | None]:
    yield Send(mark(first))
    yield Wait(seconds)
    return (yield Send(mark(second)))


def moving(number: int) -> Plan[Frame | None]:
    return (yield Send(mark(number), moves_valve=True))


def numbers(desk: Desk) -> list[int]:
    return [data[7] for data in desk.sent]


def play(story: Callable[[Virtual, Desk, Line], Awaitable[None]]) -> None:
    async def main(virtual: Virtual) -> None:
        desk = Desk()
        line = Line("riser", desk.dial, LineTiming(2400, 0.1, SLOWEST_S), virtual.clock, virtual.entropy)
        task = asyncio.create_task(line.run())
        try:
            await story(virtual, desk, line)
        finally:
            task.cancel()

    run(main)


def test_open_goes_before_close_before_read_back_before_polling() -> None:
    async def story(_: Virtual, desk: Desk, line: Line) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(line.run_plan(MeterId("busy"), one(1), Priority.POLL))
            await asyncio.sleep(0.005)
            for number, priority in enumerate(reversed(Priority), 2):
                group.create_task(line.run_plan(MeterId(str(number)), one(number), priority))
        assert numbers(desk) == [1, 5, 4, 3, 2]

    play(story)


def test_P5_one_plan_of_a_meter_at_a_time_and_a_wait_frees_the_line_for_others() -> None:
    async def story(_: Virtual, desk: Desk, line: Line) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(line.run_plan(A, two_with_a_wait(1, 2, 10.0), Priority.TAKE))
            await asyncio.sleep(1)
            group.create_task(line.run_plan(A, one(3), Priority.OPEN))
            group.create_task(line.run_plan(B, one(4), Priority.POLL))
        assert numbers(desk) == [1, 4, 2, 3]
        assert desk.at_s[2] - desk.at_s[0] >= 10

    play(story)


def test_what_stands_between_two_waits_stays_together() -> None:
    def three() -> Plan[None]:
        for number in (1, 2, 3):
            yield Send(mark(number))

    async def story(_: Virtual, desk: Desk, line: Line) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(line.run_plan(A, three(), Priority.POLL))
            await asyncio.sleep(0.005)
            group.create_task(line.run_plan(B, one(9), Priority.OPEN))
        assert numbers(desk) == [1, 2, 3, 9]

    play(story)


def test_I13_what_came_unasked_is_thrown_away_before_each_request() -> None:
    async def story(_: Virtual, desk: Desk, line: Line) -> None:
        await line.run_plan(A, one(1), Priority.POLL)
        assert desk.wire is not None
        desk.wire.feed(E5)
        desk.answer = lambda _: None
        ran = await line.run_plan(B, one(2), Priority.POLL)
        assert ran.value is None
        assert [t.direction for t in ran.traffic] == ["out"] * 3

    play(story)


def test_a_retry_repeats_the_same_bytes_three_times_in_all_and_leaves_the_line_idle_between() -> None:
    async def story(_: Virtual, desk: Desk, line: Line) -> None:
        desk.answer = lambda _: None
        ran = await line.run_plan(A, one(1), Priority.POLL, response_s=1.0)
        assert ran.value is None
        assert desk.sent == [desk.sent[0]] * 3
        assert desk.at_s[1] - desk.at_s[0] > 1.0 + 330 / 2400 + 33 / 2400

    play(story)


def test_P4_the_guard_is_asked_before_the_write_and_before_each_link_retry() -> None:
    async def story(_: Virtual, desk: Desk, line: Line) -> None:
        desk.answer = lambda _: None
        asked: list[int] = []

        def guard() -> Why | None:
            asked.append(len(desk.sent))
            return Why.FROZEN if len(asked) == 3 else None

        sent = list[Traffic]()
        with pytest.raises(GuardError) as refused:
            await line.run_plan(A, moving(1), Priority.TAKE, guard=guard, moving=sent)
        assert refused.value.why is Why.FROZEN
        assert asked == [0, 1, 2]
        assert len(desk.sent) == len(sent) == 2

    play(story)


def test_P4_without_a_guard_no_plan_moves_a_valve() -> None:
    async def story(_: Virtual, desk: Desk, line: Line) -> None:
        with pytest.raises(GuardError):
            await line.run_plan(A, moving(1), Priority.POLL)
        assert desk.sent == []
        assert (await line.run_plan(A, one(2), Priority.POLL)).value == Ack()

    play(story)


def test_a_plan_whose_caller_is_gone_sends_nothing_more() -> None:
    async def story(_: Virtual, desk: Desk, line: Line) -> None:
        task = asyncio.create_task(line.run_plan(A, two_with_a_wait(1, 2, 9.0), Priority.TAKE))
        await asyncio.sleep(5)
        task.cancel()
        await asyncio.sleep(20)
        assert numbers(desk) == [1]
        assert (await line.run_plan(A, one(3), Priority.POLL)).value == Ack()

    play(story)


def test_I12_a_plan_that_fails_ends_itself_and_nobody_else() -> None:
    def fails() -> Plan[None]:
        yield Send(mark(1))
        raise PlanError(Why.MALFORMED, "bad")

    def asks_the_impossible() -> Plan[None]:
        yield Send(mark(2))
        raise OursError("no such frame")

    async def story(_: Virtual, desk: Desk, line: Line) -> None:
        waiting = asyncio.create_task(line.run_plan(B, two_with_a_wait(7, 8, 3.0), Priority.POLL))
        for plan in (fails(), asks_the_impossible()):
            with pytest.raises(PlanError) as failed:
                await line.run_plan(A, plan, Priority.POLL)
            assert failed.value.why is Why.MALFORMED
        assert (await waiting).value == Ack()
        assert len(desk.dials) == 1

    play(story)


def test_when_the_wire_breaks_what_had_begun_fails_and_what_waits_goes_on_over_a_new_one() -> None:
    async def story(_: Virtual, desk: Desk, line: Line) -> None:
        begun = asyncio.create_task(line.run_plan(A, two_with_a_wait(1, 2, 9.0), Priority.TAKE))
        await asyncio.sleep(5)
        assert desk.wire is not None
        assert line.connection == 1
        desk.wire.fail("gone")
        waiting = [asyncio.create_task(line.run_plan(m, one(n), Priority.POLL)) for m, n in ((B, 3), (C, 4))]
        with pytest.raises(LineDownError):
            await begun
        assert [(await plan).connection for plan in waiting] == [2, 2]

    play(story)


def test_a_line_that_is_away_is_tried_again_with_growing_jittered_pauses() -> None:
    async def story(_: Virtual, desk: Desk, line: Line) -> None:
        desk.down = True
        waiting = asyncio.create_task(line.run_plan(A, one(1), Priority.POLL))
        await asyncio.wait([waiting], timeout=600)
        gaps = [after - before for before, after in pairwise(desk.dials)]
        assert 20 < len(gaps) < 120
        assert max(gaps) <= 30
        assert len({round(gap, 6) for gap in gaps}) > len(gaps) / 2
        desk.down = False
        assert (await waiting).value == Ack(), "it had not begun, so it waited"

    play(story)


def test_a_converter_that_closes_in_the_middle_of_a_plan_is_a_broken_wire() -> None:
    async def story(_: Virtual, desk: Desk, line: Line) -> None:
        begun = asyncio.create_task(line.run_plan(A, two_with_a_wait(1, 2, 9.0), Priority.POLL))
        await asyncio.sleep(5)
        assert desk.wire is not None
        desk.wire.end()
        with pytest.raises(LineDownError):
            await begun
        assert (await line.run_plan(A, one(3), Priority.POLL)).value == Ack()

    play(story)


def test_a_converter_that_closes_an_idle_connection_costs_no_plan() -> None:
    """Many converters close after some idle minutes: the next meter's poll must not fail for that."""

    async def story(_: Virtual, desk: Desk, line: Line) -> None:
        await line.run_plan(A, one(1), Priority.POLL)
        assert desk.wire is not None
        desk.wire.end()
        ran = await line.run_plan(A, one(2), Priority.POLL)
        assert (ran.value, ran.connection) == (Ack(), 2)

    play(story)


def test_a_converter_that_takes_connections_and_drops_them_is_tried_ever_more_slowly_and_told_once() -> None:
    """Nothing has recovered before a meter has answered."""

    async def story(_: Virtual, desk: Desk, line: Line) -> None:
        dial = desk.dial

        async def dropping() -> LineWire:
            wire = await dial()
            wire.end()
            return wire

        line._dial = dropping
        waiting = asyncio.create_task(line.run_plan(A, one(1), Priority.POLL))
        with capture_logs() as told:
            await asyncio.sleep(600)
            line._dial = dial
            await waiting
        assert len(desk.dials) < 120
        levels = [str(log["log_level"]) for log in told]
        assert (levels.count("warning"), levels.count("info"), levels[-1]) == (1, 1, "info")

    play(story)


def test_what_came_in_time_counts_though_the_loop_was_late_to_look() -> None:
    """A disk that takes 5 s for a commit holds up the loop: the answer is there, and its time-out is over too."""

    class Late(LineWire):
        async def read(self) -> bytes:
            await asyncio.get_running_loop().create_future()
            return b""

    async def story(_: Virtual, desk: Desk, line: Line) -> None:
        async def dial() -> LineWire:
            desk.wire = Late(desk._take)
            return desk.wire

        line._dial = dial
        assert (await line.run_plan(A, one(1), Priority.POLL)).value == Ack()
        assert len(desk.sent) == 1

    play(story)


def test_an_error_that_does_not_pass_by_itself_is_the_supervisor_s() -> None:
    """The first and the following of what passes are told here; of these the supervisor tells, with the traceback."""

    async def story(virtual: Virtual) -> None:
        async def dial() -> LineWire:
            raise PermissionError(errno.EACCES, "not ours")

        line = Line("riser", dial, LineTiming(2400, 0.1), virtual.clock, virtual.entropy)
        with pytest.raises(PermissionError):
            await line.run()
        assert line.state.error == "[Errno 13] not ours"

    run(story)


def test_I13_after_a_new_connection_all_are_deselected_once_nobody_can_be_deaf() -> None:
    """A meter that prepares an answer misses that another is selected, and then hears the other's write."""

    async def story(_: Virtual, desk: Desk, line: Line) -> None:
        await line.run_plan(A, one(1), Priority.POLL)
        assert desk.deselected_s[0] - desk.dials[0] >= SLOWEST_S
        assert desk.at_s[0] > desk.deselected_s[0]

    play(story)


def test_I13_after_an_exchange_that_failed_all_are_deselected_before_anything_else() -> None:
    async def story(_: Virtual, desk: Desk, line: Line) -> None:
        desk.answer = lambda data: None if data[7] == 1 else E5
        await line.run_plan(A, one(1), Priority.POLL, response_s=2.0)
        before = len(desk.deselected_s)
        await line.run_plan(B, one(2), Priority.OPEN)
        await line.run_plan(C, one(3), Priority.OPEN)
        assert len(desk.deselected_s) == before + 1
        assert desk.at_s[-3] < desk.deselected_s[-1] < desk.at_s[-2]

    play(story)


def test_I13_a_slow_meter_is_given_its_time_even_when_an_answer_came_early() -> None:
    """The early answer may be a late one to an earlier request: the meter may still be deaf."""

    async def story(_: Virtual, desk: Desk, line: Line) -> None:
        await line.run_plan(A, one(1), Priority.POLL, response_s=2.0)
        await line.run_plan(B, one(2), Priority.OPEN)
        assert desk.at_s[1] - desk.at_s[0] >= 2.0

    play(story)


def test_a_plan_learns_its_traffic_in_order_with_times() -> None:
    async def story(virtual: Virtual, desk: Desk, line: Line) -> None:
        await asyncio.sleep(3)
        ran = await line.run_plan(A, one(1), Priority.POLL)
        out, back = ran.traffic
        assert (out.direction, out.bytes, back.direction, back.bytes) == ("out", desk.sent[0].hex(), "in", "e5")
        assert 3 <= out.boot_s < back.boot_s <= virtual.clock.boot()
        assert ran.moving == ()

    play(story)
