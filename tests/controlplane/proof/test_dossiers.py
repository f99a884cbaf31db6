"""A dossier of a real order: assembled from the tables, it holds under the right keys and under no others."""

from collections.abc import Iterator

import pytest
from sqlalchemy import update

from controlplane.db import reading as look
from controlplane.dossiers.assembling import material
from controlplane.orders.life import Order
from controlplane.orders.models import order_documents
from controlplane.problems import NotFoundError, UnprocessableError
from protocols.proof import checkpoint, dossier
from protocols.proof.known import Key, Keys, Role
from protocols.proof.verdict import Outcome
from protocols.proof.verify import verify
from protocols.uplink.keys import SigningKey
from tests.controlplane.desk import KEY, Desk
from tests.controlplane.dialects import both
from tests.controlplane.proof.house import HOUSE, LOG, NAME, NOTARY, Logged

pytestmark = both
KNOWN = (
    Key(Role.LOG, NAME, LOG.public),
    Key(Role.HOUSE, "house", HOUSE.public),
    Key(Role.GATEWAY, "cellar", KEY.public),
)

NEW_HOUSE = SigningKey(b"N" * 32)


@pytest.fixture
def logged(database: str) -> Iterator[Logged]:
    made = Logged(Desk(database))
    yield made
    made.desk.engine.dispose()


def written(logged: Logged, order: str, house: SigningKey = HOUSE) -> bytes:
    logged.catch_up()
    with look(logged.desk.engine) as db:
        parts = material(db, order, NOTARY, house)
    return dossier.build(parts, LOG, logged.desk.clock.now(), "curbstop test")


def done(logged: Logged) -> str:
    """An order that a gateway has carried out, with the permit that it names."""
    return told(logged, logged.desk.permitted())


def told(logged: Logged, order: Order) -> str:
    desk = logged.desk
    desk.receipt(desk.order(order).command, permit=desk.sent("permit")[-1].digest)
    return order.id


def test_it_holds_under_the_keys_of_all_who_signed(logged: Logged) -> None:
    file = written(logged, done(logged))
    verdict = verify(file, Keys(KNOWN))
    assert verdict.outcome is Outcome.HOLDS, [check for check in verdict.checks if check.outcome is not Outcome.HOLDS]


def test_I9_what_the_log_has_named_holds_though_the_house_has_another_key(logged: Logged) -> None:
    order = done(logged)
    file = written(logged, order, NEW_HOUSE)
    verdict = verify(file, Keys(KNOWN))
    assert verdict.outcome is Outcome.HOLDS, [check for check in verdict.checks if check.outcome is not Outcome.HOLDS]
    with look(logged.desk.engine) as db:
        claims = material(db, order, NOTARY, NEW_HOUSE).claims
    assert [one.public for one in claims if one.role is Role.HOUSE] == [HOUSE.public.hex(), NEW_HOUSE.public.hex()]


def test_I9_signatures_are_kept_of_what_was_named_before_they_were(logged: Logged) -> None:
    order = done(logged)
    logged.catch_up()
    with logged.desk.engine.begin() as db:
        db.execute(update(order_documents).values(keyid=None, signature=None))
    assert verify(written(logged, order, NEW_HOUSE), Keys(KNOWN)).outcome is not Outcome.HOLDS
    logged.desk.stop("payment")
    logged.catch_up()
    assert verify(written(logged, order, NEW_HOUSE), Keys(KNOWN)).outcome is Outcome.HOLDS


def test_without_keys_nobody_is_believed(logged: Logged) -> None:
    file = written(logged, done(logged))
    assert verify(file).outcome is Outcome.KEY_UNKNOWN
    for missing in KNOWN:
        assert verify(file, Keys(key for key in KNOWN if key is not missing)).outcome is Outcome.KEY_UNKNOWN


def test_a_running_order_is_told_as_running(logged: Logged) -> None:
    file = written(logged, logged.desk.permitted().id)
    assert verify(file, Keys(KNOWN)).outcome is Outcome.INCOMPLETE


def test_it_grows_with_the_log_and_earlier_checkpoints_fit_it(logged: Logged) -> None:
    order = logged.desk.permitted()
    logged.catch_up()
    with look(logged.desk.engine) as db:
        early = checkpoint.read(material(db, order.id, NOTARY, HOUSE).checkpoints[-1])
    told(logged, order)
    logged.catch_up()
    logged.desk.stop("payment")
    file = written(logged, order.id)
    verdict = verify(file, Keys(KNOWN), [early])
    assert verdict.outcome is Outcome.HOLDS, verdict.checks
    assert "published" in {check.code for check in verdict.checks}


def test_a_checkpoint_that_somebody_kept_is_put_in_when_it_is_asked_for(logged: Logged) -> None:
    logged.catch_up()
    size = logged.stand().size
    order = done(logged)
    logged.catch_up()
    with look(logged.desk.engine) as db:
        plain, with_it = (material(db, order, NOTARY, HOUSE, also=also) for also in ((), (size,)))
        assert len(with_it.checkpoints) == len(plain.checkpoints) + 1
        with pytest.raises(UnprocessableError, match="no checkpoint of 1 entries"):
            material(db, order, NOTARY, HOUSE, also=(1,))
    kept = checkpoint.read(with_it.checkpoints[0])
    file = dossier.build(with_it, LOG, logged.desk.clock.now(), "curbstop test")
    assert kept.checkpoint.size == size
    assert verify(file, Keys(KNOWN), [kept]).outcome is Outcome.HOLDS


def test_an_order_that_the_log_has_nothing_of_has_no_dossier(logged: Logged) -> None:
    logged.catch_up()
    with look(logged.desk.engine) as db, pytest.raises(NotFoundError, match="nothing of this order yet"):
        material(db, "ord_x", NOTARY, HOUSE)


def test_it_is_the_same_file_each_time(logged: Logged) -> None:
    order = done(logged)
    assert written(logged, order) == written(logged, order)


def test_an_act_without_a_permit_is_told_by_the_proof_too(logged: Logged) -> None:
    file = written(logged, logged.desk.executed().id)
    verdict = verify(file, Keys(KNOWN))
    assert "permit_contradicted" in {check.code for check in verdict.checks}
