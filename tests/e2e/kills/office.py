"""Who enters clients and meters, orders suspensions, and tells of payments, by REST, asking again until it is answered.

Every POST has a key: however often it must be sent, and however often the control plane was killed over it, it counts
once. What was answered is remembered.
"""

import asyncio
import contextlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from protocols.uplink.keys import short_fingerprint
from seams.clock import SystemEntropy
from simulators.chance import stream
from tests.e2e.kills.files import EACH, LOOPBACK, Place, gateway
from tests.e2e.kills.street import identity, name_of
from tests.e2e.kills.town import Moments

AGAIN_AFTER_S, ANSWERS_WITHIN_S = 0.1, 10.0
BUSY = (429, 503)
NOTICE = timedelta(days=60)
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answered:
    """A POST that was answered with success."""

    path: str
    key: str
    body: Document
    document: Document


@dataclass(slots=True)
class Office:
    """One client of the API for the whole town."""

    place: Place
    moments: Moments
    http: httpx.AsyncClient
    token: str
    points: dict[str, str] = field(default_factory=dict)
    answered: list[Answered] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def post(self, path: str, body: Document) -> Document:
        """Do it once; the document, which is a problem's where it was refused."""
        key = SystemEntropy().token(16).hex()
        status, document = await self.ask(path, key, body)
        if status < 300:
            self.answered.append(Answered(path, key, body, document))
        return document

    async def ask(self, path: str, key: str, body: Document) -> tuple[int, Document]:
        """Ask until there is an answer."""
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": key}
        while True:
            try:
                asking = asyncio.ensure_future(self.http.post(f"/api/v1/{path}", json=body, headers=headers))
                await asyncio.sleep(0)
                self.moments.now("post", path)
                answer = await asking
                self.moments.now("answer", path)
            except httpx.TransportError:
                await asyncio.sleep(AGAIN_AFTER_S)
                continue
            if answer.status_code not in BUSY:
                break
            await asyncio.sleep(AGAIN_AFTER_S)
        if answer.status_code >= 500:
            self.faults.append(f"POST /{path} was answered with {answer.status_code}: {answer.text}")
        return answer.status_code, answer.json()

    async def enter(self) -> None:
        """Enter a client, the gateways with their keys, the points and their meters."""
        client = (await self.post("clients", {"name": "Acqua"}))["id"]
        for number, key in enumerate(self.place.keys):
            who = {"public_key": key.public.hex(), "fingerprint": short_fingerprint(key.public)}
            await self.post("gateways", {"id": gateway(number), **who})
            for meter in range(number * EACH, (number + 1) * EACH):
                await self._enter_meter(client, gateway(number), meter)

    async def _enter_meter(self, client: str, at: str, number: int) -> None:
        name, plate = name_of(number), identity(number)
        point = await self.post("supply-points", {"client": client, "code": name, "medium": "water", "zone": "town"})
        self.points[name] = point["id"]
        who = {"id": plate, "fabrication_number": plate, "manufacturer": "CBS", "version": 1, "medium": 7}
        await self.post("meters", {"supply_point": point["id"], "gateway": at, "name": name, "identity": who})

    async def suspend(self, meter: str) -> Document:
        """Order a suspension; a problem where one is under way."""
        notice = {"received_on": (datetime.now(UTC) - NOTICE).date().isoformat(), "channel": "registered letter"}
        what = {"kind": "suspend", "grounds": "default", "notice": notice}
        return await self.post("orders", {"supply_point": self.points[meter], **what})

    async def pay(self, meter: str, reference: str) -> Document:
        """All is paid at this meter's point."""
        what = {"amount": "120.50", "currency": "EUR", "reference": reference, "settles": True}
        return await self.post("payments", {"supply_point": self.points[meter], **what})

    async def storm(self, meter: str, seed: int) -> None:
        """Order and pay at one meter until it is over, each time at another moment of the order's life."""
        chance, number = stream(seed, f"customer of {meter}"), 0
        while not self.over.is_set():
            await self._pause(chance.uniform(0, 2))
            await self.suspend(meter)
            await self._pause(chance.choice([chance.uniform(0, 0.3), chance.uniform(0, 12)]))
            await self.pay(meter, f"bill {number} of {meter}")
            number += 1

    async def _pause(self, seconds: float) -> None:
        """Wait so long, or until it is over: nothing that was asked is left without its answer."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.over.wait()


def client_of(place: Place) -> httpx.AsyncClient:
    """A client for loopback."""
    base = f"http://{LOOPBACK}:{place.rest}"
    return httpx.AsyncClient(base_url=base, timeout=ANSWERS_WITHIN_S, trust_env=False)
