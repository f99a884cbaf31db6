"""Whose keys have signed for an order, and how each came to be believed here: claims, for whoever checks to compare."""

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, select

from controlplane.field.enrolment.models import devices
from controlplane.orders.models import house_keys
from controlplane.registry.enrolling import BELIEVED
from controlplane.registry.models import gateway_keys, gateways
from protocols.proof.contents import Claim
from protocols.proof.known import Role

HOUSE = "house"
OWN = "made by the house itself; compare it with what the house has published"
FORMER = "made by the house itself, and replaced since; compare it with what the house has published then"
COMPARED = "made by the {what} itself; its fingerprint was compared and approved by {who}"
REGISTERED = "registered with the gateway"


def house(public: bytes) -> Claim:
    """The key of commands, permits and two persons' words."""
    return Claim(role=Role.HOUSE, name=HOUSE, public=public.hex(), how=OWN, since=None)


def former_houses(db: Connection, keyids: Iterable[str]) -> Iterator[Claim]:
    """The keys with these fingerprints by which the house has signed before."""
    kept = select(house_keys).where(house_keys.c.keyid.in_(list(keyids))).order_by(house_keys.c.since)
    for row in db.execute(kept):
        yield Claim(role=Role.HOUSE, name=HOUSE, public=row.public_key, how=FORMER, since=row.since)


def log(origin: str, public: bytes) -> Claim:
    """The key of checkpoints and dossiers."""
    return Claim(role=Role.LOG, name=origin, public=public.hex(), how=OWN, since=None)


def of_gateways(db: Connection, names: Iterable[str]) -> Iterator[Claim]:
    """All keys that were ever believed of these gateways, oldest first; the one that counts now at the end."""
    for name in sorted(names):
        kept = select(gateway_keys).where(gateway_keys.c.gateway == name, gateway_keys.c.state.in_(BELIEVED))
        told = set()
        for row in db.execute(kept.order_by(gateway_keys.c.decided_at, gateway_keys.c.id)):
            told.add(row.public_key)
            how = COMPARED.format(what="gateway", who=row.decided_by)
            yield Claim(role=Role.GATEWAY, name=name, public=row.public_key, how=how, since=row.decided_at)
        for row in db.execute(select(gateways).where(gateways.c.id == name)):
            if row.public_key and row.public_key not in told:
                since = row.created_at
                yield Claim(role=Role.GATEWAY, name=name, public=row.public_key, how=REGISTERED, since=since)


def of_devices(db: Connection, names: Iterable[str]) -> Iterator[Claim]:
    """The keys of these devices of crews."""
    for name in sorted(names):
        for row in db.execute(select(devices).where(devices.c.id == name)):
            how = COMPARED.format(what="device", who=row.approved_by)
            yield Claim(role=Role.DEVICE, name=name, public=row.public_key, how=how, since=row.approved_at)
