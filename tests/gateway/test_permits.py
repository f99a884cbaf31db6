"""P3: an answer counts for the one request that it answers, once, and for no longer than either side says."""

import asyncio
from collections.abc import Callable

from msgspec.structs import replace

from gateway.clockwatch import ClockWatch
from gateway.permits import LONGEST_VALIDITY_S, Answer, Denied, Granted, PermitDesk
from protocols.types import ValvePosition, Verb
from protocols.uplink import codec
from protocols.uplink.keys import KeyRing
from protocols.uplink.messages import Permit, PermitRequest
from simulators.chance import SeededEntropy
from simulators.loop import Virtual, run
from tests.gateway.world import GATEWAY_KEY, PLANE_KEY, A, G, Plane

Answering = Callable[[Permit], list[Permit]]
TAKES_S = 1.5


def asked(answering: Answering) -> tuple[list[Answer | None], list[PermitRequest], float]:
    """Ask twice; each request is answered, after a while, by what `answering` makes of a good permit.

    Also the time by the boot clock at which the first was asked.
    """
    requests: list[PermitRequest] = []

    async def story(virtual: Virtual) -> tuple[list[Answer | None], list[PermitRequest], float]:
        plane = Plane(virtual)
        watch = ClockWatch(virtual.clock, 5.0)

        async def publish(_: str, raw: bytes) -> None:
            request = codec.open_signed(raw, PermitRequest, KeyRing([GATEWAY_KEY.public])).message
            requests.append(request)
            asyncio.get_running_loop().call_later(TAKES_S, answer, request)

        def answer(request: PermitRequest) -> None:
            for permit in answering(plane.permit(request)):
                raw, _ = codec.seal(permit, PLANE_KEY)
                desk.take(codec.open_signed(raw, Permit, KeyRing([PLANE_KEY.public])))

        desk = PermitDesk(G, GATEWAY_KEY, virtual.clock, SeededEntropy(1), watch, publish)
        command, begun_s = plane.command(A, Verb.CLOSE), virtual.clock.boot()
        digest = codec.digest(codec.encode(command))
        answers = [await desk.ask(digest, command, ValvePosition.OPEN) for _ in range(2)]
        return answers, requests, begun_s

    return run(story)


def test_P3_a_permit_counts_from_when_it_was_asked() -> None:
    (first, _), _, begun_s = asked(lambda permit: [permit])
    assert isinstance(first, Granted)
    assert first.until_boot_s == begun_s + 10.0


def test_P3_a_permit_lives_no_longer_than_the_gateways_own_bound() -> None:
    (first, _), _, begun_s = asked(lambda permit: [replace(permit, validity_s=3600.0)])
    assert isinstance(first, Granted)
    assert first.until_boot_s == begun_s + LONGEST_VALIDITY_S


def test_P3_each_request_has_a_nonce_of_its_own() -> None:
    _, requests, _ = asked(lambda permit: [permit])
    assert len({request.nonce for request in requests}) == 2


def test_P3_an_answer_for_another_command_or_another_nonce_is_none() -> None:
    for changed in ({"command": "0" * 64}, {"nonce": "0" * 32}):
        (first, second), _, _ = asked(lambda permit, changed=changed: [replace(permit, **changed)])  # type: ignore[misc]
        assert (first, second) == (None, None)


def test_P3_the_first_answer_counts() -> None:
    (first, _), _, _ = asked(lambda permit: [replace(permit, granted=False, validity_s=0.0), permit])
    assert isinstance(first, Denied)
