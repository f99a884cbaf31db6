"""I4 by files that lie: a spec that says water for a device that says gas, and an arm where the valve is open."""

from dataclasses import replace
from pathlib import Path

from drivers.catalogue import Catalogue, installed
from drivers.schema import Spec
from protocols.types import Identity, Medium, Outcome, ValvePosition, Verb
from protocols.uplink.reasons import Why
from tests.gateway.world import A, World, config_text, play

VALVE = "curbstop/mbus-water-valve"


def catalogue_with(spec: Spec) -> Catalogue:
    others = [installed().by_name(name) for name in installed().names() if name != VALVE]
    return Catalogue([spec, *others])


def test_I4_a_spec_that_calls_gas_water_opens_nothing(tmp_path: Path) -> None:
    spec = installed().by_name(VALVE)
    assert spec.match is not None
    lying = replace(spec, match=replace(spec.match, media=spec.match.media | {int(Medium.GAS)}))
    gas = Identity("00000011", "CBS", 1, int(Medium.GAS), "00000011")

    async def story(world: World) -> None:
        world.catalogue = catalogue_with(lying)
        world.text = world.text.replace('medium = "water"', 'medium = "gas"', 1)
        world.start()
        await world.plane.born.wait()
        receipt = await world.receipt(await world.plane.send(world.plane.command(A, Verb.OPEN, identity=gas)))
        assert (receipt.outcome, receipt.why) == (Outcome.REFUSED, Why.GAS_NEVER_OPENED)

    play(story, tmp_path, text=config_text())


def test_I4_only_a_closed_valve_is_armed(tmp_path: Path) -> None:
    """An arm needs no permit; written to an open valve it could take supply away."""
    spec = installed().by_name(VALVE)
    assert spec.valve is not None
    arms = replace(spec, valve=replace(spec.valve, verbs={**spec.valve.verbs, Verb.ARM: bytes.fromhex("02FD1FA4A4")}))

    async def story(world: World) -> None:
        world.catalogue = catalogue_with(arms)
        world.start()
        await world.plane.born.wait()
        refused = await world.receipt(await world.plane.send(world.plane.command(A, Verb.ARM)))
        assert (refused.outcome, refused.started) == (Outcome.REFUSED, False)
        assert refused.before is not None
        assert refused.before.position is ValvePosition.OPEN
        assert world.moves(A) == []
        await world.receipt(await world.plane.send(world.plane.command(A, Verb.CLOSE)))
        armed = await world.receipt(await world.plane.send(world.plane.command(A, Verb.ARM)))
        assert armed.outcome is Outcome.DONE
        assert world.moves(A) == ["closed", "armed"]

    play(story, tmp_path)
