"""I7: once a journal was damaged, nothing is closed until a person ends that; supply is given back all the same."""

import asyncio
from pathlib import Path

import pytest

from curbstop import gateway as edge_command
from gateway.journal.errors import CorruptError
from protocols.types import Outcome, Verb
from protocols.uplink.reasons import Why
from tests.gateway.world import A, B, World, config_text, play

SAFE = "the journal was damaged and is set aside as journal.sqlite.aside-20260302T070000Z: rows are missing"


def test_I7_in_safe_mode_closures_are_refused_and_supply_is_given_back(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        journal = world.start().edge.journal
        await world.plane.born.wait()
        closed = await world.plane.send(world.plane.command(B, Verb.CLOSE))
        assert (await world.receipt(closed)).outcome is Outcome.DONE
        journal.set_safe(SAFE)
        refused = await world.receipt(await world.plane.send(world.plane.command(A, Verb.CLOSE)))
        assert (refused.outcome, refused.why, refused.detail) == (Outcome.REFUSED, Why.STORAGE, SAFE)
        opened = await world.receipt(await world.plane.send(world.plane.command(B, Verb.OPEN)))
        assert opened.outcome is Outcome.DONE
        world.kill()
        world.start()
        await asyncio.sleep(30)
        again = await world.receipt(await world.plane.send(world.plane.command(A, Verb.CLOSE)))
        assert (again.outcome, again.why) == (Outcome.REFUSED, Why.STORAGE)
        assert world.moves(A) == []

    play(story, tmp_path)


def test_I7_a_closure_under_way_is_refused_when_safe_mode_begins(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        journal = world.start().edge.journal
        await world.plane.born.wait()

        async def begins(_: object) -> None:
            journal.set_safe(SAFE)

        world.plane.before_permit = begins
        receipt = await world.receipt(await world.plane.send(world.plane.command(A, Verb.CLOSE)))
        assert (receipt.outcome, receipt.why, world.moves(A)) == (Outcome.REFUSED, Why.STORAGE, [])

    play(story, tmp_path)


def test_I7_a_row_found_spoilt_at_work_ends_the_run_and_the_next_is_in_safe_mode(tmp_path: Path) -> None:
    (tmp_path / "gateway.toml").write_text(config_text().replace("port = 5000", "port = 1"))
    (tmp_path / "password").write_text("secret")
    (tmp_path / "password").chmod(0o600)
    config = edge_command.read(tmp_path / "gateway.toml")
    gateway = edge_command.build(config)
    journal = gateway.edge.journal

    async def spoil() -> bool:
        served = asyncio.create_task(edge_command.serve(gateway, config))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        journal._db.execute("UPDATE meta SET value = '7' WHERE key = 'boot'")
        with pytest.raises(CorruptError):
            journal.meta("boot", "")
        return await served

    assert asyncio.run(spoil())
    journal.close()
    again = edge_command.build(config).edge.journal
    assert "a row of meta is not what was written" in again.safe
    assert len([*tmp_path.glob("journal.sqlite.aside-*Z")]) == 1


def test_I7_what_ails_it_is_told_upstream_at_each_start_and_change_until_it_is_held(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        journal, plane = world.start().edge.journal, world.plane
        await world.until(lambda: plane.conditions)
        await asyncio.sleep(120)
        assert [(c.storage, c.safe_mode) for c in plane.conditions] == [("works", "")]
        plane.holds = False
        journal.set_safe(SAFE)
        await asyncio.sleep(30)
        assert len(plane.conditions) > 3
        assert {c.safe_mode for c in plane.conditions[1:]} == {SAFE}
        plane.holds = True
        assert world.database is not None
        world.database.execute("PRAGMA query_only = ON")
        await plane.send(plane.command(A, Verb.CLOSE))
        await world.until(lambda: plane.conditions[-1].storage == "refuses")
        assert world.moves(A) == []
        world.database.execute("PRAGMA query_only = OFF")
        await world.until(lambda: plane.conditions[-1].storage == "works", within_s=1200)
        numbers = [c.number for c in plane.conditions]
        assert numbers == sorted(set(numbers))

    play(story, tmp_path)


def test_I7_lost_readings_are_told_upstream_with_their_count_over_a_start(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        store = world.start().store
        await world.plane.born.wait()
        store._bound = 2
        world.plane.holds = False
        await world.until(lambda: store.lost > 0, within_s=3000)
        world.plane.holds = True
        await world.until(lambda: any(c.readings_lost > 0 for c in world.plane.conditions))
        lost = store.lost
        world.kill()
        world.start()
        await world.until(lambda: any(c.boot == 2 for c in world.plane.conditions))
        assert world.plane.conditions[-1].readings_lost >= lost

    play(story, tmp_path)
