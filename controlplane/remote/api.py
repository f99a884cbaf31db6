"""Routes of gateways' settings: what an operator asks of a gateway, and what that gateway reports."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Path, Response
from sqlalchemy import Connection

from controlplane.access.deps import Asking, Posting, Posts, Requires
from controlplane.access.roles import Permission
from controlplane.idempotency import Answer
from controlplane.registry.schemas import GatewayName
from controlplane.remote import service
from controlplane.remote.schemas import ConfigurationOut, Configuring
from protocols.uplink.remote import Settings

router = APIRouter(tags=["registry"])


@router.post("/gateways/{gateway}/configuration", status_code=201, response_model=ConfigurationOut)
async def configure_gateway(
    gateway: Annotated[GatewayName, Path()],
    body: Configuring,
    who: Annotated[Posting, Depends(Posts(Permission.GATEWAYS_WRITE))],
) -> Response:
    """Ask a gateway to hold to settings narrower than its own file; it says whether it has taken them."""
    settings = msgspec.convert(body.settings.model_dump(mode="json"), Settings)

    def verb(db: Connection) -> Answer:
        now = who.edge.clock.now()
        service.ask(db, now, gateway, settings, body.term_s, body.reason, who.principal.name)
        return Answer(201, service.configuration(db, gateway).model_dump(mode="json"))

    return await who.once(verb)


@router.get("/gateways/{gateway}/configuration")
async def get_configuration(
    gateway: Annotated[GatewayName, Path()],
    who: Annotated[Asking, Depends(Requires(Permission.GATEWAYS_READ))],
) -> ConfigurationOut:
    """What is desired of a gateway and what it reports, with its freeze on the spot."""
    return await who.read(lambda db: service.configuration(db, gateway))
