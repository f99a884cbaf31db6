"""The freeze at the gateway itself: read at every closing attempt, lifted by nobody but who stands there."""

import subprocess
import sys
from pathlib import Path

from gateway.local_freeze import LocalFreeze, beside
from protocols.types import Outcome, Verb
from protocols.uplink.messages import PermitRequest
from protocols.uplink.reasons import Why
from tests.gateway.world import A, B, World, play

REFUSED = (Outcome.REFUSED, Why.FROZEN, False)


def local(world: World) -> LocalFreeze:
    assert world.path is not None
    return LocalFreeze(beside(world.path.with_name("gateway.toml")))


async def born(world: World) -> None:
    world.start()
    await world.plane.born.wait()


def test_I5_frozen_at_the_gateway_nothing_closes_and_what_was_closed_opens(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born(world)
        await world.receipt(await world.plane.send(world.plane.command(A, Verb.CLOSE)))
        local(world).set("a burst main in via Roma")
        receipt = await world.receipt(await world.plane.send(world.plane.command(B, Verb.CLOSE)))
        assert (receipt.outcome, receipt.why, receipt.started) == REFUSED
        assert receipt.detail == "frozen at the gateway: a burst main in via Roma"
        opened = await world.receipt(await world.plane.send(world.plane.command(A, Verb.OPEN)))
        assert opened.outcome is Outcome.DONE
        assert world.moves(B) == []
        assert [request.meter for request in world.plane.requests] == [A], "a permit was asked in vain"

    play(story, tmp_path)


def test_I5_the_control_plane_can_not_lift_it_and_a_restart_keeps_it(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        local(world).set("")
        await born(world)
        lifted = await world.plane.send(world.plane.freeze(9, on=False))
        await world.until(lambda: lifted in world.plane.acked)
        world.kill()
        world.start()
        await world.until(lambda: len(world.plane.births) > 1)
        receipt = await world.receipt(await world.plane.send(world.plane.command(A, Verb.CLOSE)))
        assert (receipt.outcome, receipt.why, receipt.started) == REFUSED
        assert local(world).end()
        receipt = await world.receipt(await world.plane.send(world.plane.command(A, Verb.CLOSE)))
        assert receipt.outcome is Outcome.DONE

    play(story, tmp_path)


def test_I5_set_while_the_permit_is_under_way_it_still_stops_the_write(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await born(world)

        async def at_the_last_moment(_: PermitRequest) -> None:
            local(world).set("now")

        world.plane.before_permit = at_the_last_moment
        receipt = await world.receipt(await world.plane.send(world.plane.command(A, Verb.CLOSE)))
        assert (receipt.outcome, receipt.why, receipt.started) == REFUSED
        assert world.moves(A) == []

    play(story, tmp_path)


def test_I5_set_while_started_is_written_to_the_disk_it_still_stops_the_write(tmp_path: Path) -> None:
    """The commit takes as long as the disk takes: the guard looks again after it."""

    async def story(world: World) -> None:
        await born(world)
        assert world.gateway is not None
        world.gateway.edge.journal.outside = lambda _: local(world).set("during the commit")
        receipt = await world.receipt(await world.plane.send(world.plane.command(A, Verb.CLOSE)))
        assert receipt.outcome is not Outcome.DONE
        assert world.moves(A) == []

    play(story, tmp_path)


def test_a_freeze_that_can_not_be_looked_for_counts_as_set(tmp_path: Path) -> None:
    (tmp_path / "folder").write_text("a file")
    assert LocalFreeze(tmp_path / "folder" / "gateway.toml.freeze").on()
    assert not LocalFreeze(tmp_path / "gateway.toml.freeze").on()
    (tmp_path / "gateway.toml.freeze").symlink_to("nowhere")
    assert LocalFreeze(tmp_path / "gateway.toml.freeze").on()


def test_it_is_set_and_ended_from_the_command_line_without_a_running_gateway(tmp_path: Path) -> None:
    config = tmp_path / "gateway.toml"

    def said(*words: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "curbstop", "gateway", *words], capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout + done.stderr

    code, text = said("freeze", str(config), "--reason", "storm")
    assert (code, "no such configuration file" in text) == (2, True)
    config.write_text("not in order")
    assert said("freeze", str(config), "--reason", "storm")[0] == 0
    assert LocalFreeze(beside(config)).reason() == "storm"
    assert said("release", str(config)) == (0, f"{beside(config)}: released\n")
    assert said("release", str(config)) == (0, f"{beside(config)}: was not frozen\n")
    assert said("thaw", str(config))[0] == 2
