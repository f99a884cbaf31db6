"""What routes declare: the permission they need, and that a POST takes effect once."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, TypeVar

from fastapi import Header, Request
from sqlalchemy import Connection
from starlette.responses import Response

from controlplane.access.roles import Permission
from controlplane.access.service import Principal
from controlplane.edge import Edge, given
from controlplane.idempotency import Answer, Once, checked, once

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, and where to answer from."""

    principal: Principal
    edge: Edge

    async def read(self, verb: Callable[[Connection], T]) -> T:
        """Read on a consistent view."""
        return await self.edge.writer.read(verb)

    async def write(self, verb: Callable[[Connection], T]) -> T:
        """Do it in a transaction: for verbs that are the same however often they are sent."""
        return await self.edge.writer.run(verb)


@dataclass(frozen=True, slots=True)
class Posting(Asking):
    """Who posts, under which key."""

    asked: Once

    async def once(self, verb: Callable[[Connection], Answer]) -> Response:
        """Do it once, and answer; sent again, answer the same."""
        now = self.edge.clock.now()
        return given(await self.edge.writer.run(lambda db: once(db, self.asked, now, verb)))


@dataclass(frozen=True)
class Requires:
    """The permission of a route that reads, or that is the same however often it is sent."""

    permission: Permission

    async def __call__(self, request: Request) -> Asking:
        """Go on with who asks, or refuse."""
        who: Principal = request.state.principal
        who.need(self.permission)
        return Asking(who, request.app.state.edge)


@dataclass(frozen=True)
class Posts:
    """The permission of a POST, which takes effect once."""

    permission: Permission

    async def __call__(
        self,
        request: Request,
        idempotency_key: Annotated[str | None, Header(description="yours, new for each request; kept 7 days")] = None,
    ) -> Posting:
        """Go on with who posts, or refuse."""
        who: Principal = request.state.principal
        who.need(self.permission)
        key = checked(idempotency_key)
        parts = (request.method, request.url.path, request.headers.get("if-match", ""))
        digest = sha256("\n".join(parts).encode() + b"\n" + await request.body()).hexdigest()
        return Posting(who, request.app.state.edge, Once(who.id, key, digest))
