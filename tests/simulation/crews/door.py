"""The door that crews knock at: the house's own routes of field work, called in its process, without HTTP around them.

The process may die at any of three moments of each request: before its verb, in its transaction before the commit, and
after the commit, before it has answered.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from types import SimpleNamespace
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection
from starlette.responses import Response

from controlplane.access.deps import Asking, Posting
from controlplane.access.roles import Permission
from controlplane.access.service import Principal, principal
from controlplane.edge import Edge
from controlplane.field.evidence.api import put_evidence
from controlplane.field.work import api
from controlplane.field.work.needs import Kept
from controlplane.field.work.schemas import Arrival, SignedBody
from controlplane.idempotency import Once
from controlplane.orders.context import Context
from controlplane.pages import Wanted
from controlplane.problems import RefusalError
from controlplane.writer import InlineWriter, Verb
from tests.simulation.crews.film import Film
from tests.simulation.machine import PLANE_KEY
from tests.simulation.witness import WatchedWriter

T = TypeVar("T")


class Call(NamedTuple):
    """A request: under which token, what for, about which meter, with which key; `digest` is a photograph's."""

    secret: str
    what: str
    about: str = ""
    work_order: str = ""
    key: str = ""
    body: bytes = b""
    digest: str = ""
    cursor: str | None = None


class Reply(NamedTuple):
    status: int
    said: dict[str, Any]

    @property
    def code(self) -> str:
        return str(self.said.get("code", ""))


NO_CALL = Call("", "")


@dataclass(slots=True)
class Counter(WatchedWriter):
    """The writer of one request."""

    call: Call = NO_CALL

    async def run(self, verb: Verb[T]) -> T:
        what, about = self.call.what, self.call.about
        self.witness.moment(f"{what} asked", about)
        self._lives()

        def doomed(db: Connection) -> T:
            result = verb(db)
            self.witness.moment(f"{what} uncommitted", about)
            self._lives()
            return result

        result = await InlineWriter.run(self, doomed)
        self.witness.committed(self.eye)
        self.witness.moment(f"{what} committed", about)
        self._lives()
        return result

    def _lives(self) -> None:
        if not self.process.alive:
            raise asyncio.CancelledError


@dataclass(slots=True)
class Door:
    """One start of the control plane, as crews reach it."""

    context: Context
    writer: WatchedWriter
    film: Film

    async def answer(self, call: Call) -> Reply:
        """What the house answers; a refusal is an answer."""
        plain = self.writer
        writer = Counter(plain.engine, plain.wakes, plain.witness, plain.process, plain.eye, call)
        edge = Edge(writer, self.context.clock, self.context.entropy, PLANE_KEY)
        authorization = f"Bearer {call.secret}"
        try:
            who = await writer.read(partial(principal, authorization=authorization, now=self.context.now))
            response = await ROUTES[call.what](self, call, who, edge)
        except RefusalError as refusal:
            return Reply(refusal.status, {"code": refusal.code, "detail": refusal.detail})
        return Reply(response.status_code, json.loads(bytes(response.body)))

    async def feed(self, call: Call, who: Principal, edge: Edge) -> Response:
        who.need(Permission.FIELD_READ)
        return await api.read_feed(Asking(who, edge), Wanted(call.cursor, 200), None)

    async def evidence(self, call: Call, who: Principal, edge: Edge) -> Response:
        who.need(Permission.EVIDENCE_WRITE)

        async def stream() -> AsyncIterator[bytes]:
            yield call.body

        request: Any = SimpleNamespace(headers={}, stream=stream)
        film: Any = self.film
        return await put_evidence(call.digest, request, Asking(who, edge), film)

    def _posting(self, call: Call, who: Principal, edge: Edge) -> Posting:
        who.need(Permission.FIELD_WORK)
        what = f"{call.what}\n{call.work_order}\n".encode() + call.body
        return Posting(who, edge, Once(who.id, call.key, sha256(what).hexdigest()))

    async def accept(self, call: Call, who: Principal, edge: Edge) -> Response:
        return await api.accept_work_order(call.work_order, self.context, self._posting(call, who, edge))

    async def arrive(self, call: Call, who: Principal, edge: Edge) -> Response:
        body = Arrival.model_validate_json(call.body)
        return await api.arrive(call.work_order, body, self.context, self._posting(call, who, edge))

    async def permit(self, call: Call, who: Principal, edge: Edge) -> Response:
        body = SignedBody.model_validate_json(call.body)
        return await api.ask_permit(call.work_order, body, self.context, self._posting(call, who, edge))

    async def report(self, call: Call, who: Principal, edge: Edge) -> Response:
        body = SignedBody.model_validate_json(call.body)
        return await api.report(call.work_order, body, self.context, self._posting(call, who, edge), NEEDS)

    async def abort(self, call: Call, who: Principal, edge: Edge) -> Response:
        body = SignedBody.model_validate_json(call.body)
        return await api.abort(call.work_order, body, self.context, self._posting(call, who, edge), NEEDS)


NEEDS: Any = SimpleNamespace(app=SimpleNamespace(state=SimpleNamespace(needs=Kept())))
"""A request, as far as routes look at one."""
ROUTES: dict[str, Callable[[Door, Call, Principal, Edge], Awaitable[Response]]] = {
    "feed": Door.feed,
    "evidence": Door.evidence,
    "accept": Door.accept,
    "arrive": Door.arrive,
    "permit": Door.permit,
    "report": Door.report,
    "abort": Door.abort,
}
