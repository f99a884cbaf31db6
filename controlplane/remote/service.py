"""Asking a gateway to hold to settings, and hearing what became of that. Its own file has the last word."""

from datetime import datetime

import msgspec
from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update

from controlplane import news, outbox
from controlplane.problems import ConflictError, NotFoundError
from controlplane.registry.models import NO_KEY, gateways
from controlplane.remote.models import ASKED, gateway_settings, gateway_standings
from controlplane.remote.schemas import ConfigurationOut, SettingsOut, StandingOut
from protocols.types import GatewayId
from protocols.uplink.messages import Configuration, Standing
from protocols.uplink.remote import Settings

NEWEST = (
    select(gateway_settings)
    .where(gateway_settings.c.gateway == bindparam("gateway"))
    .order_by(gateway_settings.c.number.desc())
    .limit(1)
)
STANDING = select(gateway_standings).where(gateway_standings.c.gateway == bindparam("gateway"))


def ask(db: Connection, now: datetime, gateway: str, settings: Settings, term_s: float, reason: str, actor: str) -> int:
    """Have a gateway told until it holds it; the number, above all it ever judged. An older wish is sent no more."""
    _believed(db, gateway)
    newest, standing = _newest(db, gateway), _standing(db, gateway)
    number = max(newest.number if newest else 0, standing.number if standing else 0) + 1
    if newest is not None:
        outbox.cancel(db, newest.digest)
    message = Configuration(gateway=GatewayId(gateway), number=number, settings=settings, term_s=term_s, at=now)
    wished = {"settings": msgspec.to_builtins(settings), "term_s": term_s, "digest": outbox.put(db, message, now)}
    told = {"state": ASKED, "why": "", "reason": reason, "asked_by": actor, "asked_at": now}
    db.execute(insert(gateway_settings).values(gateway=gateway, number=number, **wished, **told))
    said = {"configuration": number, "state": ASKED, "actor": actor, "reason": reason}
    news.tell(db, now, "gateway", gateway, said, None)
    return number


def _believed(db: Connection, gateway: str) -> None:
    row = db.execute(select(gateways).where(gateways.c.id == gateway)).one_or_none()
    if row is None:
        raise NotFoundError("there is no such gateway")
    if row.revoked_at is not None:
        raise ConflictError("this gateway is revoked: nothing is sent to it", code="gateway_revoked")
    if row.public_key == NO_KEY:
        raise ConflictError("no key of this gateway was approved yet", code="gateway_not_approved")


def _newest(db: Connection, gateway: str) -> Row[tuple[object, ...]] | None:
    return db.execute(NEWEST, {"gateway": gateway}).one_or_none()


def _standing(db: Connection, gateway: str) -> Row[tuple[object, ...]] | None:
    return db.execute(STANDING, {"gateway": gateway}).one_or_none()


def take_standing(db: Connection, now: datetime, standing: Standing) -> None:
    """Keep a believed word of a gateway about itself; an older one of the same journal changes nothing."""
    before = _standing(db, standing.gateway)
    same = before is not None and before.journal == standing.journal
    if before is not None and same and (standing.boot, standing.boot_s) < (before.boot, before.boot_s):
        return
    _keep(db, now, standing)
    _judged(db, now, standing)
    _again(db, now, standing)
    was = before.frozen if before is not None else None
    if was != standing.frozen:
        said = {"frozen_on_the_spot": standing.frozen is not None, "reason": standing.frozen or ""}
        news.tell(db, now, "gateway", standing.gateway, said, None)


def _keep(db: Connection, now: datetime, standing: Standing) -> None:
    told = msgspec.structs.asdict(standing)
    columns = {name: told[name] for name in ("gateway", "journal", "boot", "boot_s", "number", "verdict", "why")}
    db.execute(delete(gateway_standings).where(gateway_standings.c.gateway == standing.gateway))
    rest = {"in_force": standing.in_force, "frozen": standing.frozen, "told_at": now}
    db.execute(insert(gateway_standings).values(**columns, **rest))


def _judged(db: Connection, now: datetime, standing: Standing) -> None:
    """Note the verdict, and tell of it when it is another one."""
    this = (gateway_settings.c.gateway == standing.gateway) & (gateway_settings.c.number == standing.number)
    row = db.execute(select(gateway_settings.c.state).where(this)).one_or_none()
    if row is None or row.state == standing.verdict:
        return
    db.execute(update(gateway_settings).where(this).values(state=standing.verdict, why=standing.why, told_at=now))
    said: dict[str, object] = {"configuration": standing.number, "state": standing.verdict, "why": standing.why}
    news.tell(db, now, "gateway", standing.gateway, said, None)


def _again(db: Connection, now: datetime, standing: Standing) -> None:
    """A gateway that has judged less than was asked has a journal that begins anew: what it held is sent again."""
    newest = _newest(db, standing.gateway)
    if newest is None or standing.number >= newest.number:
        return
    message = Configuration(
        gateway=standing.gateway,
        number=newest.number,
        settings=msgspec.convert(newest.settings, Settings),
        term_s=newest.term_s,
        at=newest.asked_at,
    )
    outbox.cancel(db, newest.digest)
    digest = outbox.put(db, message, now)
    this = (gateway_settings.c.gateway == standing.gateway) & (gateway_settings.c.number == newest.number)
    db.execute(update(gateway_settings).where(this).values(digest=digest))


def configuration(db: Connection, gateway: str) -> ConfigurationOut:
    """What is desired and what is reported; NotFoundError where there is no such gateway."""
    if db.execute(select(func.count()).where(gateways.c.id == gateway)).scalar_one() == 0:
        raise NotFoundError("there is no such gateway")
    newest, standing = _newest(db, gateway), _standing(db, gateway)
    return ConfigurationOut(
        gateway=gateway,
        desired=SettingsOut.model_validate(dict(newest._mapping)) if newest else None,  # noqa: SLF001 - public name
        reported=StandingOut.model_validate(dict(standing._mapping)) if standing else None,  # noqa: SLF001 - public name
    )
