"""The simulated device, against the house's side of the same messages."""

from datetime import UTC, datetime, timedelta

import pytest

from protocols.errors import UntrustedError
from protocols.types import ValvePosition
from protocols.uplink import codec
from protocols.uplink.crew import CrewAbort, CrewPermit, CrewPermitRequest, CrewReport
from protocols.uplink.keys import KeyRing, SigningKey, fingerprint
from protocols.uplink.parts import GENESIS
from simulators.chance import SeededEntropy
from simulators.crews.device import Device, Job, NotOursError, Signed, Visit, make

NOW = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
HOUSE = SigningKey(b"h" * 32)
JOB, OTHER = Job("wo_1", "ord_1"), Job("wo_2", "ord_2")
OPEN, CLOSED = ValvePosition.OPEN, ValvePosition.CLOSED
VISIT = Visit(found=OPEN, left=CLOSED, serial="1", began_at=NOW, ended_at=NOW)


@pytest.fixture
def device() -> Device:
    made = make(SeededEntropy(1))
    made.enrolled("dev_1", HOUSE.public.hex())
    return made


def answer(device: Device, raw: bytes, key: SigningKey = HOUSE, *, granted: bool = True, nonce: str = "") -> bytes:
    asked = codec.open_signed(raw, CrewPermitRequest, KeyRing([device.key.public]))
    permit = CrewPermit(
        device=asked.message.device,
        work_order=asked.message.work_order,
        order=asked.message.order,
        at=NOW,
        request=asked.digest,
        nonce=nonce or asked.message.nonce,
        granted=granted,
        validity_s=300.0 if granted else 0.0,
        reason=None,
    )
    return codec.seal(permit, key)[0]


def reported(device: Device, signed: Signed) -> CrewReport:
    return codec.open_signed(signed.raw, CrewReport, KeyRing([device.key.public])).message


def test_each_device_makes_a_key_of_its_own_and_shows_its_fingerprint() -> None:
    one, other = make(SeededEntropy(1)), make(SeededEntropy(2))
    assert one.key.public != other.key.public
    assert one.fingerprint == fingerprint(one.key.public)[:16]


def test_a_permit_counts_from_when_it_was_asked_and_is_named_by_the_report(device: Device) -> None:
    raw = device.ask(JOB, OPEN, "1", NOW)
    permit = answer(device, raw)
    assert device.hear(permit).granted
    end = NOW + timedelta(seconds=300)
    assert device.may_begin(JOB, end - timedelta(milliseconds=1))
    assert not device.may_begin(JOB, end)
    assert not device.may_begin(OTHER, NOW)
    held = codec.open_signed(permit, CrewPermit, KeyRing([HOUSE.public])).digest
    assert reported(device, device.report(JOB, VISIT, NOW)).permit == held
    assert reported(device, device.report(OTHER, VISIT, NOW)).permit is None


def test_a_denial_lets_nobody_begin(device: Device) -> None:
    assert not device.hear(answer(device, device.ask(JOB, OPEN, "1", NOW), granted=False)).granted
    assert not device.may_begin(JOB, NOW)


def test_an_answer_to_an_earlier_question_is_none(device: Device) -> None:
    first = answer(device, device.ask(JOB, OPEN, "1", NOW))
    device.ask(JOB, OPEN, "1", NOW)
    with pytest.raises(NotOursError):
        device.hear(first)


def test_an_answer_with_another_nonce_or_by_another_key_is_none(device: Device) -> None:
    raw = device.ask(JOB, OPEN, "1", NOW)
    with pytest.raises(NotOursError):
        device.hear(answer(device, raw, nonce="f" * 32))
    with pytest.raises(UntrustedError):
        device.hear(answer(device, raw, SigningKey(b"x" * 32)))
    assert not device.may_begin(JOB, NOW)


def test_accounts_are_one_chain_that_goes_on_only_when_the_house_has_taken_one(device: Device) -> None:
    refused = device.report(JOB, VISIT, NOW)
    first = device.abort(JOB, "dog", OPEN, NOW)
    device.taken(first)
    second = device.report(OTHER, VISIT, NOW)
    chains = [
        reported(device, refused).chain,
        codec.open_signed(first.raw, CrewAbort, KeyRing([device.key.public])).message.chain,
        reported(device, second).chain,
    ]
    assert [(chain.number, chain.previous) for chain in chains] == [(1, GENESIS), (1, GENESIS), (2, first.digest)]
    assert len({chain.journal for chain in chains}) == 1


def test_a_permit_ends_with_the_account_that_was_taken(device: Device) -> None:
    device.hear(answer(device, device.ask(JOB, OPEN, "1", NOW)))
    account = device.report(JOB, VISIT, NOW)
    assert device.may_begin(JOB, NOW)
    device.taken(account)
    assert not device.may_begin(JOB, NOW)
