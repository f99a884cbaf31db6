"""A gas meter at the edge: armed behind the guard, never opened, whatever a command says and whoever signed it."""

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.inbox import Inbox
from protocols.types import Capability, Outcome, ValvePosition, Verb
from protocols.uplink.messages import Receipt
from protocols.uplink.reasons import Why
from simulators.reference import gas
from simulators.reference.gas import Setting
from tests.gateway.world import GAS_METER, E, World, config_text, play

WOULD_OBEY = Setting(obeys_open=True, arm_expires_s=600, leak_dm3=12)
GAS_VALVE = "curbstop/mbus-gas-valve"


async def told(world: World, verb: Verb) -> Receipt:
    """Send the gas meter a command that the control plane has signed, and wait for its receipt."""
    return await world.receipt(await world.plane.send(world.plane.command(E, verb)))


async def born(world: World) -> None:
    world.start()
    await world.plane.born.wait()


def test_I4_an_open_signed_with_the_control_planes_own_key_is_refused_by_a_signed_receipt(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born(world)
        refused = await told(world, Verb.OPEN)
        assert (refused.outcome, refused.why, refused.started) == (Outcome.REFUSED, Why.GAS_NEVER_OPENED, False)
        assert (refused.verb, refused.meter, refused.sent) == (Verb.OPEN, E, ())
        assert world.moves(E) == []

    play(story, tmp_path, gas=WOULD_OBEY)


def test_I4_the_guard_refuses_it_too_where_the_inbox_let_it_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Inbox, "_unfit", lambda *_: None)

    async def story(world: World) -> None:
        await born(world)
        refused = await told(world, Verb.OPEN)
        assert (refused.outcome, refused.why, refused.started) == (Outcome.REFUSED, Why.GAS_NEVER_OPENED, False)
        assert refused.before is not None
        assert refused.before.position is ValvePosition.CLOSED
        assert world.moves(E) == []

    play(story, tmp_path, gas=WOULD_OBEY)


def test_I4_medium_and_spec_come_from_the_gateways_own_file(tmp_path: Path) -> None:
    """A command that calls the meter water names another meter than the file does."""

    async def story(world: World) -> None:
        await born(world)
        water = replace(world.plane.command(E, Verb.OPEN).identity, medium=7, version=1)
        refused = await world.receipt(await world.plane.send(world.plane.command(E, Verb.OPEN, identity=water)))
        assert (refused.outcome, refused.why) == (Outcome.REFUSED, Why.WRONG_IDENTITY)
        (told_of,) = [m for m in world.plane.births[0].meters if m.meter == E]
        assert (told_of.spec, told_of.arm_expires_s) == (GAS_VALVE, 86_400.0)
        assert Capability.OPEN not in told_of.capabilities
        assert Capability.ARM in told_of.capabilities
        assert world.moves(E) == []

    play(story, tmp_path, gas=WOULD_OBEY)


def test_I4_a_file_that_calls_the_gas_meter_water_finds_no_meter(tmp_path: Path) -> None:
    """The meter says of itself that it is gas: a mistake in the gateway's file can't open it either."""

    async def story(world: World) -> None:
        lying = GAS_METER.replace('"gas"', '"water"').replace("version = 3", "version = 1")
        world.text = config_text() + lying
        await born(world)
        who = replace(world.plane.command(E, Verb.OPEN).identity, medium=7, version=1)
        refused = await world.receipt(await world.plane.send(world.plane.command(E, Verb.OPEN, identity=who)))
        assert (refused.outcome, refused.started) == (Outcome.REFUSED, False)
        assert refused.why in (Why.NO_ANSWER, Why.WRONG_IDENTITY)
        assert world.moves(E) == []

    play(story, tmp_path, gas=WOULD_OBEY)


def test_an_arm_needs_no_permit_and_its_receipt_says_armed(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born(world)
        armed = await told(world, Verb.ARM)
        assert (armed.outcome, armed.why, armed.started, armed.permit) == (Outcome.DONE, None, True, None)
        assert armed.before is not None
        assert armed.after is not None
        assert (armed.before.position, armed.after.position) == (ValvePosition.CLOSED, ValvePosition.ARMED)
        assert armed.sent[0].direction == "out"
        assert "02fd1fa4a4" in armed.sent[0].bytes
        assert world.plane.requests == []
        again = await told(world, Verb.ARM)
        assert (again.outcome, again.why, again.started) == (Outcome.DONE, Why.ALREADY, False)
        assert world.moves(E) == ["armed"]

    play(story, tmp_path, gas=WOULD_OBEY)


def test_G2_the_meter_ends_an_unused_arm_and_a_look_reads_it_closed(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born(world)
        await told(world, Verb.ARM)
        meter = world.gas
        assert meter is not None
        await world.until(lambda: meter.valve.position is ValvePosition.CLOSED, within_s=700)
        answer = await world.answer(await world.plane.send(world.plane.look(E)))
        assert answer.seen is not None
        assert answer.seen.position is ValvePosition.CLOSED
        assert [str(act.by) for act in meter.valve.history] == ["wire", "expiry"]

    play(story, tmp_path, gas=WOULD_OBEY)


@pytest.mark.parametrize("position", ["open", "armed"])
def test_G3_read_open_or_armed_nothing_is_written_and_that_is_reported(tmp_path: Path, position: str) -> None:
    async def story(world: World) -> None:
        await born(world)
        await told(world, Verb.ARM)
        meter = world.gas
        assert meter is not None
        if position == "open":
            meter.press()
            await world.until(lambda: meter.valve.position is ValvePosition.OPEN)
        moves = world.moves(E)
        found = await told(world, Verb.ARM)
        assert found.before is not None
        assert (str(found.before.position), found.started, found.sent) == (position, False, ())
        assert world.moves(E) == moves

    play(story, tmp_path, gas=WOULD_OBEY)


@pytest.mark.parametrize(("flag", "name"), [(gas.TAMPER, "tamper"), (gas.LOW_BATTERY, "low_battery")])
def test_G3_an_alarm_forbids_the_arm_and_the_receipt_names_it(tmp_path: Path, flag: int, name: str) -> None:
    async def story(world: World) -> None:
        assert world.gas is not None
        world.gas.raised = flag
        await born(world)
        refused = await told(world, Verb.ARM)
        assert (refused.outcome, refused.why, refused.started) == (Outcome.REFUSED, Why.NOT_AS_WANTED, False)
        assert refused.before is not None
        assert refused.before.alarms == (name,)
        assert name in refused.detail
        assert world.moves(E) == []

    play(story, tmp_path, gas=WOULD_OBEY)


def test_G4_after_the_leak_check_has_closed_it_no_arm_is_written(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born(world)
        await told(world, Verb.ARM)
        meter = world.gas
        assert meter is not None
        meter.press()
        await world.until(lambda: meter.alarms and meter.valve.position is ValvePosition.CLOSED, within_s=400)
        answer = await world.answer(await world.plane.send(world.plane.look(E)))
        assert answer.seen is not None
        assert answer.seen.alarms == ("leak",)
        refused = await told(world, Verb.ARM)
        assert (refused.outcome, refused.started) == (Outcome.REFUSED, False)
        assert "leak" in refused.detail
        assert world.moves(E) == ["armed", "open", "closed"]
        meter.reset_leak()
        assert (await told(world, Verb.ARM)).outcome is Outcome.DONE

    play(story, tmp_path, gas=replace(WOULD_OBEY, leak_dm3=2))


def test_a_close_needs_a_permit_as_with_water_and_disarms(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born(world)
        await told(world, Verb.ARM)
        closed = await told(world, Verb.CLOSE)
        assert (closed.outcome, closed.permit is not None) == (Outcome.DONE, True)
        assert len(world.plane.requests) == 1
        assert world.moves(E) == ["armed", "closed"]

    play(story, tmp_path, gas=WOULD_OBEY)
