"""The API over a real database, with a token for each role, two clients, and a clock set by hand."""

import asyncio
import re
from dataclasses import dataclass, field
from functools import cache, cached_property
from hashlib import sha256
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import httpx
from fastapi import FastAPI
from sqlalchemy import Engine, select

from controlplane import openapi
from controlplane.access.roles import HOUSE, Role
from controlplane.access.service import Wish, make_token
from controlplane.app import create
from controlplane.edge import API, PROBLEM, Edge
from controlplane.field.evidence.examine import Examiner
from controlplane.field.evidence.intake import Intake
from controlplane.field.evidence.store import Bounds, Store
from controlplane.field.work.needs import Needs, PlateOnly
from controlplane.field.work.offering import heard
from controlplane.news import news
from controlplane.orders.context import Context, OrderSettings
from controlplane.policy import packs
from controlplane.proof.sequencer import Notary
from controlplane.registry.service import create_client
from controlplane.writer import InlineWriter
from protocols.uplink.keys import SigningKey, spoken
from simulators.chance import SeededEntropy
from tests.controlplane.house import Hands
from tests.databases import migrated

HOUSE_KEY = SigningKey(b"c" * 32)
LONG_AGO = "2026-01-02"


def key_of(name: str) -> SigningKey:
    """The key that a gateway or device of this name has made for itself."""
    return SigningKey(sha256(name.encode()).digest())


def shown(key: SigningKey) -> dict[str, str]:
    """What `curbstop keys show` prints of it."""
    return {"public_key": key.public.hex(), "fingerprint": spoken(key.public)}


@cache
def documented() -> dict[str, Any]:
    """What the OpenAPI document tells of each path: every application has the same routes."""
    context = Context(Hands(), SeededEntropy(7), packs.served("demo"))
    app = create(cast("Edge", None), context, notary=Notary("curbstop", HOUSE_KEY, HOUSE_KEY.public))
    paths: dict[str, Any] = openapi.document(app)["paths"]
    return paths


@dataclass
class Clerk:
    """Sends requests as any role: `clerk.post(Role.OPERATOR, "/clients", {...})`."""

    url: str
    pack: str = "demo"
    needs: Needs = field(default_factory=PlateOnly)
    clock: Hands = field(default_factory=Hands)
    settings: OrderSettings = field(default_factory=OrderSettings)
    engine: Engine = field(init=False)
    app: FastAPI = field(init=False)
    tokens: dict[str, str] = field(default_factory=dict)
    numbers: Any = field(default_factory=count)

    def __post_init__(self) -> None:
        self.engine = migrated(self.url)
        entropy = SeededEntropy(7)
        self.edge = Edge(InlineWriter(self.engine, []), self.clock, entropy, HOUSE_KEY)
        context = Context(self.clock, entropy, packs.served(self.pack), self.settings, field=heard)
        self.folder = TemporaryDirectory()
        store = Store(Path(self.folder.name) / "evidence", Bounds(2_000_000, 2_500_000, 0))
        store.prepare()
        self.intake = Intake(store, Examiner())
        self.app = create(self.edge, context, intake=self.intake, needs=self.needs)
        self.loop = asyncio.Runner()
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://house")
        with self.engine.begin() as db:
            self.mine = create_client(db, self.clock, entropy, "Acqua")
            self.other = create_client(db, self.clock, entropy, "Altra")
            for role in Role:
                client = None if role in HOUSE else self.mine
                wish = Wish(role, role, client, person=role)
                self.tokens[role] = make_token(db, self.clock, entropy, wish, "test").secret
            for role in (Role.CLIENT_VIEWER, Role.CLIENT_REQUESTER, Role.INTEGRATION, Role.VENDOR):
                name = f"other-{role}"
                self.tokens[name] = make_token(db, self.clock, entropy, Wish(name, role, self.other), "test").secret
            for name, person in (("second", "Second"), ("second again", " SECOND "), ("nobody", None)):
                wish = Wish(name, Role.SUPERVISOR, person=person)
                self.tokens[name] = make_token(db, self.clock, entropy, wish, "test").secret

    def send(self, who: str | None, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
        """Any request; a POST gets a fresh Idempotency-Key unless one is given."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if method == "POST":
            sent.setdefault("idempotency-key", f"key-{next(self.numbers)}")
        if who is not None:
            sent["authorization"] = f"Bearer {self.tokens[who]}"
        where = path if path.startswith("/healthz") else f"{API}{path}"
        content = body if isinstance(body, bytes) else None
        document = None if isinstance(body, bytes) else body
        answer = self.loop.run(self.http.request(method, where, json=document, content=content, headers=sent))
        if answer.is_error:
            self._is_documented(method, answer)
        return answer

    def _is_documented(self, method: str, answer: httpx.Response) -> None:
        """Every refusal that a test provokes is one that the OpenAPI document tells of this operation."""
        for path, verbs in documented().items():
            if re.fullmatch(re.sub(r"{\w+}", "[^/]+", path), answer.url.path) and method.lower() in verbs:
                refusal = verbs[method.lower()]["responses"][str(answer.status_code)]
                assert answer.json()["code"] in refusal["content"][PROBLEM]["examples"], answer.text
                return

    def close(self) -> None:
        """Leave nothing open."""
        self.loop.run(self.http.aclose())
        self.loop.close()
        self.engine.dispose()
        self.folder.cleanup()

    def get(self, who: str | None, path: str) -> httpx.Response:
        return self.send(who, "GET", path)

    def post(self, who: str | None, path: str, body: object = None, **headers: str) -> httpx.Response:
        return self.send(who, "POST", path, body, **headers)

    def made(self, path: str, body: object, who: str = Role.ADMIN) -> dict[str, Any]:
        """Post what must be taken."""
        answer = self.post(who, path, body)
        assert answer.status_code == 201, answer.text
        document: dict[str, Any] = answer.json()
        return document

    def point(self, client: str | None = None, medium: str = "water") -> str:
        """A new supply point."""
        body = {"client": client or self.mine, "code": f"c-{next(self.numbers)}", "medium": medium, "zone": "z"}
        return str(self.made("/supply-points", body)["id"])

    @cached_property
    def fixed(self) -> str:
        """A supply point that stays the same while a test runs."""
        return self.point()

    def gateway(self) -> str:
        """A new gateway."""
        name = f"gw-{next(self.numbers)}"
        self.made("/gateways", {"id": name, **shown(key_of(name))})
        return name

    def waiting_key(self, gateway: str, name: str) -> str:
        """A key that was sent for a gateway and that nobody has decided."""
        return str(self.made(f"/gateways/{gateway}/keys", {"public_key": key_of(name).public.hex()})["id"])

    def meter(self, point: str, gateway: str, medium: int = 7) -> str:
        """A new meter at a point."""
        name = f"meter-{next(self.numbers)}"
        who = {"fabrication_number": "1", "id": "12345678", "manufacturer": "CBS", "version": 1, "medium": medium}
        self.made("/meters", {"supply_point": point, "gateway": gateway, "name": name, "identity": who})
        return name

    def order(self, point: str, kind: str = "suspend") -> dict[str, Any]:
        """A new order, its notice long received."""
        body = {"supply_point": point, "kind": kind, "notice": {"received_on": LONG_AGO, "channel": "post"}}
        return self.made("/orders", body)

    def work(self, point: str) -> dict[str, str]:
        """A crew, a device that nobody has approved, and a work order of the point, by the names that paths use."""
        crew = self.made("/field/crews", {"name": "c"})["id"]
        items = self.get(Role.OPERATOR, "/field/feed?limit=500").json()["items"]
        found = [item["subject"] for item in items if item["work_order"]["supply_point"] == point]
        return {"crew": crew, "device": "dev_none", "work_order": found[0]}

    def payment(self, point: str, reference: str = "r1", **changed: object) -> dict[str, object]:
        """The body of a payment."""
        body = {"supply_point": point, "amount": "120.50", "currency": "EUR", "reference": reference, "settles": True}
        return {**body, **changed}

    def photograph(self, content: bytes, who: str = Role.OPERATOR) -> str:
        """Put a piece of evidence that must be taken; its digest."""
        digest = sha256(content).hexdigest()
        answer = self.send(who, "PUT", f"/field/evidence/{digest}", content)
        assert answer.status_code in (200, 201), answer.text
        return digest

    def news(self) -> list[Any]:
        """All news."""
        with self.engine.connect() as db:
            return list(db.execute(select(news).order_by(news.c.id)))


def refused(answer: httpx.Response, status: int, code: str) -> None:
    """The answer is a problem document with this code."""
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
