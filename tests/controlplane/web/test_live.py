"""A page's stream: the state after where a browser has stopped, live after that, as long as its session counts."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Connection

from controlplane import news
from controlplane.access import sessions
from controlplane.access.roles import Role
from controlplane.access.service import revoke
from controlplane.web import live
from controlplane.web.live import FURTHEST_BEHIND, Stream
from controlplane.web.reader import Asked, Reader
from controlplane.web.situation import PAGE
from controlplane.web.words import words
from tests.controlplane.desk_clerk import Clerk

WITHIN_S = 5


@pytest.fixture(autouse=True)
def _no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "REST_S", 0.0)


def opened(clerk: Clerk, role: str) -> Stream:
    edge, context = clerk.edge, clerk.app.state.context
    with clerk.engine.begin() as db:
        secret = sessions.log_in(db, edge.clock, edge.entropy, clerk.tokens[role])
        session = sessions.session(db, secret, edge.clock.now())
    edge.writer.on_commit(edge.bell.ring)
    reader = Reader(words("en"), "auto", "Europe/Rome", edge.clock.now(), PAGE.path, session)
    return Stream(edge, PAGE, Asked(reader, context), secret)


async def told(flow: AsyncIterator[str], until: str) -> list[str]:
    """Messages up to the first that has these words."""
    found: list[str] = []
    async with asyncio.timeout(WITHIN_S):
        async for message in flow:
            found.append(message)
            if until in message:
                return found
    return found


async def happens(clerk: Clerk, subject: str = "x", client: str | None = None, kind: str = "order") -> None:
    now = clerk.clock.now()
    data: dict[str, object] = {"code": "passing_valve"} if kind == "alarm" else {}
    await clerk.edge.writer.run(lambda db: news.tell(db, now, kind, subject, data, client))


async def newest(clerk: Clerk) -> int:
    return await clerk.edge.writer.read(news.newest)


async def test_a_browser_that_shows_all_is_told_nothing_but_that_it_is_live(clerk: Clerk) -> None:
    await happens(clerk)
    flow = opened(clerk, Role.OPERATOR).told(await newest(clerk))
    assert [m.partition(":")[0] for m in await told(flow, "event: beat")] == ["retry", "id"]


async def test_what_changed_after_the_last_id_is_shown_and_then_it_goes_on_live(clerk: Clerk) -> None:
    last = await newest(clerk)
    await happens(clerk, "meter-1", None, "alarm")
    flow = opened(clerk, Role.OPERATOR).told(last)
    shown = await told(flow, "event: beat")
    assert shown[1].startswith(f"id: {last + 1}\ndata: ")
    assert "Passing valve, or the wrong meter" in shown[1]
    waiting = asyncio.create_task(told(flow, "meter-2"))
    await asyncio.sleep(0)
    await happens(clerk, "meter-2", None, "alarm")
    (*_, message) = await waiting
    assert 'hx-target="#needs"' in message
    assert 'hx-target="#meters"' not in message, "what has not changed is not sent"


@pytest.mark.parametrize("behind", [FURTHEST_BEHIND + 1, -1])
async def test_a_browser_that_is_too_far_behind_or_ahead_fetches_the_page_anew(clerk: Clerk, behind: int) -> None:
    def many(db: Connection) -> None:
        for _ in range(FURTHEST_BEHIND + 2):
            news.tell(db, clerk.clock.now(), "order", "x", {}, None)

    await clerk.edge.writer.run(many)
    last = await newest(clerk)
    flow = opened(clerk, Role.OPERATOR).told(last - behind)
    assert (await told(flow, "event: beat"))[1] == f"id: {last}\nevent: resync\ndata: \n\n"


async def test_a_silent_house_says_that_it_is_still_there(clerk: Clerk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "BEAT_S", 0.01)
    flow = opened(clerk, Role.OPERATOR).told(0)
    for _ in range(3):
        assert (await told(flow, "event: beat"))[-1].endswith("event: beat\ndata: 10:00:00\n\n")


async def test_a_stream_ends_with_its_token_and_says_so(clerk: Clerk) -> None:
    flow = opened(clerk, Role.OPERATOR).told(0)
    await told(flow, "event: beat")
    identity = clerk.tokens[Role.OPERATOR].split(".")[0]
    await clerk.edge.writer.run(lambda db: revoke(db, identity, clerk.clock.now()))
    await happens(clerk, "secret", None, "alarm")
    said = await told(flow, "nothing more")
    assert said[-1] == "event: ended\ndata: \n\n"
    assert "secret" not in "".join(said)


async def test_streams_end_when_the_house_closes(clerk: Clerk) -> None:
    flow = opened(clerk, Role.OPERATOR).told(0)
    await told(flow, "event: beat")
    waiting = asyncio.create_task(told(flow, "nothing more"))
    await asyncio.sleep(0)
    clerk.edge.bell.close()
    assert await waiting == []


async def test_I10_a_client_is_shown_its_own_only(clerk: Clerk) -> None:
    flow = opened(clerk, Role.CLIENT_VIEWER).told(await newest(clerk))
    await told(flow, "event: beat")
    waiting = asyncio.create_task(told(flow, "meter-mine"))
    await asyncio.sleep(0)
    await happens(clerk, "meter-other", clerk.other, "alarm")
    await happens(clerk, "meter-house", None, "alarm")
    await happens(clerk, "meter-mine", clerk.mine, "alarm")
    text = "".join(await waiting)
    assert "meter-other" not in text
    assert "meter-house" not in text
