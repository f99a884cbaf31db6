"""A stolen control plane: whoever holds its key signs anything, at every number, and then the real house is back.

Each story ends with the real house, under the same key, giving supply back; docs/reliability.md has the table.
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway import bounds
from protocols.types import MeterId, Outcome, ValvePosition, Verb
from protocols.uplink.messages import Ack, Number, Permit, ReadingsMark
from protocols.uplink.reasons import Why
from simulators.reference.gas import Setting
from tests.gateway.world import A, B, C, E, G, World, config_text, play

LARGEST = 2**63 - 1
BEGINNING, END = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
EXTREMES = [Number(LARGEST, LARGEST), Number(LARGEST, 0), Number(1, LARGEST), Number(0, LARGEST), Number(0, 0)]


async def born(world: World) -> None:
    world.start()
    await world.plane.born.wait()
    await world.until(lambda: len({r.meter for b in world.plane.readings for r in b.readings}) >= 4)


async def the_real_house_gives_back(world: World, meter: MeterId = A) -> None:
    """It learns at the next birth how far the numbers are, as controlplane.orders.births does, and goes on above."""
    born_so_far = len(world.plane.births)
    world.kill()
    world.plane.born.clear()
    world.start()
    await world.until(lambda: len(world.plane.births) > born_so_far)
    [told] = [m for m in world.plane.births[-1].meters if m.meter == meter]
    mark = told.mark or Number(0, 0)
    assert mark.epoch < LARGEST // 2, "epochs are left for as long as any house lives"
    if mark >= Number(world.plane.epoch, world.plane.sequence):
        world.plane.epoch = max(world.plane.epoch, mark.epoch) + 1
        world.kill()
        world.plane.born.clear()
        world.start()
    await world.plane.born.wait()
    world.plane.grants = True
    digest = await world.plane.send(world.plane.command(meter, Verb.OPEN))
    assert (await world.receipt(digest)).outcome is Outcome.DONE
    assert world.valves[meter].position is ValvePosition.OPEN


@asynccontextmanager
async def stolen(world: World) -> AsyncIterator[None]:
    """The thief at work, then the real house."""
    await born(world)
    yield
    await the_real_house_gives_back(world)


def test_I4_no_verb_at_any_number_opens_gas(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with stolen(world):
            for number in (*EXTREMES, Number(1, 50)):
                for verb in (Verb.OPEN, Verb.CLOSE, Verb.ARM):
                    await world.plane.send(world.plane.command(E, verb, number=number, expires_at=END))
            looked = await world.plane.send(world.plane.look(A))
            await world.answer(looked)
            assert "open" not in world.moves(E)

    play(story, tmp_path, gas=Setting())


@pytest.mark.parametrize("number", EXTREMES)
def test_numbers_at_their_largest_block_no_later_house(tmp_path: Path, number: Number) -> None:
    """An epoch that no house comes to is refused by a signed receipt; a sequence is passed by the next epoch."""

    async def story(world: World) -> None:
        async with stolen(world):
            for meter, verb in ((A, Verb.CLOSE), (B, Verb.OPEN)):
                digest = await world.plane.send(world.plane.command(meter, verb, number=number))
                if number.epoch == LARGEST and meter == A:
                    assert (await world.receipt(digest)).why is Why.MALFORMED
            await world.plane.send(world.plane.look(A, identity=None))

    play(story, tmp_path)


@pytest.mark.parametrize("epoch", [LARGEST, bounds.FURTHEST * 3, bounds.FURTHEST // 2])
def test_a_births_answer_at_any_epoch_blocks_no_later_house(tmp_path: Path, epoch: int) -> None:
    async def story(world: World) -> None:
        world.plane.epoch = epoch
        world.start()
        await world.plane.born.wait()
        await world.until(lambda: len(world.plane.births) > (0 if epoch < bounds.FURTHEST else 2))
        world.plane.epoch = 1
        await the_real_house_gives_back(world)

    play(story, tmp_path)


def test_I5_permits_for_everybody_are_bounded_by_the_caps_in_every_epoch(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with stolen(world):
            for epoch in range(2, 6):
                for meter in (A, B, C):
                    number = Number(epoch, 1)
                    digest = await world.plane.send(world.plane.command(meter, Verb.CLOSE, number=number))
                    await world.receipt(digest)
                    await world.plane.send(world.plane.command(meter, Verb.OPEN, number=Number(epoch, 2)))
            closed = sum(world.moves(m).count("closed") for m in (A, B, C))
            assert closed == 2
            assert Why.CAP in {r.why for r in world.plane.receipts}

    play(story, tmp_path, text=config_text(per_hour=2))


def test_I14_a_signed_time_out_of_this_world_closes_nothing_and_opening_goes_on(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with stolen(world):
            for at in (BEGINNING, END):
                world.plane.clock_ahead_s = (at - world.virtual.clock.now()).total_seconds() * 0.99
                number = Number(world.plane.epoch, world.plane.sequence + 1)
                fields = {"issued_at": at, "expires_at": END, "number": number}
                digest = await world.plane.send(world.plane.command(A, Verb.CLOSE, **fields))
                assert (await world.receipt(digest)).outcome is Outcome.REFUSED
            world.plane.clock_ahead_s = 0.0
            assert world.moves(A) == []

    play(story, tmp_path)


def test_permits_that_nobody_asked_for_are_nothing(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with stolen(world):
            world.plane.grants = False
            digest = await world.plane.send(world.plane.command(A, Verb.CLOSE))
            said = {"gateway": G, "meter": A, "command": digest, "granted": True, "reason": None}
            for nonce in ("0" * 32, "f" * 32):
                at = world.plane.now()
                await world.plane.send(Permit(**said, nonce=nonce, validity_s=1e300, at=at))  # type: ignore[arg-type]
            assert (await world.receipt(digest)).why is Why.PERMIT_DENIED
            assert world.moves(A) == []

    play(story, tmp_path)


def test_I7_acknowledged_and_thrown_away_an_account_is_still_in_the_journal_and_comes_when_asked_for(
    tmp_path: Path,
) -> None:
    async def story(world: World) -> None:
        async with stolen(world):
            command = world.plane.command(A, Verb.CLOSE)
            digest = await world.plane.send(command)
            await world.receipt(digest)
            world.plane.receipts.clear()
            await world.plane.send(command)
            assert (await world.receipt(digest)).outcome is Outcome.DONE
            assert world.moves(A) == ["closed"]

    play(story, tmp_path)


def test_a_mark_beyond_what_was_sent_drops_readings_only_and_none_that_come_later(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with stolen(world):
            assert world.gateway is not None
            journal = world.gateway.edge.journal
            for boot in (0, journal.boot, LARGEST):
                await world.plane.send(
                    Ack(gateway=G, at=world.plane.now(), readings=ReadingsMark(journal.id, boot, LARGEST))
                )
            digest = await world.plane.send(world.plane.command(A, Verb.CLOSE))
            await world.receipt(digest)
            heard = len(world.plane.readings)
            await world.until(lambda: len(world.plane.readings) > heard, within_s=2000)

    play(story, tmp_path)


@pytest.mark.parametrize("on", [True, False])
def test_a_freeze_at_the_largest_number_leaves_the_real_house_its_freeze(tmp_path: Path, on: bool) -> None:
    async def story(world: World) -> None:
        async with stolen(world):
            await world.plane.send(world.plane.freeze(LARGEST, on=on))
            await world.plane.send(world.plane.freeze(1, on=True))
            digest = await world.plane.send(world.plane.command(A, Verb.CLOSE))
            assert (await world.receipt(digest)).why is Why.FROZEN

    play(story, tmp_path)


@pytest.mark.parametrize("observe_s", [1e9, 1e300])
def test_an_endless_look_holds_up_neither_commands_nor_readings(tmp_path: Path, observe_s: float) -> None:
    async def story(world: World) -> None:
        async with stolen(world):
            await world.plane.send(world.plane.look(A, observe_s=observe_s))
            heard = len(world.plane.readings)
            await world.until(lambda: len(world.plane.readings) > heard, within_s=2000)
            digest = await world.plane.send(world.plane.command(A, Verb.CLOSE))
            assert (await world.receipt(digest)).outcome is Outcome.DONE

    play(story, tmp_path)


def test_a_flood_of_valid_commands_fills_no_disk_and_starves_no_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a smaller quota: what is beyond it is not journaled, and told by a signed refusal now and then."""
    monkeypatch.setattr(bounds, "AN_HOUR", 10)
    monkeypatch.setattr(bounds, "AN_HOUR_A_METER", 5)

    async def story(world: World) -> None:
        async with stolen(world):
            world.plane.grants = False
            for _ in range(300):
                await world.plane.send(world.plane.command(A, Verb.CLOSE))
                await world.plane.send(world.plane.look(B))
            looked = await world.plane.send(world.plane.command(C, Verb.OPEN))
            await world.receipt(looked)
            assert world.gateway is not None
            assert len(world.gateway.edge.journal.settled(A, Number(LARGEST, LARGEST))) <= 30
            told = [r for r in world.plane.receipts if r.why is Why.MALFORMED]
            assert 1 <= len(told) <= 5
            kept = world.database.execute("SELECT count(*) FROM tasks").fetchone() if world.database else (0,)
            assert kept[0] <= 31

    play(story, tmp_path)


def test_a_quota_counts_an_hour_and_a_day_and_forgets_what_is_older() -> None:
    quota = bounds.Quota(meters=1)
    hour, day = bounds.AN_HOUR + bounds.AN_HOUR_A_METER, bounds.A_DAY + bounds.A_DAY_A_METER
    assert sum(quota.take(0.0) for _ in range(2 * hour)) == hour
    assert quota.take(bounds.HOUR_S)
    taken = hour + 1 + sum(quota.take(n * bounds.HOUR_S + 1) for n in range(2, 23) for _ in range(hour))
    assert taken == day
    assert not quota.take(bounds.DAY_S - 1)
    assert quota.take(bounds.DAY_S)


def test_the_page_names_these_tests() -> None:
    section = PAGE.read_text().partition("# A stolen control plane")[2]
    named = set(re.findall(r"`(test_\w+)`", section))
    here = {name for name in globals() if name.startswith("test_")} - {"test_the_page_names_these_tests"}
    assert named >= here
