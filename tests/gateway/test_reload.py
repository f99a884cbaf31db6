"""The file read anew under a running gateway: what did not change is not touched, and no command in flight is lost."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from gateway.app import Gateway
from gateway.config import parse_config
from gateway.reload import ReloadError
from protocols.types import MeterId, Outcome, Verb
from protocols.uplink.messages import PermitRequest
from protocols.uplink.reasons import Why
from tests.gateway.world import IDENTITIES, METER, A, B, C, D, World, config_text, play

LINE = 'name = "riser"\n'
SLACK = "slack_s = 0.3\n"
UPSTAIRS = '\n[[lines]]\nname = "upstairs"\nhost = "127.0.0.1"\nport = 5001\n'
CHANGED = config_text().replace(LINE, LINE + SLACK)


def gateway(world: World) -> Gateway:
    assert world.gateway is not None
    return world.gateway


async def born(world: World) -> None:
    world.start()
    await world.plane.born.wait()
    await asyncio.sleep(40)


async def reload(world: World, text: str) -> None:
    """In the gateway's own process: what it begins is its own."""
    assert world.process is not None
    config = parse_config(text, Path("gateway.toml"), world.catalogue)
    if world.path is not None:
        config = parse_config(text, world.path.with_name("gateway.toml"), world.catalogue)
    await world.process.start(gateway(world).reload(config))


async def on_the_wire(world: World) -> None:
    await world.until(lambda: world.moves(A))


async def at_once(_: World) -> None:
    return


async def reading(_: World) -> None:
    await asyncio.sleep(0.3)


async def permit_asked(world: World) -> None:
    await world.until(lambda: world.plane.requests)


async def reading_back(world: World) -> None:
    await on_the_wire(world)
    await asyncio.sleep(3)


STAGES = [at_once, reading, permit_asked, on_the_wire, reading_back]


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.__name__)
def test_I2_a_closure_in_each_stage_ends_on_its_line_before_that_is_exchanged(
    tmp_path: Path, stage: Callable[[World], Awaitable[None]]
) -> None:
    async def story(world: World) -> None:
        await born(world)
        old = gateway(world).lines["riser"]

        async def slowly(_: PermitRequest) -> None:
            await asyncio.sleep(2)

        world.plane.before_permit = slowly
        digest = await world.plane.send(world.plane.command(A, Verb.CLOSE))
        await stage(world)
        await reload(world, CHANGED)
        assert gateway(world).lines["riser"] is not old
        receipt = await world.receipt(digest)
        assert (receipt.outcome, receipt.why, receipt.started) == (Outcome.DONE, None, True)
        assert receipt.detail == "", "it was settled after the exchange, not finished before"
        assert len(world.plane.requests) == 1
        assert world.moves(A) == ["closed"]
        opened = await world.receipt(await world.plane.send(world.plane.command(A, Verb.OPEN)))
        assert opened.outcome is Outcome.DONE
        assert world.moves(A) == ["closed", "open"]

    play(story, tmp_path)


def test_I2_what_comes_while_the_line_is_exchanged_is_done_on_the_new_one(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born(world)
        world.plane.silent = True
        first = await world.plane.send(world.plane.command(A, Verb.CLOSE))
        await permit_asked(world)
        reloading = asyncio.create_task(reload(world, CHANGED))
        await asyncio.sleep(1)
        second = await world.plane.send(world.plane.command(C, Verb.CLOSE))
        await asyncio.sleep(5)
        assert not reloading.done()
        assert [r.meter for r in world.plane.requests if r.meter != A] == [], "begun on the old line"
        world.plane.silent = False
        await reloading
        for digest in (first, second):
            assert (await world.receipt(digest)).outcome is Outcome.DONE
        assert (world.moves(A), world.moves(C)) == (["closed"], ["closed"])

    play(story, tmp_path)


def test_I12_a_line_that_did_not_change_is_not_touched(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        upstairs = world.text.replace("[[lines]]", UPSTAIRS + "\n[[lines]]", 1)
        world.text = upstairs
        await born(world)
        riser, worker = gateway(world).lines["riser"], gateway(world).workers[A]
        connection = riser.connection
        world.plane.silent = True
        digest = await world.plane.send(world.plane.command(A, Verb.CLOSE))
        await permit_asked(world)
        await reload(world, upstairs.replace("port = 5001", "port = 5002").replace("per_hour = 10", "per_hour = 3"))
        assert gateway(world).lines["riser"] is riser
        assert gateway(world).workers[A] is worker
        assert riser.connection == connection
        assert gateway(world).edge.limits.per_hour == 3
        world.plane.silent = False
        assert (await world.receipt(digest)).outcome is Outcome.DONE

    play(story, tmp_path)


def test_what_needs_a_restart_or_is_not_in_order_changes_nothing(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born(world)
        lines = dict(gateway(world).lines)
        with pytest.raises(ReloadError, match="journal, max_skew_s: changed only by a restart"):
            await reload(world, CHANGED.replace('"journal.sqlite"', '"other.sqlite"\nmax_skew_s = 9'))
        assert gateway(world).lines == lines
        assert gateway(world).edge.limits.per_hour == 10

    play(story, tmp_path)


def test_a_meter_taken_away_is_announced_no_more_and_its_commands_are_refused(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born(world)
        gone = METER.format(name=C, who=IDENTITIES[C], response_s=0.0)
        await reload(world, world.text.replace(gone, ""))
        await world.until(lambda: [m.meter for m in world.plane.births[-1].meters] == [A, B, D], 60)
        receipt = await world.receipt(await world.plane.send(world.plane.command(C, Verb.CLOSE)))
        assert (receipt.why, world.moves(C)) == (Why.UNKNOWN_METER, [])

    play(story, tmp_path)


def test_I3_a_meter_that_was_added_does_nothing_before_its_birth_is_acknowledged(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        whole = world.text
        world.text = whole.replace(METER.format(name=C, who=IDENTITIES[C], response_s=0.0), "")
        await born(world)
        world.plane.silent = True
        await reload(world, whole)
        digest = await world.plane.send(world.plane.command(C, Verb.CLOSE))
        await asyncio.sleep(30)
        assert digest not in world.plane.acked
        world.plane.silent = False
        await world.until(lambda: gateway(world).edge.announced == {A, B, C, D}, 120)
        receipt = await world.receipt(await world.plane.send(world.plane.command(C, Verb.CLOSE)))
        assert receipt.outcome is Outcome.DONE

    play(story, tmp_path)


def test_I13_a_name_that_stands_for_another_device_ends_what_was_meant_for_the_old_one_there(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born(world)
        await world.receipt(await world.plane.send(world.plane.command(MeterId("A"), Verb.CLOSE)))
        a, c = IDENTITIES[A].id, IDENTITIES[C].id
        await reload(world, world.text.replace(a, "x").replace(c, a).replace("x", c))
        receipt = await world.receipt(await world.plane.send(world.plane.command(A, Verb.OPEN)))
        assert (receipt.why, world.moves(A), world.moves(C)) == (Why.WRONG_IDENTITY, ["closed"], [])

    play(story, tmp_path)
