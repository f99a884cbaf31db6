"""Routes of tokens."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from sqlalchemy import Connection, Row, select
from starlette.responses import Response

from controlplane.access.deps import Asking, Posting, Posts, Requires
from controlplane.access.models import tokens
from controlplane.access.roles import Permission
from controlplane.access.schemas import LoginLink, MadeToken, NewToken, TokenOut
from controlplane.access.service import Wish, make_token, revoke
from controlplane.access.sessions import make_link
from controlplane.fields import Name, Page
from controlplane.idempotency import Answer
from controlplane.pages import Wanted, page
from controlplane.queries import wanted

router = APIRouter(tags=["tokens"])
SHOWN = [c for c in tokens.c if c.name != "hash"]


def _out(row: Row[tuple[object, ...]]) -> TokenOut:
    return TokenOut.model_validate(dict(row._mapping))  # noqa: SLF001 - SQLAlchemy's public name for it


@router.post("/tokens", status_code=201, response_model=MadeToken)
async def create_token(body: NewToken, who: Annotated[Posting, Depends(Posts(Permission.TOKENS_MANAGE))]) -> Response:
    """Make a token; its secret is in this answer and nowhere else."""
    edge = who.edge

    def verb(db: Connection) -> Answer:
        wish = Wish(body.name, body.role, body.client, body.expires_at, body.person)
        made = make_token(db, edge.clock, edge.entropy, wish, who.principal.name)
        row = db.execute(select(*SHOWN).where(tokens.c.id == made.id)).one()
        document = {**_out(row).model_dump(mode="json"), "token": None}
        return Answer(201, document, secret={"token": made.secret})

    return await who.once(verb)


@router.get("/tokens")
async def list_tokens(
    who: Annotated[Asking, Depends(Requires(Permission.TOKENS_MANAGE))], piece: Annotated[Wanted, Depends(wanted)]
) -> Page[TokenOut]:
    """All tokens, revoked ones too."""
    rows, after = await who.read(lambda db: page(db, select(*SHOWN), tokens.c.id, piece))
    return Page(items=[_out(row) for row in rows], next=after)


@router.delete("/tokens/{token}", status_code=204)
async def revoke_token(
    token: Annotated[Name, Path()], who: Annotated[Asking, Depends(Requires(Permission.TOKENS_MANAGE))]
) -> None:
    """End a token for good."""
    now = who.edge.clock.now()
    await who.write(lambda db: revoke(db, token, now))


@router.post("/login-links", status_code=201, response_model=LoginLink)
async def create_login_link(who: Annotated[Posting, Depends(Posts(Permission.PAGES_READ))]) -> Response:
    """Make a link that opens the pages in a browser, as the caller, once and within a quarter of an hour."""
    edge = who.edge

    def verb(db: Connection) -> Answer:
        code, until = make_link(db, edge.clock, edge.entropy, who.principal.id)
        document: dict[str, object] = {"path": None, "expires_at": until.isoformat()}
        return Answer(201, document, secret={"path": f"/login/once/{code}"})

    return await who.once(verb)
