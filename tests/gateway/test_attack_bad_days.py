"""Attacks by circumstance: disks that recover, files that were changed, peers that are slow or never content."""

import asyncio
from pathlib import Path

import pytest

from protocols.types import Identity, MeterId, Outcome, Verb
from protocols.uplink.messages import Number, PermitRequest
from protocols.uplink.reasons import Why
from tests.gateway.world import IDENTITIES, STRANGER, A, C, World, config_text, play


async def born(world: World) -> None:
    world.start()
    await world.plane.born.wait()


def test_identity_is_the_commands_even_after_the_file_was_changed(tmp_path: Path) -> None:
    """The technician swaps the names of two meters while a close waits: the valve it meant is no longer A's."""

    async def story(world: World) -> None:
        await born(world)
        world.plane.silent = True
        digest = await world.plane.send(world.plane.command(A, Verb.CLOSE))
        await world.until(lambda: world.plane.requests)
        world.kill()
        a, c = IDENTITIES[A].id, IDENTITIES[C].id
        world.text = world.text.replace(a, "x").replace(c, a).replace("x", c)
        world.plane.silent = False
        world.start()
        receipt = await world.receipt(digest)
        assert (receipt.outcome, receipt.why, receipt.started) == (Outcome.REFUSED, Why.WRONG_IDENTITY, False)
        assert (world.moves(A), world.moves(C)) == ([], [])

    play(story, tmp_path)


def test_I13_a_started_command_is_never_settled_by_another_meter(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born(world)
        digest = await world.plane.send(world.plane.command(A, Verb.CLOSE))
        await world.until(lambda: world.moves(A))
        world.kill()
        a, c = IDENTITIES[A].id, IDENTITIES[C].id
        world.text = world.text.replace(a, "x").replace(c, a).replace("x", c)
        world.start()
        receipt = await world.receipt(digest)
        assert (receipt.outcome, receipt.started) == (Outcome.UNKNOWN, True)

    play(story, tmp_path)


def test_I7_a_disk_that_failed_once_does_not_stop_giving_back_for_ever(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born(world)
        await world.receipt(await world.plane.send(world.plane.command(A, Verb.CLOSE)))
        assert world.database is not None
        world.database.execute("PRAGMA query_only = ON")
        close = world.plane.command(C, Verb.CLOSE)
        lost = await world.plane.send(close)
        await asyncio.sleep(5)
        assert lost not in world.plane.acked
        world.database.execute("PRAGMA query_only = OFF")
        opened = await world.receipt(await world.plane.send(world.plane.command(A, Verb.OPEN)))
        assert opened.outcome is Outcome.DONE
        assert world.moves(A) == ["closed", "open"]

    play(story, tmp_path)


def test_I7_after_the_disk_has_failed_nothing_is_closed(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born(world)

        async def fail(_: PermitRequest) -> None:
            assert world.database is not None
            world.database.execute("PRAGMA query_only = ON")

        world.plane.before_permit = fail
        digest = await world.plane.send(world.plane.command(A, Verb.CLOSE))
        await asyncio.sleep(20)
        assert world.moves(A) == []
        world.plane.before_permit = None
        assert world.database is not None
        world.database.execute("PRAGMA query_only = OFF")
        assert (await world.receipt(digest)).started is False
        assert world.moves(A) == []

    play(story, tmp_path)


def test_I12_receipts_that_nobody_takes_do_not_hold_up_the_others(tmp_path: Path) -> None:
    """The control plane does not know what it did not send: it never acknowledges the refusals of forgeries."""

    async def story(world: World) -> None:
        await born(world)
        world.plane.holds = False
        for _ in range(60):
            await world.plane.send(world.plane.command(A, Verb.CLOSE), key=STRANGER)
            await asyncio.sleep(11)
        world.plane.receipts.clear()
        receipt = await world.receipt(await world.plane.send(world.plane.command(A, Verb.OPEN)))
        assert receipt.why is Why.ALREADY

    play(story, tmp_path)


def test_a_signed_command_for_a_meter_we_do_not_have_is_refused_once(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born(world)
        command = world.plane.command(MeterId("gone"), Verb.OPEN, identity=IDENTITIES[A])
        for _ in range(4):
            digest = await world.plane.send(command)
            await asyncio.sleep(15)
        assert digest in world.plane.acked
        assert [r.why for r in world.plane.receipts] == [Why.UNKNOWN_METER]

    play(story, tmp_path)


@pytest.mark.parametrize(
    ("meter", "identity", "why"),
    [
        (MeterId("gone"), IDENTITIES[A], Why.UNKNOWN_METER),
        (A, Identity("00000099", "CBS", 1, 7, "00000099"), Why.WRONG_IDENTITY),
    ],
)
def test_a_look_at_a_meter_that_is_not_ours_is_answered_as_refused(
    tmp_path: Path, meter: MeterId, identity: Identity, why: Why
) -> None:
    async def story(world: World) -> None:
        await born(world)
        answer = await world.answer(await world.plane.send(world.plane.look(meter, identity=identity)))
        assert (answer.outcome, answer.why, answer.seen) == (Outcome.REFUSED, why, None)

    play(story, tmp_path)


def test_P7_a_look_burns_what_waits_for_a_meter_that_is_gone_from_the_file(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born(world)
        world.plane.silent = True
        command = await world.plane.send(world.plane.command(C, Verb.CLOSE))
        await world.until(lambda: world.plane.requests)
        world.kill()
        world.text = world.text.replace('name = "C"', 'name = "other"')
        world.plane.silent = False
        world.start()
        await world.until(lambda: len(world.plane.births) > 1)
        await asyncio.sleep(1)
        answer = await world.answer(await world.plane.send(world.plane.look(C)))
        assert [(s.command, s.started, s.outcome) for s in answer.settled] == [(command, False, Outcome.REFUSED)]
        assert (await world.receipt(command)).why is Why.SUPERSEDED

    play(story, tmp_path)


def test_I12_a_number_that_no_database_holds_stops_nobody(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born(world)
        await world.until(lambda: len({r.meter for b in world.plane.readings for r in b.readings}) == 4)
        for number in (Number(1, 1 << 63), Number(1 << 70, 1)):
            await world.plane.send(world.plane.command(A, Verb.CLOSE, number=number))
        await world.plane.send(world.plane.freeze(1 << 64, on=False))
        sent_s = world.virtual.clock.boot()
        receipt = await world.receipt(await world.plane.send(world.plane.command(A, Verb.OPEN)))
        assert receipt.why is Why.ALREADY
        assert world.virtual.clock.boot() - sent_s < 2, "its way up was started again"

    play(story, tmp_path)


def test_I3_a_forgery_of_a_real_command_never_speaks_for_it(tmp_path: Path) -> None:
    """The payload of a command under way, signed by a stranger: its refusal must not read as the real one's end."""

    async def story(world: World) -> None:
        await born(world)
        command = world.plane.command(A, Verb.CLOSE)
        await world.plane.send(command, key=STRANGER)
        await world.until(lambda: [r for r in world.plane.receipts if r.why is Why.UNTRUSTED])
        digest = await world.plane.send(command)
        await world.until(lambda: world.moves(A))
        await asyncio.sleep(30)
        await world.plane.send(command, key=STRANGER)
        await asyncio.sleep(30)
        assert [(r.outcome, r.started) for r in world.plane.receipts if r.command == digest] == [(Outcome.DONE, True)]
        assert sum(r.why is Why.UNTRUSTED for r in world.plane.receipts) == 2

    play(story, tmp_path)


def test_I3_a_forgery_of_any_size_is_not_kept(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born(world)
        huge = world.plane.command(MeterId("A" * 200_000), Verb.CLOSE, identity=IDENTITIES[A])
        await world.plane.send(huge, key=STRANGER)
        receipt = await world.receipt(await world.plane.send(world.plane.command(A, Verb.OPEN)))
        assert receipt.chain.number == 1

    play(story, tmp_path)


def test_a_slow_way_up_does_not_keep_a_gateway_from_being_born(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.broker.transit_s = 4.0
        world.start()
        await world.plane.born.wait()
        receipt = await world.receipt(await world.plane.send(world.plane.command(A, Verb.OPEN)))
        assert receipt.outcome is Outcome.DONE

    play(story, tmp_path)


def test_readings_lost_at_the_bound_are_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def story(world: World) -> None:
        world.plane.holds = False
        gateway = world.start()
        await world.until(lambda: gateway.store.lost > 0, within_s=20_000)

    play(
        story, tmp_path, text=config_text(every_s=10.0).replace('id = "cellar"', 'id = "cellar"\nreadings_kept = 1000')
    )
    told = capsys.readouterr()
    assert "lost" in told.out + told.err
