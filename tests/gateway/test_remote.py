"""Settings from afar: narrower than the gateway's own file, on trial until the uplink is back, told in signed words."""

import asyncio
from pathlib import Path

import pytest

from gateway.caps import Limits
from gateway.edge import Edge
from protocols.types import GatewayId, MeterId, Outcome, Verb
from protocols.uplink import codec
from protocols.uplink.messages import Configuration, Standing
from protocols.uplink.reasons import Why
from protocols.uplink.remote import BrokerAt, Settings
from tests.gateway.world import PLANE_KEY, STRANGER, A, B, G, World, config_text, play

OWN = Limits(per_hour=10, per_day=20, share=1.0, floor=2)
TERM_S = 120.0
B_GATEWAY = GatewayId("attic")
TLS = config_text().replace('password_file = "password"', 'password_file = "password"\nca_file = "ca.pem"')
NOWHERE, ELSEWHERE = Settings(per_hour=1, broker=BrokerAt("nowhere", 1)), Settings(broker=BrokerAt("elsewhere", 1))


def asked(world: World, number: int, settings: Settings) -> Configuration:
    return Configuration(gateway=G, number=number, settings=settings, term_s=TERM_S, at=world.plane.now())


async def born(world: World) -> None:
    births = len(world.plane.births)
    world.start()
    await world.until(lambda: len(world.plane.births) > births)
    await asyncio.sleep(1)


def edge(world: World) -> Edge:
    assert world.gateway is not None
    return world.gateway.edge


async def told(world: World, number: int, verdict: str, within_s: float = 60) -> Standing:
    await world.until(lambda: world.plane.standings and judged(world) == (number, verdict), within_s)
    return world.plane.standings[-1]


def judged(world: World) -> tuple[int, str]:
    return world.plane.standings[-1].number, world.plane.standings[-1].verdict


def test_I5_lower_caps_are_taken_and_told_and_hold_after_a_restart(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born(world)
        await world.plane.send(asked(world, 1, Settings(per_hour=1, every_s=900.0)))
        assert (await told(world, 1, "taken")).in_force == 1
        assert (edge(world).limits.per_hour, edge(world).every_s) == (1, 900.0)
        world.kill()
        await born(world)
        assert edge(world).limits.per_hour == 1
        await asyncio.sleep(60)
        closed = await world.receipt(await world.plane.send(world.plane.command(A, Verb.CLOSE)))
        assert (closed.why, closed.outcome, closed.detail) == (None, Outcome.DONE, "")
        receipt = await world.receipt(await world.plane.send(world.plane.command(B, Verb.CLOSE)))
        assert receipt.why is Why.CAP
        await world.plane.send(asked(world, 2, Settings()))
        assert (await told(world, 2, "taken")).in_force == 2
        assert edge(world).limits == OWN, "an empty layer is the file alone"

    play(story, tmp_path)


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        (Settings(per_hour=11), "per_hour: 11 is above the 10"),
        (Settings(per_day=21), "per_day: 21 is above the 20"),
        (Settings(floor=3), "floor: 3 is above the 2"),
        (Settings(per_hour=1, per_day=99), "per_day: 99 is above the 20"),
        (Settings(spared=(MeterId("Z"),)), "spared: there is no meter Z"),
        (NOWHERE, "broker: it is moved only where the file names a ca_file"),
    ],
)
def test_I4_I5_what_is_wider_than_the_file_is_refused_whole(tmp_path: Path, settings: Settings, why: str) -> None:
    async def story(world: World) -> None:
        await born(world)
        await world.plane.send(asked(world, 1, settings))
        standing = await told(world, 1, "refused")
        assert why in standing.why
        assert (standing.in_force, edge(world).limits) == (0, OWN)

    play(story, tmp_path)


def test_I5_the_file_lowered_below_the_layer_still_binds(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born(world)
        await world.plane.send(asked(world, 1, Settings(per_hour=5)))
        await told(world, 1, "taken")
        world.kill()
        world.text = world.text.replace("per_hour = 10", "per_hour = 2")
        await born(world)
        assert edge(world).limits.per_hour == 2

    play(story, tmp_path)


def test_I3_an_older_a_replayed_a_strangers_or_a_foreign_one_changes_nothing(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born(world)
        first, _ = codec.seal(asked(world, 1, Settings(per_hour=9)), PLANE_KEY)
        await world.plane.send_raw("configuration", first)
        await world.plane.send(asked(world, 5, Settings(per_hour=3)))
        await told(world, 5, "taken")
        heard = len(world.plane.standings)
        await world.plane.send_raw("configuration", first)
        await world.plane.send(asked(world, 4, Settings(per_hour=10)))
        await world.until(lambda: len(world.plane.standings) > heard)
        await world.plane.send(asked(world, 6, Settings(per_hour=10)), key=STRANGER)
        foreign = Configuration(gateway=B_GATEWAY, number=7, settings=Settings(), term_s=TERM_S, at=world.plane.now())
        await world.plane.send(foreign)
        await world.plane.send_raw("configuration", b"{}")
        await asyncio.sleep(30)
        assert (edge(world).limits.per_hour, judged(world)) == (3, (5, "taken"))

    play(story, tmp_path)


def test_I5_spared_meters_are_not_closed_and_are_opened(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born(world)
        await world.receipt(await world.plane.send(world.plane.command(B, Verb.CLOSE)))
        await world.plane.send(asked(world, 1, Settings(spared=(A, B))))
        await told(world, 1, "taken")
        receipt = await world.receipt(await world.plane.send(world.plane.command(A, Verb.CLOSE)))
        assert (receipt.why, receipt.detail[:6]) == (Why.FROZEN, "spared")
        opened = await world.receipt(await world.plane.send(world.plane.command(B, Verb.OPEN)))
        assert opened.outcome is Outcome.DONE

    play(story, tmp_path)


def test_a_broker_that_is_there_is_taken(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born(world)
        await world.plane.send(asked(world, 1, ELSEWHERE))
        assert (await told(world, 1, "taken")).in_force == 1

    play(story, tmp_path, text=TLS)


def test_what_cuts_the_uplink_off_is_taken_back_in_time_and_told(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born(world)
        await world.plane.send(asked(world, 1, ELSEWHERE))
        await told(world, 1, "taken")
        sent_s = world.virtual.clock.boot()
        await world.plane.send(asked(world, 2, NOWHERE))
        await asyncio.sleep(30)
        assert edge(world).limits.per_hour == 1, "the lower cap holds at once"
        standing = await told(world, 2, "rolled_back", within_s=TERM_S * 3)
        assert (standing.in_force, edge(world).limits) == (1, OWN)
        assert TERM_S <= world.virtual.clock.boot() - sent_s < TERM_S + 60
        await world.plane.send(asked(world, 2, NOWHERE))
        await asyncio.sleep(TERM_S)
        assert judged(world) == (2, "rolled_back"), "the same number is not tried again"

    play(story, tmp_path, text=TLS)


def test_a_gateway_that_falls_over_with_its_new_settings_has_the_old_ones_back(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born(world)
        await world.plane.send(asked(world, 1, NOWHERE))
        await asyncio.sleep(2)
        for _ in range(8):
            world.kill()
            world.start()
            await asyncio.sleep(1)
        standing = await told(world, 1, "rolled_back")
        assert (standing.in_force, "times without its uplink" in standing.why) == (0, True)

    play(story, tmp_path, text=TLS)


def test_killed_at_any_step_it_has_the_old_settings_or_the_new_ones_and_ends_with_a_verdict(tmp_path: Path) -> None:
    async def story(world: World, after: int, settings: Settings) -> None:
        await born(world)
        assert world.process is not None
        world.process.kill_at(world.process.steps + after)
        configuration = asked(world, 1, settings)
        await world.plane.send(configuration)
        await asyncio.sleep(10)
        world.kill()
        await born_somewhere(world)
        layer = world.gateway.keeper.layer if world.gateway else None
        assert layer is not None
        assert layer.newest in (Settings(), settings)
        await world.plane.send(configuration)
        verdict = "taken" if settings == ELSEWHERE else "rolled_back"
        standing = await told(world, 1, verdict, within_s=TERM_S * 4)
        assert standing.in_force == (1 if verdict == "taken" else 0)

    for n, after in enumerate(range(1, 40, 3)):
        folder = tmp_path / str(after)
        folder.mkdir()
        settings = (ELSEWHERE, NOWHERE)[n % 2]
        play(lambda w, a=after, s=settings: story(w, a, s), folder, text=TLS)  # type: ignore[misc]


async def born_somewhere(world: World) -> None:
    world.start()
    await asyncio.sleep(20)


def test_a_freeze_on_the_spot_is_told_and_so_is_its_end(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born(world)
        await world.until(lambda: world.plane.standings)
        assert world.plane.standings[-1].frozen is None
        edge(world).local_freeze.set("a burst main")
        await world.until(lambda: world.plane.standings[-1].frozen == "a burst main", 30)
        edge(world).local_freeze.end()
        await world.until(lambda: world.plane.standings[-1].frozen is None, 30)

    play(story, tmp_path)


def test_it_is_told_until_it_is_held_and_then_no_more(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.plane.holds = False
        await born(world)
        await world.until(lambda: len(world.plane.standings) > 2)
        world.plane.holds = True
        await asyncio.sleep(200)
        heard = len(world.plane.standings)
        await asyncio.sleep(600)
        assert len(world.plane.standings) == heard

    play(story, tmp_path)
