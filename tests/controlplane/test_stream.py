"""Events: replayed from where a reader stopped, live after that, each to whom it belongs, and ended when they must."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from controlplane import news, stream
from controlplane.access.roles import Role
from controlplane.access.service import principal, revoke
from tests.controlplane.desk_clerk import Clerk

WITHIN_S = 5


def opened(clerk: Clerk, role: str, last: int) -> AsyncIterator[str]:
    header = f"Bearer {clerk.tokens[role]}"
    with clerk.engine.connect() as db:
        who = principal(db, header, clerk.clock.now())
    clerk.edge.writer.on_commit(clerk.edge.bell.ring)
    return stream.stream(clerk.edge, who, header, last)


async def told(flow: AsyncIterator[str], count: int) -> list[dict[str, Any]]:
    """The next events, without hints and comments."""
    found: list[dict[str, Any]] = []
    async with asyncio.timeout(WITHIN_S):
        while len(found) < count:
            lines = dict(line.split(": ", 1) for line in (await anext(flow)).strip().split("\n") if ": " in line)
            if "data" in lines:
                document = json.loads(lines["data"])
                assert lines["id"] == str(document["id"])
                assert lines["event"] == document["type"]
                found.append(document)
    return found


async def happens(clerk: Clerk, subject: str, client: str | None) -> None:
    now = clerk.clock.now()
    await clerk.edge.writer.run(lambda db: news.tell(db, now, "order", subject, {"n": 1}, client))


async def test_what_happened_after_the_last_id_is_replayed_and_then_it_goes_on_live(clerk: Clerk) -> None:
    for subject in "abc":
        await happens(clerk, subject, clerk.mine)
    flow = opened(clerk, Role.OPERATOR, 1)
    assert [e["subject"] for e in await told(flow, 2)] == ["b", "c"]
    waiting = asyncio.create_task(told(flow, 1))
    await asyncio.sleep(0)
    await happens(clerk, "d", None)
    assert [e["subject"] for e in await waiting] == ["d"]


async def test_I10_a_client_hears_of_its_own_only(clerk: Clerk) -> None:
    for subject, client in (("mine", clerk.mine), ("other", clerk.other), ("house", None), ("mine again", clerk.mine)):
        await happens(clerk, subject, client)
    flow = opened(clerk, Role.CLIENT_VIEWER, 0)
    assert [e["subject"] for e in await told(flow, 2)] == ["mine", "mine again"]


async def test_a_silent_house_says_that_it_is_still_there(clerk: Clerk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "SILENCE_S", 0.01)
    flow = opened(clerk, Role.OPERATOR, 0)
    assert (await anext(flow)).startswith("retry: ")
    assert await anext(flow) == ": still here\n\n"


async def test_streams_end_when_the_house_closes(clerk: Clerk) -> None:
    flow = opened(clerk, Role.OPERATOR, 0)
    await anext(flow)
    waiting = asyncio.create_task(told(flow, 1))
    await asyncio.sleep(0)
    clerk.edge.bell.close()
    with pytest.raises(StopAsyncIteration):
        await waiting


async def test_a_stream_ends_with_its_token(clerk: Clerk) -> None:
    flow = opened(clerk, Role.OPERATOR, 0)
    await anext(flow)
    identity = clerk.tokens[Role.OPERATOR].split(".")[0]
    await clerk.edge.writer.run(lambda db: revoke(db, identity, clerk.clock.now()))
    await happens(clerk, "secret", None)
    with pytest.raises(StopAsyncIteration):
        await anext(flow)


@pytest.mark.parametrize(("header", "after", "place"), [("7", None, 7), ("7", 3, 7), ("x", 3, 3), (None, None, None)])
def test_where_a_reader_goes_on(header: str | None, after: int | None, place: int | None) -> None:
    assert stream._place(header, after) == place
    assert stream._place("9" * 40, None) is None
