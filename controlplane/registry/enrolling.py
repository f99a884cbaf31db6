"""Keys of gateways: each makes its own, and nothing it says counts before an operator has compared the fingerprint.

A key that is approved in the place of another is a rebinding of all the gateway's meters: whoever holds the old key may
still act on what it was told, so it waits until all has settled there, and raises their epochs (CONTROL P6, I3).
"""

import hmac

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from controlplane import news, outbox
from controlplane.db import lock_point
from controlplane.ids import new_id
from controlplane.problems import ConflictError, NotFoundError, UnprocessableError
from controlplane.registry.models import (
    NO_JOURNAL,
    NO_KEY,
    KeyState,
    disbelieved,
    gateway_keys,
    gateways,
    meters,
    meters_told,
)
from controlplane.registry.service import IsSettled, raise_epoch
from protocols.errors import MalformedError
from protocols.ports import Clock, Entropy
from protocols.uplink.keys import public_from_hex, short_fingerprint

MOST_WAITING = 8
BELIEVED = (KeyState.APPROVED, KeyState.REPLACED)


def enrol(
    db: Connection, clock: Clock, entropy: Entropy, gateway: str, public_key: str, house_key: bytes, by: str
) -> str:
    """A gateway's key was sent; it is believed in nothing yet. The key's id."""
    try:
        public = public_from_hex(public_key)
    except MalformedError:
        detail = "public_key is no Ed25519 key; `curbstop keys show FILE` prints it at the gateway"
        raise UnprocessableError(detail, code="bad_key") from None
    _row(db, gateway)
    ever = gateway_keys.c.state.in_((KeyState.WAITING, *BELIEVED)) & (gateway_keys.c.public_key == public_key)
    if public == house_key or db.execute(select(gateway_keys.c.id).where(ever)).first() is not None:
        detail = "this key waits already, or is or was somebody's: each gateway makes its own, and never an old one"
        raise ConflictError(detail, code="key_taken")
    waits = (gateway_keys.c.gateway == gateway) & (gateway_keys.c.state == KeyState.WAITING)
    if db.execute(select(func.count()).select_from(gateway_keys).where(waits)).scalar_one() >= MOST_WAITING:
        raise ConflictError("too many keys wait for this gateway; reject those that are none of it", code="keys_wait")
    identity = new_id("key", clock, entropy)
    row = {"id": identity, "gateway": gateway, "public_key": public_key, "state": KeyState.WAITING}
    db.execute(insert(gateway_keys).values(**row, sent_at=clock.now(), sent_by=by))
    told = {"code": "gateway_key_sent", "to": "operator", "key": identity, "fingerprint": short_fingerprint(public)}
    news.tell(db, clock.now(), "approval", gateway, {**told, "by": by}, None)
    return identity


def approve(
    db: Connection, clock: Clock, gateway: str, key: str, compared: str, by: str, is_settled: IsSettled
) -> None:
    """Believe a key from now on, and no other of this gateway; `compared` is the fingerprint that it shows itself."""
    before, sent = _row(db, gateway), _waiting(db, gateway, key)
    short = short_fingerprint(bytes.fromhex(sent.public_key))
    if not hmac.compare_digest(short, compared):
        detail = "this is not the fingerprint of the key that was sent: do not approve it, ask whose gateway it is"
        raise ConflictError(detail, code="wrong_fingerprint")
    if before.public_key != NO_KEY:
        _replace(db, gateway, is_settled)
    db.execute(update(gateways).where(gateways.c.id == gateway).values(public_key=sent.public_key))
    _decide(db, clock, key, KeyState.APPROVED, by)
    db.execute(delete(disbelieved).where(disbelieved.c.gateway == gateway))
    news.tell(db, clock.now(), "gateway_key", gateway, {"key": key, "fingerprint": short, "approved_by": by}, None)


def reject(db: Connection, clock: Clock, gateway: str, key: str, reason: str, by: str) -> None:
    """Never believe a key that was sent, unless it is sent again."""
    _waiting(db, gateway, key)
    _decide(db, clock, key, KeyState.REJECTED, by, reason)
    news.tell(db, clock.now(), "gateway_key", gateway, {"key": key, "rejected_by": by, "reason": reason}, None)


def _replace(db: Connection, gateway: str, is_settled: IsSettled) -> None:
    """What was sent to the old key's holder must not act any more, and what that one has told counts no more."""
    bound = select(meters.c.name, meters.c.point).where(meters.c.gateway == gateway).order_by(meters.c.point)
    for meter in db.execute(bound).all():
        fence = lock_point(db, meter.point)
        if not is_settled(db, meter.point):
            detail = f"something may still act at {meter.point}, which the old key's gateway reads; try again when it "
            detail += "has settled. A gateway that is lost or lies is revoked instead, and its meters go to another"
            raise ConflictError(detail, code="unsettled")
        raise_epoch(db, meter.name, meter.point, fence.epoch)
    outbox.silence(db, gateway)
    db.execute(delete(meters_told).where(meters_told.c.gateway == gateway))
    unknown = {"journal": NO_JOURNAL, "boot": None}
    db.execute(update(gateways).where(gateways.c.id == gateway).values(**unknown))
    old = (gateway_keys.c.gateway == gateway) & (gateway_keys.c.state == KeyState.APPROVED)
    db.execute(update(gateway_keys).where(old).values(state=KeyState.REPLACED))


def _decide(db: Connection, clock: Clock, key: str, state: KeyState, by: str, reason: str | None = None) -> None:
    decided = {"state": state, "decided_at": clock.now(), "decided_by": by, "reason": reason}
    db.execute(update(gateway_keys).where(gateway_keys.c.id == key).values(**decided))


def _row(db: Connection, gateway: str) -> Row[tuple[object, ...]]:
    row = db.execute(select(gateways).where(gateways.c.id == gateway).with_for_update()).one_or_none()
    if row is None:
        raise NotFoundError("there is no such gateway")
    if row.revoked_at is not None:
        detail = "this gateway was revoked: enter another one, and bind its meters to that"
        raise ConflictError(detail, code="gateway_revoked")
    return row


def _waiting(db: Connection, gateway: str, key: str) -> Row[tuple[object, ...]]:
    mine = (gateway_keys.c.id == key) & (gateway_keys.c.gateway == gateway)
    row = db.execute(select(gateway_keys).where(mine)).one_or_none()
    if row is None:
        raise NotFoundError("there is no such key of this gateway")
    if row.state != KeyState.WAITING:
        raise ConflictError(f"this key is {row.state} already", code="not_waiting")
    return row
