"""What must not move a valve, and what is said instead: each row ends in a signed refusal or silence, never a move."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from protocols.types import GatewayId, Identity, MeterId, Outcome, ValvePosition, Verb
from protocols.uplink import codec, envelope
from protocols.uplink.messages import Command, Number, PermitRequest
from protocols.uplink.reasons import Why
from tests.gateway.world import IDENTITIES, PLANE_KEY, STRANGER, A, B, C, D, World, config_text, play


async def born(world: World) -> None:
    world.start()
    await world.plane.born.wait()
    await asyncio.sleep(30)


def refused(world: World, why: Why) -> bool:
    return any(r.outcome is Outcome.REFUSED and r.why is why and not r.started for r in world.plane.receipts)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"identity": Identity("00000099", "CBS", 1, 7, "00000099")}, Why.WRONG_IDENTITY),
        ({"verb": Verb.ARM}, Why.NOT_CAPABLE),
        ({"number": Number(0, 99)}, Why.OLD_EPOCH),
        ({"meter": MeterId("Z")}, Why.UNKNOWN_METER),
        ({"gateway": GatewayId("other")}, Why.WRONG_GATEWAY),
    ],
)
def test_I3_a_signed_command_that_does_not_fit_is_refused_with_a_receipt(
    tmp_path: Path, change: dict[str, object], why: Why
) -> None:
    async def story(world: World) -> None:
        await born(world)
        command = msgspec.structs.replace(world.plane.command(A, Verb.CLOSE), **change)
        raw, _ = codec.seal(command, PLANE_KEY)
        await world.plane.send_raw("command", raw)
        await world.until(lambda: refused(world, why))
        assert world.moves(A) == []

    play(story, tmp_path)


def test_I3_a_command_at_a_meter_without_a_valve_is_refused(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born(world)
        receipt = await world.receipt(await world.plane.send(world.plane.command(D, Verb.CLOSE)))
        assert (receipt.outcome, receipt.why) == (Outcome.REFUSED, Why.NOT_CAPABLE)

    play(story, tmp_path)


def test_I3_a_strangers_command_is_refused_and_marks_nothing(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born(world)
        await world.plane.send(world.plane.command(A, Verb.CLOSE, number=Number(9, 900)), key=STRANGER)
        await world.until(lambda: refused(world, Why.UNTRUSTED))
        assert world.moves(A) == []
        receipt = await world.receipt(await world.plane.send(world.plane.command(A, Verb.CLOSE)))
        assert receipt.outcome is Outcome.DONE

    play(story, tmp_path)


def test_I3_unsigned_and_unreadable_messages_move_nothing_and_stop_nothing(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born(world)
        command = world.plane.command(A, Verb.CLOSE)
        sealed = msgspec.json.decode(codec.seal(command, PLANE_KEY)[0])
        newer = envelope.seal("application/vnd.curbstop.command.v2+json", codec.encode(command), PLANE_KEY)
        for raw in (msgspec.json.encode({**sealed, "signatures": []}), b"", b"{}", b"\xff", newer):
            for kind in ("command", "look", "permit", "freeze", "ack"):
                await world.plane.send_raw(kind, raw)
        await asyncio.sleep(60)
        assert world.moves(A) == []
        receipt = await world.receipt(await world.plane.send(world.plane.command(A, Verb.CLOSE)))
        assert receipt.outcome is Outcome.DONE

    play(story, tmp_path)


def test_I3_a_flood_of_forgeries_does_not_fill_the_journal(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born(world)
        for n in range(50):
            await world.plane.send(world.plane.command(A, Verb.CLOSE, number=Number(1, 1000 + n)), key=STRANGER)
        await asyncio.sleep(5)
        assert sum(r.why is Why.UNTRUSTED for r in world.plane.receipts) == 1

    play(story, tmp_path)


def test_I3_an_expired_command_is_refused(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born(world)
        for verb in (Verb.CLOSE, Verb.OPEN):
            late = world.plane.command(A, verb, expires_at=world.virtual.clock.now() - timedelta(seconds=1))
            receipt = await world.receipt(await world.plane.send(late))
            assert (receipt.outcome, receipt.why) == (Outcome.REFUSED, Why.EXPIRED)
        assert world.moves(A) == []

    play(story, tmp_path)


def test_I2_a_repeated_command_moves_once_and_its_receipt_comes_again(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born(world)
        command = world.plane.command(A, Verb.CLOSE)
        digest = await world.plane.send(command)
        await world.receipt(digest)
        await world.receipt(await world.plane.send(world.plane.command(A, Verb.OPEN)))
        for _ in range(3):
            await world.plane.send(command)
            await asyncio.sleep(20)
        assert world.moves(A) == ["closed", "open"]
        assert sum(getattr(m, "command", None) == digest for m in world.plane.heard if hasattr(m, "outcome")) > 1

    play(story, tmp_path)


def test_I3_a_lower_number_never_moves_after_a_higher_one(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born(world)
        lower, higher = world.plane.command(A, Verb.CLOSE), world.plane.command(A, Verb.OPEN)
        await world.receipt(await world.plane.send(higher))
        receipt = await world.receipt(await world.plane.send(lower))
        assert (receipt.outcome, receipt.why) == (Outcome.REFUSED, Why.SUPERSEDED)
        assert world.moves(A) == []

    play(story, tmp_path)


def test_I1_a_denied_command_is_burned_with_a_receipt(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.plane.grants = False
        await born(world)
        command = world.plane.command(A, Verb.CLOSE)
        receipt = await world.receipt(await world.plane.send(command))
        assert (receipt.outcome, receipt.why, receipt.detail) == (Outcome.REFUSED, Why.PERMIT_DENIED, "stopped_payment")
        world.plane.grants = True
        await world.plane.send(command)
        await asyncio.sleep(60)
        assert world.moves(A) == []

    play(story, tmp_path)


def test_I1_without_an_answer_nothing_closes_and_the_command_lapses(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born(world)
        world.plane.silent = True
        receipt = await world.receipt(await world.plane.send(world.plane.command(A, Verb.CLOSE)))
        assert (receipt.outcome, receipt.why) == (Outcome.REFUSED, Why.PERMIT_LAPSED)
        assert len(world.plane.requests) > 3
        assert len({r.nonce for r in world.plane.requests}) == len(world.plane.requests)

    play(story, tmp_path)


@pytest.mark.parametrize("late_s", [5.0, 11.0, 60.0])
def test_P3_a_permit_that_comes_late_counts_for_nothing(tmp_path: Path, late_s: float) -> None:
    async def story(world: World) -> None:
        await born(world)
        held: list[PermitRequest] = []

        async def hold(request: PermitRequest) -> None:
            world.plane.silent = True
            held.append(request)

        world.plane.before_permit = hold
        await world.plane.send(world.plane.command(A, Verb.CLOSE))
        await world.until(lambda: held)
        first = held[0]
        await asyncio.sleep(late_s)
        await world.plane.send(world.plane.permit(first))
        await asyncio.sleep(30)
        assert world.moves(A) == []

    play(story, tmp_path)


@pytest.mark.parametrize(
    "change",
    [{"nonce": "00" * 16}, {"command": "ab" * 32}, {"gateway": GatewayId("other")}],
    ids=lambda c: next(iter(c)),
)
def test_P3_a_permit_for_something_else_counts_for_nothing(tmp_path: Path, change: dict[str, object]) -> None:
    async def story(world: World) -> None:
        await born(world)

        async def forge(request: PermitRequest) -> None:
            world.plane.silent = True
            await world.plane.send(msgspec.structs.replace(world.plane.permit(request), **change))

        world.plane.before_permit = forge
        receipt = await world.receipt(await world.plane.send(world.plane.command(A, Verb.CLOSE)))
        assert receipt.why is Why.PERMIT_LAPSED
        assert world.moves(A) == []

    play(story, tmp_path)


def test_P3_a_permit_by_another_key_counts_for_nothing(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born(world)

        async def forge(request: PermitRequest) -> None:
            world.plane.silent = True
            await world.plane.send(world.plane.permit(request), key=STRANGER)

        world.plane.before_permit = forge
        receipt = await world.receipt(await world.plane.send(world.plane.command(A, Verb.CLOSE)))
        assert receipt.why is Why.PERMIT_LAPSED

    play(story, tmp_path)


def test_P7_a_look_burns_a_command_that_waits_for_its_permit(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born(world)
        world.plane.silent = True
        command = await world.plane.send(world.plane.command(A, Verb.CLOSE))
        await world.until(lambda: world.plane.requests)
        answer = await world.answer(await world.plane.send(world.plane.look(A)))
        assert [(s.command, s.started, s.outcome) for s in answer.settled] == [(command, False, Outcome.REFUSED)]
        assert (await world.receipt(command)).why is Why.SUPERSEDED
        world.plane.silent = False
        await world.plane.send(world.plane.permit(world.plane.requests[-1]))
        await asyncio.sleep(60)
        assert world.moves(A) == []

    play(story, tmp_path)


def test_P5_an_open_supersedes_a_close_that_has_not_started(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born(world)
        world.plane.silent = True
        close = await world.plane.send(world.plane.command(A, Verb.CLOSE))
        await world.until(lambda: world.plane.requests)
        opened = await world.receipt(await world.plane.send(world.plane.command(A, Verb.OPEN)))
        assert (opened.outcome, opened.why) == (Outcome.DONE, Why.ALREADY)
        assert (await world.receipt(close)).why is Why.SUPERSEDED
        assert world.moves(A) == []

    play(story, tmp_path)


def test_P5_an_open_waits_behind_a_close_that_has_started(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born(world)
        await world.plane.send(world.plane.command(A, Verb.CLOSE))
        await world.until(lambda: world.moves(A))
        opened = await world.receipt(await world.plane.send(world.plane.command(A, Verb.OPEN)))
        assert (opened.outcome, opened.started) == (Outcome.DONE, True)
        assert world.moves(A) == ["closed", "open"]
        assert [r.chain.number for r in world.plane.receipts] == [1, 2]

    play(story, tmp_path)


def test_I5_caps_refuse_with_a_receipt_and_never_cap_giving_back(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born(world)
        assert (await world.receipt(await world.plane.send(world.plane.command(A, Verb.CLOSE)))).outcome is Outcome.DONE
        second = await world.receipt(await world.plane.send(world.plane.command(B, Verb.CLOSE)))
        assert (second.outcome, second.why) == (Outcome.REFUSED, Why.CAP)
        assert (await world.receipt(await world.plane.send(world.plane.command(A, Verb.OPEN)))).outcome is Outcome.DONE
        third = await world.receipt(await world.plane.send(world.plane.command(A, Verb.CLOSE)))
        assert third.why is Why.CAP
        assert (world.moves(A), world.moves(B)) == (["closed", "open"], [])

    play(story, tmp_path, text=config_text(per_hour=1))


def test_I5_the_share_of_meters_closed_at_once_holds(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born(world)
        outcomes = [
            (await world.receipt(await world.plane.send(world.plane.command(m, Verb.CLOSE)))).why for m in (A, B, C)
        ]
        assert outcomes == [None, None, Why.CAP]

    play(story, tmp_path, text=config_text(share=0.1, floor=2))


def test_a_freeze_stops_closing_and_not_opening(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born(world)
        await world.receipt(await world.plane.send(world.plane.command(A, Verb.CLOSE)))
        frozen = await world.plane.send(world.plane.freeze(1, on=True))
        await world.until(lambda: frozen in world.plane.acked)
        refusal = await world.receipt(await world.plane.send(world.plane.command(B, Verb.CLOSE)))
        assert refusal.why is Why.FROZEN
        assert (await world.receipt(await world.plane.send(world.plane.command(A, Verb.OPEN)))).outcome is Outcome.DONE
        await world.plane.send(world.plane.freeze(2, on=False))
        assert (await world.receipt(await world.plane.send(world.plane.command(B, Verb.CLOSE)))).outcome is Outcome.DONE

    play(story, tmp_path)


def test_I14_a_jumped_clock_refuses_to_close_until_confirmed_anew(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born(world)
        world.plane.silent = True
        world.virtual.clock.jump(-7200)
        receipt = await world.receipt(await world.plane.send(world.plane.command(A, Verb.CLOSE)))
        assert receipt.why is Why.CLOCK_UNTRUSTED
        world.plane.silent = False
        await asyncio.sleep(20)
        again = await world.receipt(await world.plane.send(world.plane.command(A, Verb.CLOSE)))
        assert again.outcome is Outcome.DONE

    play(story, tmp_path)


def test_until_its_birth_is_acknowledged_a_gateway_does_nothing(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.plane.silent = True
        world.start()
        await world.until(lambda: world.plane.births)
        command = world.plane.command(A, Verb.CLOSE)
        await world.plane.send(command)
        await world.plane.send(world.plane.look(A))
        await asyncio.sleep(120)
        assert world.plane.requests == []
        assert world.plane.receipts == []
        assert world.plane.answers == []
        assert world.moves(A) == []

    play(story, tmp_path)


def test_I13_a_wrong_meter_at_the_right_address_is_never_written_to(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born(world)
        meter = world.gateway.edge.meters[A] if world.gateway else None
        assert meter is not None
        assert world.gateway is not None
        other = replace(meter.identity, fabrication_number="99999999")
        swapped = replace(meter, identity=other)
        world.gateway.edge.meters[A] = swapped
        world.gateway.workers[A].meter = swapped
        receipt = await world.receipt(await world.plane.send(world.plane.command(A, Verb.CLOSE, identity=other)))
        assert (receipt.outcome, receipt.why) == (Outcome.REFUSED, Why.WRONG_IDENTITY)
        assert world.plane.requests == []
        assert world.moves(A) == []

    play(story, tmp_path)


def test_I12_a_dead_meter_does_not_stop_the_others(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        ghost = "00000077"
        world.text = world.text.replace(f'id = "{IDENTITIES[C].id}"', f'id = "{ghost}"')
        await born(world)
        command = world.plane.command(C, Verb.CLOSE, identity=replace(IDENTITIES[C], id=ghost))
        lost, closed = await world.plane.send(command), await world.plane.send(world.plane.command(A, Verb.CLOSE))
        assert (await world.receipt(closed)).outcome is Outcome.DONE
        receipt = await world.receipt(lost)
        assert (receipt.outcome, receipt.why) == (Outcome.REFUSED, Why.NO_ANSWER)

    play(story, tmp_path)


def test_a_look_at_an_unreachable_valve_says_failed(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born(world)
        world.line.go_down()
        answer = await world.answer(await world.plane.send(world.plane.look(A)))
        assert (answer.outcome, answer.seen) == (Outcome.FAILED, None)
        assert answer.why is Why.LINE_DOWN
        assert isinstance(world.plane.command(A, Verb.OPEN), Command)
        assert ValvePosition.UNKNOWN not in world.moves(A)

    play(story, tmp_path)
