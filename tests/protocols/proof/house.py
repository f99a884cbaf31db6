"""A house that keeps a log as a control plane does, in memory, and hands out dossiers; for tests of proof."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from typing import Any

from msgspec.structs import replace

from protocols.ports import Signer
from protocols.proof import archive, checkpoint, dossier, entry, heads, tree
from protocols.proof.contents import MANIFEST, Claim, encode
from protocols.proof.dossier import Logged, Material
from protocols.proof.entry import Because, Entry, Rule, Step
from protocols.proof.heads import Head, Node
from protocols.proof.known import Key, Keys, Role
from protocols.proof.log import Stand
from protocols.types import GatewayId, Identity, MeterId, Outcome, ValvePosition, Verb
from protocols.uplink import codec, envelope
from protocols.uplink import crew as c
from protocols.uplink import messages as m
from protocols.uplink.keys import SigningKey
from protocols.uplink.parts import GENESIS, Message
from tests.protocols.proof.memory import MemoryLog

ORIGIN = "log.example/curbstop"
LOG_KEY, HOUSE_KEY, GATEWAY_KEY, DEVICE_KEY = (SigningKey(bytes([n]) * 32) for n in range(1, 5))
BEGAN = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
G, METER = GatewayId("gw-1"), MeterId("water-a")
WHO = Identity("12345678", "CBS", 1, 7, "12345678")
JOURNAL = "00112233445566778899aabbccddeeff"
SPEC = "ab" * 32
KNOWN = (
    Key(Role.LOG, ORIGIN, LOG_KEY.public),
    Key(Role.HOUSE, "house", HOUSE_KEY.public),
    Key(Role.GATEWAY, str(G), GATEWAY_KEY.public),
    Key(Role.DEVICE, "dev_1", DEVICE_KEY.public),
)
KEYS = Keys(KNOWN)
CLAIMS = tuple(Claim(role=k.role, name=k.name, public=k.public.hex(), how="at set-up", since=BEGAN) for k in KNOWN)
PAID = Because(
    code="stopped_payment",
    en="The customer has paid.",
    it="Il cliente ha pagato: è già a posto.",
    rule=Rule(pack="italy-water", id="payment", citation="Delibera 311/2019, art. 5"),
)


@dataclass
class House:
    """One log, its heads, and everything that was ever signed into it."""

    log: MemoryLog = field(default_factory=MemoryLog)
    heads: dict[str, Node] = field(default_factory=dict)
    told: dict[str, list[Logged]] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    documents: dict[str, list[bytes]] = field(default_factory=dict)
    notes: list[bytes] = field(default_factory=list)
    minutes: int = 0

    @property
    def now(self) -> datetime:
        return BEGAN + timedelta(minutes=self.minutes)

    def tell(
        self,
        order: str,
        event: str | None,
        after: str = "",
        *documents: tuple[Message, Signer],
        act: str = "suspend",
        grade: str | None = None,
        because: Because | None = None,
        facts: dict[str, str] | None = None,
    ) -> None:
        """One entry: a step to `after`, or documents alone."""
        self.minutes += 1
        before = self.states.get(order, "entered")
        mine = self.told.setdefault(order, [])
        sealed = [(message.kind, codec.seal(message, key)[0]) for message, key in documents]
        step = Step(event=event or "", before=before, after=after, grade=grade, because=because, version=len(mine) + 1)
        leaf = entry.encode(
            Entry(
                order=order,
                act=act,
                point="sp_1",
                client="cl_1",
                sequence=len(mine) + 1,
                previous=tree.leaf_hash(mine[-1].leaf).hex() if mine else GENESIS,
                at=self.now,
                actor="house",
                step=step if event else None,
                documents=tuple(entry.document(kind, raw) for kind, raw in sealed),
                facts=facts or {},
            )
        )
        self.states[order] = after or before
        self.documents.setdefault(order, []).extend(raw for _, raw in sealed)
        mine.append(Logged(leaf, self.log.append(leaf), ()))
        self.heads |= heads.put(self.heads.get, Head(order, len(mine), tree.leaf_hash(leaf)))

    def stand(self) -> Stand:
        return Stand(ORIGIN, len(self.log.entries), self.log.root(), heads.root(self.heads.get), self.now)

    def sign(self, key: SigningKey = LOG_KEY) -> bytes:
        """A checkpoint of the log as it stands, kept."""
        note = checkpoint.sign(self.stand().checkpoint(), (ORIGIN, key, key.public))
        self.notes.append(note)
        return note

    def material(self, order: str, **changed: Any) -> Material:
        """What a dossier of the order is made of, under the newest checkpoint; parts may be changed."""
        sizes = [checkpoint.read(note).checkpoint.size for note in self.notes]
        entries = [
            Logged(e.leaf, e.index, tree.inclusion(self.log.read, e.index, sizes[-1]))
            for e in self.told[order]
            if e.index < sizes[-1]
        ]
        growth = [tree.consistency(self.log.read, a, b) for a, b in pairwise(sizes)]
        parts: dict[str, Any] = {
            "entries": entries,
            "head": heads.prove(self.heads.get, order),
            "checkpoints": list(self.notes),
            "growth": growth,
            "documents": self.documents[order],
            "claims": CLAIMS,
        }
        return Material(**{**parts, **changed})

    def dossier(self, order: str, **changed: Any) -> bytes:
        return build(self.material(order, **changed))


def build(material: Material, key: SigningKey = LOG_KEY) -> bytes:
    return dossier.build(material, key, BEGAN + timedelta(days=1), "curbstop 0.1.0")


def command(number: int = 1, verb: Verb = Verb.CLOSE) -> m.Command:
    return m.Command(
        gateway=G,
        meter=METER,
        identity=WHO,
        number=m.Number(1, number),
        verb=verb,
        issued_at=BEGAN,
        expires_at=BEGAN + timedelta(minutes=2),
    )


def permit(of: Message) -> m.Permit:
    return m.Permit(
        gateway=G,
        meter=METER,
        command=digest(of),
        nonce="0123456789abcdef",
        granted=True,
        validity_s=10.0,
        reason=None,
        at=BEGAN,
    )


def receipt(of: m.Command, under: Message | None, **changed: Any) -> m.Receipt:
    """What a gateway signs after it has closed a valve."""
    told: dict[str, Any] = {
        "gateway": G,
        "meter": METER,
        "command": digest(of),
        "number": of.number,
        "verb": of.verb,
        "outcome": Outcome.DONE,
        "why": None,
        "detail": "",
        "started": True,
        "identity_read": WHO,
        "before": seen(ValvePosition.OPEN),
        "after": seen(of.verb.wanted),
        "sent": (m.Traffic("out", 1000.5, "e5"),),
        "permit": digest(under) if under is not None else None,
        "received_at": BEGAN,
        "finished_at": BEGAN + timedelta(seconds=9),
        "received_boot_s": 1000.0,
        "finished_boot_s": 1009.0,
        "spec_digest": SPEC,
        "software": "curbstop 0.1.0",
        "chain": m.Chain(JOURNAL, 1, GENESIS),
    }
    return m.Receipt(**{**told, **changed})


def look(number: int = 2) -> m.Look:
    return m.Look(gateway=G, meter=METER, identity=WHO, number=m.Number(1, number), observe_s=10.0, issued_at=BEGAN)


def answer(of: m.Look, **changed: Any) -> m.LookAnswer:
    """What a gateway signs after it has watched the index."""
    told: dict[str, Any] = {
        "gateway": G,
        "meter": METER,
        "look": digest(of),
        "number": of.number,
        "outcome": Outcome.DONE,
        "why": None,
        "detail": "",
        "identity_read": WHO,
        "seen": seen(ValvePosition.CLOSED),
        "index": tuple(m.IndexSeen("12.345", "m3", BEGAN, boot) for boot in (1001.0, 1011.0)),
        "settled": (),
        "at": BEGAN + timedelta(minutes=5),
        "spec_digest": SPEC,
        "software": "curbstop 0.1.0",
        "chain": m.Chain(JOURNAL, 2, GENESIS),
    }
    return m.LookAnswer(**{**told, **changed})


def seen(position: ValvePosition) -> m.Seen:
    return m.Seen(position, BEGAN + timedelta(seconds=8), 1008.0, (m.Traffic("in", 1008.0, "e5"),))


def digest(message: Message) -> str:
    return codec.digest(codec.encode(message))


CLOSE = command()
GRANT = permit(CLOSE)
CLOSED = receipt(CLOSE, GRANT)
LOOK = look()
STILL = answer(LOOK, chain=m.Chain(JOURNAL, 2, digest(CLOSED)))


def suspended(house: House | None = None, order: str = "ord_1") -> House:
    """A suspension from its entry to completed and corroborated, among entries of other orders."""
    house = house or House()
    house.tell("ord_0", "entered", "entered")
    house.tell(order, "entered", "entered", facts={"grounds": "default", "notice_received_on": "2026-09-25"})
    house.tell(order, "allowed", "planned")
    house.tell("ord_0", "denied_by_rule", "rejected", because=PAID)
    house.tell(order, "dispatch", "dispatched", (CLOSE, HOUSE_KEY))
    house.sign()
    house.tell(order, "permit_granted", "permitted", (GRANT, HOUSE_KEY))
    house.tell(order, None, "", (CLOSED, GATEWAY_KEY))
    house.tell(order, "proof", "executed", grade="read_back")
    house.tell("ord_2", "entered", "entered")
    house.tell(order, None, "", (LOOK, HOUSE_KEY), (STILL, GATEWAY_KEY))
    house.tell(order, "corroborated", "completed", grade="corroborated")
    house.tell("ord_2", "stop", "withdrawn", because=PAID)
    house.sign()
    return house


def manifested(manifest: dossier.Manifest, files: dict[str, bytes], key: SigningKey) -> bytes:
    """These files as a dossier, listed and signed by whoever has this key."""
    listed = tuple(
        dossier.Listed(name=n, sha256=sha256(files[n]).hexdigest(), size=len(files[n])) for n in sorted(files)
    )
    payload = encode(replace(manifest, files=listed))
    return archive.write({**files, MANIFEST: envelope.seal(codec.payload_type(dossier.Manifest), payload, key)})


ABOUT: dict[str, Any] = {"device": "dev_1", "work_order": "wo_1", "order": "ord_1", "at": BEGAN}
PHOTOGRAPH = b"\xff\xd8 a photograph"
CREW_GRANT = c.CrewPermit(**ABOUT, request=SPEC, nonce="0123456789abcdef", granted=True, validity_s=300.0, reason=None)


def report(**changed: Any) -> c.CrewReport:
    """What a crew's device signs after it has closed a valve by hand."""
    told: dict[str, Any] = {
        **ABOUT,
        "permit": digest(CREW_GRANT),
        "outcome": "done",
        "found": ValvePosition.OPEN,
        "left": ValvePosition.CLOSED,
        "serial": "26110001",
        "register": None,
        "seals_applied": (),
        "seals_removed": (),
        "photographs": (c.Photograph(shot="meter_plate", digest=sha256(PHOTOGRAPH).hexdigest()),),
        "checks": {},
        "place": None,
        "began_at": BEGAN,
        "ended_at": BEGAN + timedelta(minutes=4),
        "note": "",
        "software": "curbstop 0.1.0",
        "chain": m.Chain(JOURNAL, 1, GENESIS),
    }
    return c.CrewReport(**{**told, **changed})


def by_hand(*accounts: tuple[Message, Signer], order: str = "ord_1") -> House:
    """A suspension that a crew has carried out, with these accounts in place of the usual ones."""
    house = House()
    for event, after in (("entered", "entered"), ("allowed", "planned"), ("assign", "assigned"), ("arrive", "on_site")):
        house.tell(order, event, after)
    for message, key in accounts or ((CREW_GRANT, HOUSE_KEY), (report(), DEVICE_KEY)):
        house.tell(order, None, "", (message, key))
    house.tell(order, "proof", "executed", grade="witnessed")
    house.tell(order, "window_ended", "completed")
    house.sign()
    return house


def by_wire(*accounts: tuple[Message, Signer], grade: str = "corroborated") -> House:
    """A suspension that a gateway has carried out, with these accounts in place of the usual ones."""
    house = House()
    for event, after in (("entered", "entered"), ("allowed", "planned"), ("dispatch", "dispatched")):
        house.tell("ord_1", event, after)
    for message, key in accounts:
        house.tell("ord_1", None, "", (message, key))
    house.tell("ord_1", "proof", "executed", grade="read_back")
    house.tell("ord_1", grade if grade == "corroborated" else "window_ended", "completed", grade=grade)
    house.sign()
    return house
