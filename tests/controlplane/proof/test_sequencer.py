"""The sequencer: every step and every signed document of every order, once, chained, under a checkpoint that holds."""

from collections.abc import Iterator
from hashlib import sha256

import pytest
from sqlalchemy import select, update

from controlplane.db import reading as look
from controlplane.orders import documents
from controlplane.orders.models import order_events
from controlplane.problems import NotFoundError, UnprocessableError
from controlplane.proof import reading, sequencer
from controlplane.proof.models import log_checkpoints, log_entries
from protocols.proof import checkpoint, entry, log, tree
from protocols.types import Outcome
from protocols.uplink import codec
from protocols.uplink.keys import KeyRing
from protocols.uplink.messages import Body, Command, Permit, Receipt
from tests.controlplane.desk import KEY, Desk
from tests.controlplane.dialects import both
from tests.controlplane.proof.house import HOUSE, LOG, NAME, NOTARY, Logged

pytestmark = both


@pytest.fixture
def logged(database: str) -> Iterator[Logged]:
    made = Logged(Desk(database))
    yield made
    made.desk.engine.dispose()


def test_an_order_s_life_is_in_the_log_with_what_was_signed_for_it(logged: Logged) -> None:
    order = logged.desk.executed()
    logged.catch_up()
    logged.check()
    entries = [entry.decode(one.leaf) for one in logged.history(order.id)]
    told = [e.step.event if e.step else e.documents[0].kind for e in entries]
    assert told == [
        "entered",
        "allowed",
        "command",
        "dispatch",
        "permit",
        "permit_granted",
        "receipt",
        "proof",
        "window_ended",
    ]
    assert [e.actor for e in entries if e.documents] == ["control plane", "control plane", "cellar"]
    assert entries[0].facts["grounds"] == "default"
    assert entries[0].facts["notice_received_on"] == "2026-01-02"


def test_what_the_log_names_are_the_envelopes_themselves(logged: Logged) -> None:
    order = logged.desk.executed()
    logged.catch_up()
    named = {d.digest for one in logged.history(order.id) for d in entry.decode(one.leaf).documents}
    with look(logged.desk.engine) as db:
        kept = documents.of_order(db, order.id, HOUSE)
    assert {sha256(one.envelope).hexdigest() for one in kept} == named
    ring = KeyRing([HOUSE.public, KEY.public])
    kinds: tuple[type[Body], ...] = (Command, Permit, Receipt)
    assert [
        codec.open_signed(one.envelope, kind, ring).message.kind for one, kind in zip(kept, kinds, strict=True)
    ] == [kind.kind for kind in kinds]


def test_a_rule_s_reason_is_told_with_its_citation(logged: Logged) -> None:
    desk = logged.desk
    desk.stop("hold")
    order = desk.enter()
    logged.catch_up()
    steps = [e.step for one in logged.history(order.id) if (e := entry.decode(one.leaf)).step]
    assert steps[-1].after == desk.state(order)
    assert steps[-1].because is not None


def test_two_persons_are_told_as_two_persons(logged: Logged) -> None:
    order = logged.desk.enter()
    with logged.desk.engine.begin() as db:
        last = db.execute(select(order_events).order_by(order_events.c.id.desc())).first()
        assert last is not None
        named = {"event": "released_by_two", "actor": "Maria Rossi and Luca Bianchi"}
        db.execute(update(order_events).where(order_events.c.id == last.id).values(**named))
    logged.catch_up()
    assert entry.decode(logged.history(order.id)[-1].leaf).actor == "two persons"
    assert not any(b"Rossi" in leaf for leaf in logged.leaves())


def test_what_a_person_wrote_stays_out(logged: Logged) -> None:
    order = logged.desk.enter()
    with logged.desk.engine.begin() as db:
        written = {"code": "refused", "en": "A second person has refused it: Rossi is ill", "it": "x: Rossi"}
        named = {"event": "refused", "reason": written}
        db.execute(update(order_events).where(order_events.c.order == order.id).values(**named))
    logged.catch_up()
    assert not any(b"Rossi" in leaf for leaf in logged.leaves())


def test_a_gateway_s_refusal_is_not_told_as_a_second_person_s(logged: Logged) -> None:
    """Both bear one code."""
    desk = logged.desk
    order = desk.enter()
    desk.receipt(order.command, Outcome.REFUSED)
    logged.catch_up()
    whys = [e.step.because for one in logged.history(order.id) if (e := entry.decode(one.leaf)).step]
    (why,) = [why for why in whys if why is not None and why.code == "refused"]
    assert why.en == "The gateway reports: refused"


def test_nothing_is_taken_twice_and_nothing_signed_twice(logged: Logged) -> None:
    logged.desk.executed()
    assert logged.catch_up() == 9
    assert logged.catch_up() == 0
    with logged.desk.engine.begin() as db:
        assert sequencer.sequence(db, logged.source, NOTARY, logged.desk.clock.now()) == 0
        assert len(db.execute(select(log_checkpoints)).all()) == 1


def test_a_log_without_entries_is_signed_too(logged: Logged) -> None:
    logged.catch_up()
    assert logged.check().size == 0


def test_each_checkpoint_goes_on_from_the_one_before(logged: Logged) -> None:
    stands = []
    for _ in range(5):
        order = logged.desk.executed()
        logged.catch_up()
        stands.append(logged.check())
        logged.desk.stop("payment")
        back = logged.desk.giving()[-1]
        logged.desk.receipt(logged.desk.order(back).command)
        logged.desk.pass_s(300)
        assert order
    with look(logged.desk.engine) as db:
        for old in stands:
            for new in stands[stands.index(old) :]:
                path = reading.consistency(db, old.size, new.size)
                assert tree.consistent(old.size, old.root, new.size, new.root, path)


def test_a_batch_is_small_and_the_next_one_goes_on(logged: Logged, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequencer, "MOST_AT_ONCE", 3)
    logged.desk.executed()
    with logged.desk.engine.begin() as db:
        assert sequencer.sequence(db, logged.source, NOTARY, logged.desk.clock.now()) == 3
    assert logged.check().size == 3
    logged.catch_up()
    assert logged.check().size == 9


def test_a_restored_log_has_a_name_of_its_own_and_goes_on_with_its_entries(logged: Logged) -> None:
    logged.desk.executed()
    logged.catch_up()
    before = logged.check()
    logged.rename("two")
    logged.catch_up()
    after = logged.check()
    assert (after.size, after.root) == (before.size, before.root)
    assert {before.origin, after.origin} == {NAME, f"{NAME}/two"}


def test_a_checkpoint_is_signed_by_the_log_s_key_and_no_other(logged: Logged) -> None:
    logged.catch_up()
    with look(logged.desk.engine) as db:
        note = checkpoint.read(reading.newest(db, logged.origin).note)
    assert checkpoint.signers(note, [checkpoint.NoteKey(NAME, HOUSE.public)]) == ()
    assert checkpoint.signers(note, [checkpoint.NoteKey(NAME, LOG.public)]) == (NAME,)


def test_what_is_not_there_is_refused_in_words(logged: Logged) -> None:
    with look(logged.desk.engine) as db:
        with pytest.raises(NotFoundError, match="no checkpoint yet"):
            reading.newest(db, logged.origin)
        with pytest.raises(NotFoundError, match="nothing of this order yet"):
            reading.head(db, "ord_x")
        with pytest.raises(UnprocessableError, match="fewer than 1 entries"):
            reading.inclusion(db, 0, 1)
        with pytest.raises(UnprocessableError, match="fewer than 1 entries"):
            reading.consistency(db, 0, 1)
        with pytest.raises(UnprocessableError, match="not among the first 0"):
            reading.inclusion(db, 0, 0)


def test_a_changed_row_is_seen(logged: Logged) -> None:
    """Shows that `check` can fail: a rewritten entry, an entry put elsewhere, a newest one cut off."""
    logged.desk.executed()
    logged.catch_up()
    other = logged.leaves()[2]
    with logged.desk.engine.begin() as db:
        db.execute(update(log_entries).where(log_entries.c.number == 3).values(leaf=other))
    with pytest.raises(AssertionError):
        logged.check()


def test_the_stand_names_all_heads(logged: Logged) -> None:
    order = logged.desk.executed()
    logged.catch_up()
    stand = logged.stand()
    assert log.stand(stand.checkpoint()) == stand
    with look(logged.desk.engine) as db:
        head, _ = reading.head(db, order.id)
    assert head.entries == 9
