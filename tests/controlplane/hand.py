"""A crew's device over the API: it makes its key, is enrolled and approved, and signs what it asks and has seen."""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx

from controlplane.access.roles import Role
from controlplane.access.service import Wish, make_token
from protocols.types import ValvePosition
from protocols.uplink import codec
from protocols.uplink.crew import ByHand, CrewAbort, CrewPermit, CrewPermitRequest, CrewReport, DeviceId
from protocols.uplink.keys import KeyRing, SigningKey, fingerprint
from protocols.uplink.parts import GENESIS, Chain
from simulators.chance import SeededEntropy
from tests.controlplane.desk_clerk import HOUSE_KEY, Clerk

OPEN, CLOSED = ValvePosition.OPEN, ValvePosition.CLOSED
NOTHING: dict[str, Any] = {
    "register": None,
    "seals_applied": (),
    "seals_removed": (),
    "photographs": (),
    "checks": {},
    "place": None,
    "note": "",
    "software": "test",
}


@dataclass
class Hand:
    """One mechanic with one device. `who` is the name of the token it works under."""

    clerk: Clerk
    who: str
    clients: list[str] | None = None
    crew: str | None = None
    approved: bool = True
    key: SigningKey = field(init=False)
    id: str = field(init=False)
    permit: str | None = None
    links: int = 0
    last: str = GENESIS

    def __post_init__(self) -> None:
        clerk = self.clerk
        self.key = SigningKey(self.who.encode().ljust(32, b"."))
        with clerk.engine.begin() as db:
            made = make_token(db, clerk.clock, SeededEntropy(hash(self.who) % 9973), Wish(self.who, Role.CREW), "test")
        clerk.tokens[self.who] = made.secret
        if self.crew is None:
            self.crew = clerk.made("/field/crews", {"name": self.who, "clients": self.clients})["id"]
        code = clerk.made(f"/field/crews/{self.crew}/codes", None)["code"]
        body = {"code": code, "name": self.who, "public_key": self.key.public.hex()}
        self.id = clerk.made("/field/devices", body, self.who)["id"]
        if self.approved:
            self.approve()

    def approve(self) -> None:
        said = {"fingerprint": fingerprint(self.key.public)[:16]}
        answer = self.clerk.post(Role.OPERATOR, f"/field/devices/{self.id}/approve", said)
        assert answer.status_code == 200, answer.text

    # -- what it does

    def feed(self, cursor: str | None = None) -> dict[str, Any]:
        found: dict[str, Any] = self.clerk.get(self.who, "/field/feed" + (f"?cursor={cursor}" if cursor else "")).json()
        return found

    def told(self) -> list[tuple[str, str]]:
        """Types and subjects of all entries."""
        return [(entry["type"], entry["subject"]) for entry in self.feed()["items"]]

    def offered(self) -> dict[str, Any]:
        """The newest work order that was offered."""
        created = [entry["work_order"] for entry in self.feed()["items"] if entry["type"] == "created"]
        found: dict[str, Any] = created[-1]
        return found

    def post(self, work: dict[str, Any], verb: str, body: object = None, **headers: str) -> httpx.Response:
        return self.clerk.post(self.who, f"/field/work-orders/{work['id']}/{verb}", body, **headers)

    def accept(self, work: dict[str, Any]) -> httpx.Response:
        return self.post(work, "accept")

    def arrive(self, work: dict[str, Any], found: ValvePosition = OPEN) -> httpx.Response:
        return self.post(work, "arrive", {"position": found})

    def on_site(self, work: dict[str, Any], found: ValvePosition = OPEN) -> None:
        for answer in (self.accept(work), self.arrive(work, found)):
            assert answer.status_code == 200, answer.text

    def ask(
        self, work: dict[str, Any], found: ValvePosition = OPEN, serial: str = "1", at: datetime | None = None
    ) -> httpx.Response:
        about = {**self.about(work), "at": at or self.clerk.clock.now()}
        asked = CrewPermitRequest(**about, nonce="a" * 32, serial=serial, found=found)
        answer = self.post(work, "permit", self.signed(asked))
        if answer.status_code == 200 and answer.json()["granted"]:
            raw = json.dumps(answer.json()["signed"]).encode()
            self.permit = codec.open_signed(raw, CrewPermit, KeyRing([HOUSE_KEY.public])).digest
        return answer

    def report(
        self, work: dict[str, Any], left: ValvePosition = CLOSED, outcome: str = "done", **other: Any
    ) -> httpx.Response:
        now = self.clerk.clock.now()
        values = {"permit": self.permit, "outcome": outcome, "found": OPEN, "left": left, "serial": "1", **NOTHING}
        times = {"began_at": now - timedelta(seconds=60), "ended_at": now}
        said = CrewReport(**self.about(work), chain=self.link(), **{**values, **times, **other})
        return self.send(work, "report", said)

    def abort(
        self, work: dict[str, Any], code: str = "access_denied", left: ValvePosition = OPEN, **other: Any
    ) -> httpx.Response:
        values = {"permit": self.permit, "code": code, "left": left}
        same = {name: NOTHING[name] for name in ("photographs", "place", "note", "software")}
        said = CrewAbort(**self.about(work), chain=self.link(), **{**values, **same, **other})
        return self.send(work, "abort", said)

    def about(self, work: dict[str, Any]) -> dict[str, Any]:
        at = self.clerk.clock.now()
        return {"device": DeviceId(self.id), "work_order": work["id"], "order": work["order"], "at": at}

    def link(self) -> Chain:
        return Chain(journal="d" * 32, number=self.links + 1, previous=self.last)

    def send(self, work: dict[str, Any], verb: str, said: CrewReport | CrewAbort) -> httpx.Response:
        """Send an account; the chain goes on when it was taken."""
        answer = self.post(work, verb, self.signed(said))
        if answer.status_code == 200:
            self.links, self.last = self.links + 1, codec.digest(codec.encode(said))
        return answer

    def signed(self, said: ByHand, key: SigningKey | None = None) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(codec.seal(said, key or self.key)[0])
        return document


def order(clerk: Clerk, identity: str) -> dict[str, Any]:
    """An order as the operator sees it."""
    found: dict[str, Any] = clerk.get(Role.OPERATOR, f"/orders/{identity}").json()
    return found


def pay(clerk: Clerk, point: str, reference: str = "paid") -> None:
    """The customer pays."""
    clerk.made("/payments", clerk.payment(point, reference))


def alarms(clerk: Clerk) -> list[str]:
    """Codes of all alarms."""
    return [row.data["code"] for row in clerk.news() if row.type == "alarm"]
