"""The route of a why-block, for programs: the words of the page, in both languages."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from sqlalchemy import Connection

from controlplane.access.deps import Asking, Requires
from controlplane.access.roles import Permission
from controlplane.fields import Name, Out
from controlplane.orders.api import Ctx
from controlplane.orders.schemas import RuleOut
from controlplane.orders.sheet import sheet
from controlplane.web import shown
from controlplane.web.answers import answers
from controlplane.web.why import Why, why
from controlplane.web.words import LANGUAGES, words

router = APIRouter(tags=["orders"])


class AnswersOut(Out):
    """In one language: a sentence, since when, until when and what then, what ends it, who can change it, the rule."""

    sentence: str
    aside: str
    since: str
    until: str
    ends: str
    who: str
    rule: str


class WhyOut(Out):
    """Why an order stands where it stands; `code` and `rule` are its reason's, `until` is open where it is null."""

    way: str
    code: str | None
    since: datetime | None
    until: datetime | None
    rule: RuleOut | None
    it: AnswersOut
    en: AnswersOut


class WhyTold(Out):
    """An order's state, and why it is not the one that one would expect; `why` is null where it is."""

    order: str
    state: str
    version: int
    why: WhyOut | None


@router.get("/orders/{order}/why")
async def why_of(
    order: Annotated[Name, Path()],
    context: Ctx,
    who: Annotated[Asking, Depends(Requires(Permission.ORDERS_READ))],
) -> WhyTold:
    """Why an order waits or has ended, and what it takes to change that: as its page says it, in both languages."""
    now, zone = context.now, context.packs.default.calendar.zone

    def told(block: Why, language: str) -> AnswersOut:
        said = answers(block, words(language), lambda at: shown.day(words(language), at, zone, now))
        return AnswersOut.model_validate({name: getattr(said, name) for name in AnswersOut.model_fields})

    def read(db: Connection) -> WhyTold:
        found = sheet(db, who.principal.client, order, who.edge.signer, now)
        block = why(found, now)
        line = found.line
        out = None if block is None else _out(block, {language: told(block, language) for language in LANGUAGES})
        return WhyTold(order=line.id, state=line.state, version=line.version, why=out)

    return await who.read(read)


def _out(block: Why, said: dict[str, AnswersOut]) -> WhyOut:
    return WhyOut.model_validate(
        {
            "way": block.way,
            "code": block.said["code"] if block.said is not None else None,
            "since": block.since,
            "until": block.until,
            "rule": block.rule,
            **said,
        }
    )
