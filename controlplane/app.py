"""The application: routes, the gate in front of them, one shape for all refusals, and the life of what runs beside."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError, InternalError, OperationalError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from controlplane import alarms, openapi, stream
from controlplane.access import api as access
from controlplane.access.gate import Gate
from controlplane.credit import api as credit
from controlplane.dossiers import api as dossiers
from controlplane.edge import API, Edge, problem, refused
from controlplane.field.enrolment import api as enrolment
from controlplane.field.evidence import api as evidence
from controlplane.field.evidence.intake import Intake
from controlplane.field.evidence.seals import api as seals
from controlplane.field.work import api as work
from controlplane.field.work.needs import Needs, PlateOnly
from controlplane.orders import api as orders
from controlplane.orders.context import Context
from controlplane.orders.rest import at_rest
from controlplane.problems import RefusalError
from controlplane.proof import api as proof
from controlplane.proof.sequencer import Notary
from controlplane.protection import api as protection
from controlplane.registry import api as registry
from controlplane.registry import enrolling_api as keys
from controlplane.remote import api as remote
from controlplane.supervise import failure
from controlplane.telemetry import api as telemetry
from controlplane.web import acts, assets, errors, login, order, order_acts, situation, why_api
from controlplane.web.frame import Sealed
from protocols.uplink import asyncapi

MOST_ERRORS, LONGEST_PLACE = 20, 100
BY_STATUS = {400: "bad_request", 404: "not_found", 405: "method_not_allowed"}
Background = Callable[[], Awaitable[None]]
Fallen = Callable[[], None]
log: structlog.stdlib.BoundLogger = structlog.get_logger("app")


def create(
    edge: Edge,
    context: Context,
    background: Background | None = None,
    *,
    fallen: Fallen = lambda: None,
    intake: Intake | None = None,
    version: str = "0",
    needs: Needs = PlateOnly(),  # noqa: B008 - it holds nothing
    notary: Notary | None = None,
) -> FastAPI:
    """Make the application; `background` runs while it lives (dispatch), and `fallen` is told should that ever end.

    Without an `intake` no evidence is taken or given.
    """
    app = FastAPI(
        title="Curbstop control plane",
        version=version,
        description="Orders close and open valves, payments stop orders, and everything that happens is told.",
        openapi_url=f"{API}/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=_life(edge, background, fallen),
    )
    app.state.edge, app.state.context, app.state.intake = edge, context, intake
    app.state.packs = tuple(context.packs.named)
    app.state.is_settled = lambda db, point: at_rest(db, point, context.now)
    app.state.needs = needs
    app.state.notary = notary or Notary("curbstop", edge.signer, edge.signer.public)
    app.state.tries = login.Tries()
    field = (enrolment, work, evidence, seals)
    for part in (
        access,
        registry,
        keys,
        remote,
        orders,
        protection,
        credit,
        telemetry,
        *field,
        stream,
        alarms,
        proof,
        dossiers,
        why_api,
    ):
        app.include_router(part.router, prefix=API)
    for pages in (assets, login, acts, situation, order, order_acts):
        app.include_router(pages.router)
    app.get("/healthz", tags=["health"])(_health)
    app.get(f"{API}/asyncapi.json", include_in_schema=False)(_uplink)
    app.add_middleware(Gate, edge=edge, streams=evidence.streams)
    app.add_middleware(Sealed)
    app.add_exception_handler(RefusalError, _refusal)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(IntegrityError, _same_moment)
    app.add_exception_handler(OperationalError, _storage)
    app.add_exception_handler(InternalError, _storage)
    app.add_exception_handler(Exception, _fault)
    app.openapi = lambda: openapi.document(app)  # type: ignore[method-assign]
    return app


def _life(
    edge: Edge, background: Background | None, fallen: Fallen
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def life(_app: FastAPI) -> AsyncIterator[None]:
        edge.writer.on_commit(edge.bell.ring)
        if missing := assets.missing():
            log.error("pages are not live: run make setup", missing=missing)
        task = asyncio.create_task(_beside(background, fallen), name="background")
        try:
            yield
        finally:
            edge.bell.close()
            task.cancel()
            await asyncio.wait([task])

    return life


async def _beside(background: Background | None, fallen: Fallen) -> None:
    if background is None:
        return
    error = await failure(background())
    log.critical("what runs beside the routes has ended", exc_info=error)
    fallen()


async def _health(request: Request) -> Response:
    """Whether the house stands: its database answers."""
    edge: Edge = request.app.state.edge
    await edge.writer.read(_answers)
    return JSONResponse({"status": "ok"})


async def _uplink(request: Request) -> Response:
    """What gateways and the house say to each other, as AsyncAPI."""
    return JSONResponse(asyncapi.document(request.app.version))


def _answers(db: Connection) -> None:
    db.execute(text("SELECT 1")).one()


async def _refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, RefusalError)  # noqa: S101 - registered for it
    if errors.is_page(request):
        return errors.page(request, error.status, error.code, error.detail)
    return refused(error)


async def _invalid(_request: Request, error: Exception) -> Response:
    """Say which fields are wrong, and never repeat what was sent in them."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it
    errors = [{"where": _where(e["loc"]), "message": _ascii(str(e["msg"]))} for e in error.errors()[:MOST_ERRORS]]
    detail = "; ".join(f"{e['where']}: {e['message']}" for e in errors[:3])
    return problem(422, "invalid_request", "Understood, and wrong", detail, {"errors": errors})


def _where(location: tuple[int | str, ...]) -> str:
    return _ascii(".".join(str(part) for part in location))[:LONGEST_PLACE]


def _ascii(said: str) -> str:
    """A name that somebody else has chosen may hold anything, half a character too."""
    return said.encode("ascii", "backslashreplace").decode()


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
    code = BY_STATUS.get(error.status_code, "bad_request")
    detail = str(error.detail)
    if errors.is_page(request):
        return errors.page(request, error.status_code, code, detail)
    return problem(error.status_code, code, detail, detail, headers=error.headers)


async def _same_moment(_request: Request, _error: Exception) -> Response:
    detail = "somebody did the same at the same moment; read it again"
    return problem(409, "conflict", "Its state forbids that", detail)


async def _storage(_request: Request, error: Exception) -> Response:
    log.error("storage is full or failing", error=type(error).__name__)
    detail = "storage is full or failing; try again later, under the same Idempotency-Key"
    return problem(503, "unavailable", "Not now", detail, headers={"Retry-After": "10"})


async def _fault(request: Request, error: Exception) -> Response:
    """What nobody foresaw, and what failed in front of the routes."""
    if isinstance(error, OperationalError | InternalError):
        return await _storage(request, error)
    log.error("a fault of ours", method=request.method, exc_info=error)
    return problem(500, "internal", "A fault of ours", "it is logged; nothing was changed")
