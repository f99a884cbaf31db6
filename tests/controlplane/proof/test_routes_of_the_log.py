"""The log's routes: open to anybody, and each answer checks out against a checkpoint that was kept before."""

from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from controlplane.orders import told
from controlplane.proof import sequencer
from controlplane.proof.models import log_entries
from controlplane.proof.sequencer import Notary
from protocols.proof import checkpoint, log, tree
from protocols.proof.checkpoint import NoteKey
from protocols.proof.log import Stand
from tests.controlplane.desk_clerk import HOUSE_KEY, Clerk, refused

NOTARY = Notary("curbstop", HOUSE_KEY, HOUSE_KEY.public)


@pytest.fixture(scope="module")
def clerk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clerk]:
    made = Clerk(f"sqlite:///{tmp_path_factory.mktemp('log') / 'house.sqlite'}")
    with made.engine.begin() as db:
        sequencer.begin_anew(db, "")
    yield made
    made.close()


def taken(clerk: Clerk) -> Stand:
    """Take what waits into the log, ask for its checkpoint as a stranger, and believe it."""
    with clerk.engine.begin() as db:
        sequencer.sequence(db, told.source(HOUSE_KEY), NOTARY, clerk.clock.now())
    answer = clerk.send(None, "GET", "/log/checkpoint")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    note = checkpoint.read(answer.content)
    assert checkpoint.signers(note, [NoteKey("curbstop", HOUSE_KEY.public)]) == ("curbstop",)
    return log.stand(note.checkpoint)


def proof(clerk: Clerk, path: str) -> list[bytes]:
    return [b64decode(step) for step in clerk.send(None, "GET", path).json()["proof"]]


@pytest.fixture(scope="module")
def stands(clerk: Clerk) -> list[Stand]:
    """The log as it was seen at five moments."""
    found = [taken(clerk)]
    for _ in range(4):
        clerk.order(clerk.point(clerk.mine))
        found.append(taken(clerk))
    return found


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_a_stranger_can_check_that_nothing_was_taken_back(
    clerk: Clerk, stands: list[Stand], data: st.DataObject
) -> None:
    old, new = sorted((data.draw(st.sampled_from(stands)), data.draw(st.sampled_from(stands))), key=lambda s: s.size)
    path = proof(clerk, f"/log/consistency?old={old.size}&new={new.size}")
    assert tree.consistent(old.size, old.root, new.size, new.root, path)
    if old.size not in (0, new.size):
        assert not tree.consistent(old.size, bytes(32), new.size, new.root, path)


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_a_stranger_can_check_that_an_entry_is_there(clerk: Clerk, stands: list[Stand], data: st.DataObject) -> None:
    stand = data.draw(st.sampled_from(stands[1:]))
    index = data.draw(st.integers(0, stand.size - 1))
    with clerk.engine.connect() as db:
        leaf = db.execute(select(log_entries.c.leaf).where(log_entries.c.number == index)).scalar_one()
    path = proof(clerk, f"/log/inclusion?index={index}&size={stand.size}")
    assert tree.includes(stand.root, stand.size, index, tree.leaf_hash(leaf), path)
    assert not tree.includes(stand.root, stand.size, index, tree.leaf_hash(leaf + b" "), path)


def test_what_the_log_does_not_reach_is_refused(clerk: Clerk, stands: list[Stand]) -> None:
    size = stands[-1].size
    refused(clerk.send(None, "GET", f"/log/inclusion?index={size}&size={size}"), 422, "not_in_log")
    refused(clerk.send(None, "GET", f"/log/consistency?old=1&new={size + 1}"), 422, "not_in_log")
    refused(clerk.send(None, "GET", f"/log/consistency?old={size}&new=1"), 422, "not_in_log")
    refused(clerk.send(None, "GET", "/log/inclusion?index=-1&size=1"), 422, "invalid_request")


def test_a_log_that_has_not_begun_has_no_checkpoint(tmp_path: Path) -> None:
    clerk = Clerk(f"sqlite:///{tmp_path / 'house.sqlite'}")
    refused(clerk.send(None, "GET", "/log/checkpoint"), 404, "not_found")
    with clerk.engine.begin() as db:
        sequencer.begin_anew(db, "")
    refused(clerk.send(None, "GET", "/log/checkpoint"), 404, "not_found")
    clerk.close()
