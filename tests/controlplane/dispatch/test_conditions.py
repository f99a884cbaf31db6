"""I7: what ails a gateway is kept as it says it, and an operator hears whatever has become worse, once."""

import msgspec
import pytest
from sqlalchemy import select, update

from controlplane import outbox
from controlplane.dispatch.doors import Doors
from controlplane.registry.models import gateways
from protocols.uplink import codec, topics
from protocols.uplink.keys import SigningKey
from protocols.uplink.messages import Condition
from tests.controlplane.desk import JOURNAL, KEY, NOON, Desk, G

SOUND = Condition(gateway=G, journal=JOURNAL, boot=1, number=1, storage="works", safe_mode="", readings_lost=0, at=NOON)
SAFE = "set aside as journal.sqlite.aside-20260302T070000Z: rows are missing"


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.birth(None)
    with desk.engine.begin() as db:
        db.execute(update(gateways).where(gateways.c.id == G).values(public_key=KEY.public.hex()))
    return desk


def say(desk: Desk, told: Condition, key: SigningKey = KEY) -> str:
    raw, digest = codec.seal(told, key)
    with desk.engine.begin() as db:
        Doors(desk.context, lambda _db, _batch: None).take(db, topics.parse(topics.up(G, told.kind)), raw)
    return digest


def kept(desk: Desk) -> dict[str, object]:
    with desk.engine.begin() as db:
        return dict(db.execute(select(gateways.c.condition).where(gateways.c.id == G)).scalar_one() or {})


def worse(number: int, **changes: object) -> Condition:
    return msgspec.structs.replace(SOUND, number=number, **changes)


def test_I7_each_thing_that_has_become_worse_is_an_alarm_once(desk: Desk) -> None:
    say(desk, SOUND)
    assert desk.alarms() == []
    told = [
        worse(2, safe_mode=SAFE),
        worse(3, safe_mode=SAFE, storage="refuses"),
        worse(4, safe_mode=SAFE, storage="refuses", readings_lost=5),
        worse(5, safe_mode=SAFE, storage="refuses", readings_lost=5),
        worse(6, readings_lost=9),
        worse(7, storage="failed", readings_lost=9),
    ]
    for each in told:
        say(desk, each)
        say(desk, each)
    assert desk.alarms() == [
        "gateway_safe_mode",
        "gateway_storage",
        "readings_lost",
        "readings_lost",
        "gateway_storage",
    ]
    assert kept(desk)["storage"] == "failed"


def test_it_is_acknowledged_even_where_it_is_old(desk: Desk) -> None:
    digests = [say(desk, worse(2, storage="failed")), say(desk, SOUND)]
    assert kept(desk)["storage"] == "failed"
    with desk.engine.begin() as db:
        sent = b"".join(parcel.payload for parcel in outbox.waiting(db, desk.clock.now()).parcels)
    assert all(digest.encode() in sent for digest in digests)


def test_what_is_of_another_journal_or_signed_by_another_changes_nothing(desk: Desk) -> None:
    say(desk, msgspec.structs.replace(SOUND, journal="f" * 32, storage="failed"))
    say(desk, worse(3, storage="failed"), SigningKey(b"n" * 32))
    assert kept(desk) == {}


def test_losses_are_counted_anew_in_a_new_journal(desk: Desk) -> None:
    say(desk, worse(2, readings_lost=50))
    desk.birth(None, journal="b" * 32)
    say(desk, msgspec.structs.replace(SOUND, journal="b" * 32, readings_lost=3))
    assert desk.alarms().count("readings_lost") == 2
    assert kept(desk)["readings_lost"] == 3
