"""The demo's crew keeps to its permit by itself: it turns nothing without one that runs."""

from datetime import timedelta
from typing import Any

import pytest

from curbstop.demo.crew import Crew, Feed, PermitError
from curbstop.demo.meters import UNREAD, riser
from curbstop.demo.rest import Api, client
from protocols.types import ValvePosition
from protocols.uplink import codec
from protocols.uplink.crew import CrewPermit, CrewPermitRequest
from protocols.uplink.keys import KeyRing, SigningKey
from seams.clock import SystemClock, SystemEntropy
from simulators.crews.device import Job, make

HOUSE, JOB = SigningKey(b"h" * 32), Job("wo_1", "ord_1")


def permit(crew: Crew, ago_s: float, validity_s: float) -> None:
    device = crew.device
    asked = device.ask(JOB, ValvePosition.OPEN, "", crew.clock.now() - timedelta(seconds=ago_s))
    opened = codec.open_signed(asked, CrewPermitRequest, KeyRing([device.key.public]))
    said = opened.message
    about: dict[str, Any] = {"device": said.device, "work_order": said.work_order, "order": said.order, "at": said.at}
    answer = CrewPermit(
        **about, request=opened.digest, nonce=said.nonce, granted=True, validity_s=validity_s, reason=None
    )
    device.hear(codec.seal(answer, HOUSE)[0])


async def test_a_crew_turns_nothing_without_a_permit_that_still_runs() -> None:
    entropy = SystemEntropy()
    async with client("http://127.0.0.1:9") as nobody:
        api, device = Api(nobody, "t", entropy), make(entropy)
        device.enrolled("dev_1", HOUSE.public.hex())
        crew = Crew(api, device, riser(), SystemClock(), Feed(api))
        with pytest.raises(PermitError):
            await crew.close(JOB, UNREAD, "S-1")
        permit(crew, ago_s=301, validity_s=300)
        with pytest.raises(PermitError):
            await crew.close(JOB, UNREAD, "S-1")
    assert crew.riser.moves(UNREAD) == []


def test_what_a_crew_reads_off_the_world_is_what_is_there() -> None:
    world = riser()
    assert world.serial_of("D") == "26110004"
    assert world.serial_of(UNREAD) == ""
    assert world.index_of("D") == "7.040"
    world.turn("C", ValvePosition.CLOSED)
    assert world.seen_at("C") is ValvePosition.MOVING
    assert world.seen_at("D") is ValvePosition.OPEN
