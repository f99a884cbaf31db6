"""The demo's control plane, a process of its own, and the people who use it, each with a token, over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from curbstop.demo.child import Child, curbstop, running
from curbstop.demo.files import GATEWAY, LOOPBACK, Ports, write_secret
from curbstop.demo.law import LAW, POINT
from curbstop.demo.meters import METERS, UNREAD, DemoMeter
from curbstop.demo.rest import Api, client
from protocols.ports import Entropy
from protocols.uplink.keys import SigningKey, spoken

STARTS_WITHIN_S, LOOK_EVERY_S = 30.0, 0.05
PUBLIC_KEY, LOG_KEY, ADMIN_TOKEN, KEEP_IT = "public key", "log key", "admin token", "Keep it"
"""How the lines begin that a first start shows."""
AUDITOR_FILE = "auditor"


@dataclass(frozen=True, slots=True)
class Started:
    """A control plane that answers, and what its first start has shown."""

    base: str
    public_key: str
    log_key: str
    admin: Api


@asynccontextmanager
async def control_plane(config: Path, ports: Ports, entropy: Entropy) -> AsyncIterator[Started]:
    """Run `curbstop serve` while the context lasts; DemoError where it does not come up."""
    base, log = f"http://{LOOPBACK}:{ports.rest}", config.with_suffix(".log")
    command = curbstop("serve", str(config))
    async with (
        running("the control plane", command, log, awaited=(PUBLIC_KEY, LOG_KEY, ADMIN_TOKEN, KEEP_IT)) as child,
        client(base) as http,
    ):
        public_key = await child.told(PUBLIC_KEY, STARTS_WITHIN_S)
        log_key = await child.told(LOG_KEY, STARTS_WITHIN_S)
        token = await child.told(ADMIN_TOKEN, STARTS_WITHIN_S)
        await _answers(child, http)
        yield Started(base, public_key, log_key, Api(http, token, entropy))


async def _answers(child: Child, http: httpx.AsyncClient) -> None:
    try:
        async with asyncio.timeout(STARTS_WITHIN_S):
            while not await _healthy(http):  # noqa: ASYNC110 - another process sets no event
                await asyncio.sleep(LOOK_EVERY_S)
    except TimeoutError:
        raise child.late(f"did not answer at {http.base_url}healthz within {STARTS_WITHIN_S:.0f} s") from None


async def _healthy(http: httpx.AsyncClient) -> bool:
    try:
        return (await http.get("/healthz")).is_success
    except httpx.TransportError:
        return False


@dataclass(frozen=True, slots=True)
class People:
    """Who uses it. The operator sees the whole house; desk and billing are one client's, and see nothing else.

    The crew sees nothing before its device is approved.
    """

    operator: Api
    desk: Api
    billing: Api
    crew: Api
    points: dict[str, str]

    async def page(self) -> str:
        """The path of a link that opens the pages in a browser as the operator, once, within a quarter of an hour."""
        return str((await self.operator.post("/login-links", {}))["path"])

    def meter_at(self, point: str) -> str:
        """The meter at a supply point; the point itself where it is none of the demo's."""
        return next((meter for meter, known in self.points.items() if known == point), point)


async def enter(started: Started, gateway_key: SigningKey, folder: Path) -> People:
    """Enter client, tokens, gateway, supply points and meters; leave an auditor's token for whoever looks around."""
    admin = started.admin
    client_id = (await admin.post("/clients", {"name": "Acqua Demo"}))["id"]
    operator = await _person(admin, "operator", "operator", None)
    desk = await _person(admin, "acqua-desk", "client_requester", client_id)
    billing = await _person(admin, "acqua-billing", "integration", client_id)
    crew = await _person(admin, "crew-1", "crew", None)
    auditor = await _person(admin, "auditor", "auditor", None)
    write_secret(folder / AUDITOR_FILE, f"Authorization: Bearer {auditor.token}")
    shown = {"public_key": gateway_key.public.hex(), "fingerprint": spoken(gateway_key.public)}
    await operator.post("/gateways", {"id": GATEWAY, **shown})
    points = {str(meter.name): await _enter_meter(operator, client_id, meter) for meter in METERS}
    points[POINT] = await _enter_point(operator, client_id, POINT, "water", LAW)
    points[UNREAD] = await _enter_point(operator, client_id, UNREAD, "water")
    return People(operator, desk, billing, crew, points)


async def _person(admin: Api, name: str, role: str, scope: str | None) -> Api:
    made = await admin.post("/tokens", {"name": name, "role": role, "client": scope})
    return Api(admin.http, made["token"], admin.entropy)


async def _enter_point(operator: Api, client_id: str, name: str, medium: str, pack: str | None = None) -> str:
    point = {"client": client_id, "code": f"demo-{name}", "medium": medium, "zone": "demo", "pack": pack}
    return str((await operator.post("/supply-points", point))["id"])


async def _enter_meter(operator: Api, client_id: str, meter: DemoMeter) -> str:
    identity = await _enter_point(operator, client_id, meter.name, meter.medium)
    who = meter.identity
    plate = {
        "fabrication_number": who.fabrication_number,
        "id": who.id,
        "manufacturer": who.manufacturer,
        "version": who.version,
        "medium": int(who.medium),
    }
    binding = {"supply_point": identity, "gateway": GATEWAY, "name": meter.name, "identity": plate}
    await operator.post("/meters", binding)
    return identity
