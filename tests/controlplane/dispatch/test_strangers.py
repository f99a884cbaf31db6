"""Nothing that nobody vouches for is believed, whatever its kind: it is counted, told, and changes nothing else."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import select, update

from controlplane import news
from controlplane.dispatch.doors import Doors
from controlplane.dispatch.strangers import MOST_NAMES
from controlplane.registry.models import NO_JOURNAL, NO_KEY, disbelieved, gateways
from controlplane.telemetry.models import readings
from controlplane.telemetry.service import take_readings
from protocols.types import GatewayId, ValvePosition
from protocols.uplink import codec, topics
from protocols.uplink.keys import SigningKey
from protocols.uplink.messages import (
    Ack,
    Birth,
    Body,
    LookAnswer,
    Number,
    PermitRequest,
    Reading,
    Readings,
    Receipt,
)
from tests.controlplane.desk import JOURNAL, KEY, METER, NOON, WHO, Desk, G
from tests.controlplane.dialects import both

SWAPPED = SigningKey(b"n" * 32)
"""The key of the machine that somebody has put into the cellar, and nobody has approved."""


def birth(desk: Desk) -> Birth:
    now = desk.clock.now()
    return Birth(gateway=G, journal="b" * 32, boot=1, nonce="c" * 32, at=now, software="x", freeze=0, meters=())


def permit_request(desk: Desk) -> PermitRequest:
    row = desk.command(desk.enter().command or "")
    number = Number(row.epoch, row.sequence)
    told: dict[str, Any] = {"gateway": G, "meter": METER, "command": row.digest, "number": number, "asks": "permit"}
    return PermitRequest(**told, nonce="b" * 32, found=ValvePosition.OPEN, at=desk.clock.now())


def receipt(desk: Desk) -> Receipt:
    return desk.account(desk.permitted().command)


def look_answer(desk: Desk) -> LookAnswer:
    account = receipt(desk)
    told: dict[str, Any] = {"gateway": G, "meter": METER, "look": "0" * 64, "number": account.number, "why": None}
    seen = desk.seen(ValvePosition.CLOSED)
    rest: dict[str, Any] = {"identity_read": WHO, "seen": seen, "index": (), "settled": (), "software": "x"}
    end: dict[str, Any] = {"at": desk.clock.now(), "spec_digest": "0" * 64, "chain": desk.link(), "detail": ""}
    return LookAnswer(**told, outcome=account.outcome, **rest, **end)


def ack(desk: Desk) -> Ack:
    order = desk.enter()
    return Ack(gateway=G, at=desk.clock.now(), digests=(order.command or "",))


def batch(desk: Desk, journal: str = JOURNAL) -> Readings:
    reading = Reading(meter=METER, at=desk.clock.now(), quantity="volume", value="1.0", unit="m3")
    return Readings(gateway=G, journal=journal, boot=1, first=1, readings=(reading,))


SIGNED: list[Callable[[Desk], Body]] = [birth, permit_request, receipt, look_answer, ack]
ALL: list[Callable[[Desk], Body]] = [*SIGNED, batch]


@pytest.fixture
def desk(database: str) -> Iterator[Desk]:
    """A desk over this database."""
    made = Desk(database)
    yield made
    made.engine.dispose()


def given_key(desk: Desk, public_key: str, **other: object) -> None:
    with desk.engine.begin() as db:
        db.execute(update(gateways).where(gateways.c.id == G).values(public_key=public_key, **other))


def say(desk: Desk, message: Body, key: SigningKey, gateway: GatewayId = G) -> None:
    plain = isinstance(message, Readings)
    raw = codec.encode_plain(message) if plain else codec.seal(message, key)[0]
    with desk.engine.begin() as db:
        Doors(desk.context, take_readings).take(db, topics.parse(topics.up(gateway, message.kind)), raw)


def world(desk: Desk) -> list[object]:
    """All that a message could change but what is counted and told of strangers."""
    tables = [t for t in gateways.metadata.sorted_tables if t not in (disbelieved, news.news)]
    with desk.engine.connect() as db:
        return [list(map(tuple, db.execute(select(t)))) for t in tables]


def refused(desk: Desk) -> list[tuple[str, str, int]]:
    with desk.engine.connect() as db:
        return [(row.gateway, row.why, row.refused) for row in db.execute(select(disbelieved))]


def told(desk: Desk) -> list[tuple[str, str]]:
    with desk.engine.connect() as db:
        rows = db.execute(select(news.news).where(news.news.c.type == "alarm"))
        return [(row.subject, row.data["why"]) for row in rows if row.data["code"] == "unknown_gateway"]


@pytest.mark.parametrize("made", ALL)
def test_I10_nothing_of_a_gateway_without_an_approved_key_is_believed(made: Callable[[Desk], Body]) -> None:
    desk = Desk()
    message = made(desk)
    given_key(desk, NO_KEY)
    before = world(desk)
    for _ in range(3):
        say(desk, message, KEY)
    assert world(desk) == before
    assert refused(desk) == [(G, "not_approved", 3)]
    assert told(desk) == [(G, "not_approved")], "one alarm, however often it comes"


@pytest.mark.parametrize("made", SIGNED)
def test_I10_a_machine_that_was_swapped_in_is_not_believed_before_its_own_key_was_approved(
    made: Callable[[Desk], Body],
) -> None:
    desk = Desk()
    message = made(desk)
    given_key(desk, KEY.public.hex())
    before = world(desk)
    say(desk, message, SWAPPED)
    assert world(desk) == before
    assert (refused(desk), told(desk)) == ([(G, "wrong_key", 1)], [(G, "wrong_key")])
    given_key(desk, SWAPPED.public.hex())
    say(desk, message, SWAPPED)
    assert world(desk) != before, "the approved key is believed"
    after = world(desk)
    say(desk, message, KEY)
    assert world(desk) == after, "the old one no more"


@pytest.mark.parametrize("made", ALL)
def test_I10_nothing_of_a_revoked_gateway_is_believed(made: Callable[[Desk], Body]) -> None:
    desk = Desk()
    message = made(desk)
    given_key(desk, KEY.public.hex(), revoked_at=NOON)
    before = world(desk)
    say(desk, message, KEY)
    assert world(desk) == before
    assert told(desk) == [(G, "revoked")]


@pytest.mark.parametrize("journal", ["c" * 32, NO_JOURNAL])
def test_I10_readings_are_those_of_the_journal_whose_birth_was_believed(journal: str) -> None:
    """Nobody signs them, and a machine that was swapped in speaks under the old one's name."""
    desk = Desk()
    given_key(desk, KEY.public.hex(), journal=journal)
    say(desk, batch(desk), SWAPPED)
    with desk.engine.connect() as db:
        assert list(db.execute(select(readings))) == []
    assert (refused(desk), told(desk)) == ([(G, "unknown_journal", 1)], [(G, "unknown_journal")])
    given_key(desk, KEY.public.hex(), journal=JOURNAL)
    say(desk, batch(desk), KEY)
    with desk.engine.connect() as db:
        assert len(list(db.execute(select(readings)))) == 1


@both
def test_a_stranger_that_goes_on_is_told_of_once_a_day(desk: Desk) -> None:
    given_key(desk, NO_KEY)
    for _ in range(50):
        say(desk, batch(desk), KEY)
        desk.clock.at += NOON - NOON.replace(hour=NOON.hour - 1)
    assert len(told(desk)) == 3
    assert refused(desk) == [(G, "not_approved", 50)]


def test_names_that_anybody_can_make_up_fill_no_disk() -> None:
    desk = Desk()
    for n in range(MOST_NAMES + 20):
        say(desk, batch(desk), KEY, GatewayId(f"made-up-{n}"))
    assert len(refused(desk)) == MOST_NAMES + 1
    assert ("", "not_registered", 20) in refused(desk)
    assert len(told(desk)) == MOST_NAMES + 1


def test_a_message_that_is_broken_accuses_no_gateway() -> None:
    desk = Desk()
    given_key(desk, KEY.public.hex())
    with desk.engine.begin() as db:
        Doors(desk.context, take_readings).take(db, topics.parse(topics.up(G, Receipt.kind)), b"{")
    assert refused(desk) == []
