"""Enrolment: a code for one device of a crew, the device's own key, and an operator who compares its fingerprint."""

import hmac
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from controlplane import news
from controlplane.field.enrolment.models import crews, devices, enrolment_codes
from controlplane.ids import new_id
from controlplane.orders.context import Context
from controlplane.orders.models import hands
from controlplane.problems import ConflictError, NotFoundError, UnprocessableError
from controlplane.registry.models import clients
from protocols.errors import MalformedError
from protocols.uplink.crew import DeviceId
from protocols.uplink.keys import public_from_hex, short_fingerprint

CODE_BYTES = 16
CODE_VALID = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Device:
    """An approved device, the crew it belongs to, and the clients that the crew works for (None: all).

    `token` is the id of the one under which it sends.
    """

    id: DeviceId
    crew: str
    public_key: bytes
    clients: tuple[str, ...] | None
    token: str

    def works_for(self, client: str) -> bool:
        """Whether the crew may see what belongs to this client (CONTROL I10)."""
        return self.clients is None or client in self.clients


def make_crew(db: Connection, context: Context, name: str, confined_to: tuple[str, ...] | None, by: str) -> str:
    """Enter a crew; its id."""
    for client in confined_to or ():
        if db.execute(select(clients.c.id).where(clients.c.id == client)).one_or_none() is None:
            raise UnprocessableError(f"there is no client {client}", code="unknown_client")
    identity = new_id("crw", context.clock, context.entropy)
    row = {"id": identity, "name": name, "created_at": context.now, "created_by": by}
    db.execute(insert(crews).values(**row, clients=sorted(set(confined_to)) if confined_to is not None else None))
    return identity


def make_code(db: Connection, context: Context, crew: str, by: str) -> str:
    """A code that enrols one device of a crew, once, within the hour."""
    if db.execute(select(crews.c.id).where(crews.c.id == crew)).one_or_none() is None:
        raise NotFoundError("there is no such crew")
    code = context.entropy.token(CODE_BYTES).hex()
    row = {"hash": _hash(code), "crew": crew, "made_by": by, "expires_at": context.now + CODE_VALID}
    db.execute(insert(enrolment_codes).values(**row))
    return code


def enrol(db: Connection, context: Context, code: str, name: str, public_key: str, token: str) -> str:
    """A device tells its key; it is believed in nothing yet. Its id."""
    try:
        public_from_hex(public_key)
    except MalformedError:
        raise UnprocessableError("public_key is no Ed25519 key: 64 hex digits are expected", code="bad_key") from None
    crew = _use(db, context, code)
    taken = devices.c.public_key == public_key
    live = (devices.c.token == token) & devices.c.revoked_at.is_(None)
    if db.execute(select(devices.c.id).where(taken | live)).first() is not None:
        detail = "this key or token has a device already; a new device makes a new key, and gets a token of its own"
        raise ConflictError(detail, code="device_enrolled")
    identity = new_id("dev", context.clock, context.entropy)
    row = {"id": identity, "crew": crew, "name": name, "public_key": public_key, "token": token}
    db.execute(insert(devices).values(**row, enrolled_at=context.now))
    told = {"to": "operator", "crew": crew, "name": name, "fingerprint": short_fingerprint(bytes.fromhex(public_key))}
    news.tell(db, context.now, "approval", identity, {"code": "device_enrolled", **told}, None)
    return identity


def _use(db: Connection, context: Context, code: str) -> str:
    row = db.execute(select(enrolment_codes).where(enrolment_codes.c.hash == _hash(code))).one_or_none()
    if row is None or row.used_at is not None or row.expires_at <= context.now:
        raise UnprocessableError("this code is not known, was used, or has expired; ask for a new one", code="bad_code")
    used = update(enrolment_codes).where(enrolment_codes.c.hash == row.hash).values(used_at=context.now)
    db.execute(used)
    return str(row.crew)


def approve(db: Connection, context: Context, device: str, compared: str, by: str) -> None:
    """Believe a device from now on; `compared` is the fingerprint that it shows itself."""
    row = _row(db, device)
    if row.revoked_at is not None:
        raise ConflictError("this device was revoked; enrol it anew, with a new key", code="device_revoked")
    if not hmac.compare_digest(short_fingerprint(bytes.fromhex(row.public_key)), compared):
        detail = "this is not the fingerprint of the key that was sent: do not approve it, ask whose device it is"
        raise ConflictError(detail, code="wrong_fingerprint")
    if row.approved_at is None:
        approved = {"approved_at": context.now, "approved_by": by}
        db.execute(update(devices).where(devices.c.id == device).values(**approved))
        news.tell(db, context.now, "device", device, {"approved": True, "actor": by}, None)


def revoke(db: Connection, context: Context, device: str, reason: str, by: str) -> None:
    """Believe a device no more. A permit it holds stays until two persons end it: its hand may still act."""
    row = _row(db, device)
    if row.revoked_at is not None:
        raise ConflictError("this device was revoked before", code="device_revoked")
    revoked = {"revoked_at": context.now, "revoked_by": by, "revoke_reason": reason}
    db.execute(update(devices).where(devices.c.id == device).values(**revoked))
    news.tell(db, context.now, "device", device, {"revoked": True, "reason": reason, "actor": by}, None)
    out = select(hands.c.order).where(hands.c.device == device, hands.c.settled_sequence.is_(None))
    for hand in db.execute(out).all():
        told = {"code": "revoked_with_permit", "to": "operator", "order": hand.order}
        news.tell(db, context.now, "alarm", device, told, None)


def _row(db: Connection, device: str) -> Row[Any]:
    row = db.execute(select(devices).where(devices.c.id == device)).one_or_none()
    if row is None:
        raise NotFoundError("there is no such device")
    return row


ITS_DEVICE = (
    select(devices.c.id, devices.c.crew, devices.c.public_key, crews.c.clients)
    .join(crews, crews.c.id == devices.c.crew)
    .where(devices.c.token == bindparam("token"))
    .where(devices.c.approved_at.is_not(None), devices.c.revoked_at.is_(None))
)


def device_of(db: Connection, token: str) -> Device:
    """The approved device of a token's holder; ConflictError (`no_device`) where there is none."""
    row = db.execute(ITS_DEVICE, {"token": token}).one_or_none()
    if row is None:
        detail = "no approved device is enrolled under this token; enrol one, and have an operator approve it"
        raise ConflictError(detail, code="no_device")
    confined = tuple(row.clients) if row.clients is not None else None
    return Device(DeviceId(row.id), row.crew, bytes.fromhex(row.public_key), confined, token)


def _hash(code: str) -> str:
    """128 bits of chance need no stretching."""
    return sha256(code.encode()).hexdigest()
