"""The route of dossiers: who may have one, and that what is handed out holds, with the photographs of a crew."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from controlplane.access.roles import Role
from controlplane.proof import sequencer
from controlplane.proof.models import log_entries
from protocols.proof import dossier
from protocols.proof.known import Key, Keys
from protocols.proof.known import Role as Signs
from protocols.proof.verdict import Outcome
from protocols.proof.verify import verify
from tests.controlplane.desk_clerk import HOUSE_KEY, Clerk, refused

KNOWN = Keys([Key(Signs.LOG, "curbstop", HOUSE_KEY.public), Key(Signs.HOUSE, "house", HOUSE_KEY.public)])


@pytest.fixture
def clerk(tmp_path: Path) -> Iterator[Clerk]:
    made = Clerk(f"sqlite:///{tmp_path / 'house.sqlite'}")
    with made.engine.begin() as db:
        sequencer.begin_anew(db, "")
    yield made
    made.close()


def test_what_has_just_happened_is_in_it(clerk: Clerk) -> None:
    order = clerk.order(clerk.point(clerk.mine))["id"]
    answer = clerk.get(Role.CLIENT_VIEWER, f"/orders/{order}/dossier")
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"] == f'attachment; filename="{order}.zip"'
    verdict = verify(answer.content, KNOWN)
    assert verdict.order == order
    assert verdict.outcome is Outcome.INCOMPLETE, verdict.checks
    steps = clerk.get(Role.OPERATOR, f"/orders/{order}").json()["timeline"]
    told = [e.step for e in dossier.open_(answer.content).contents.entries if e.step]
    assert [step.after for step in told] == [step["state"] for step in steps]


def test_a_checkpoint_that_was_never_signed_is_refused(clerk: Clerk) -> None:
    order = clerk.order(clerk.point(clerk.mine))["id"]
    refused(clerk.get(Role.OPERATOR, f"/orders/{order}/dossier?checkpoint=999"), 422, "not_in_log")


def test_a_damaged_log_is_told_and_proves_nothing(clerk: Clerk) -> None:
    order = clerk.order(clerk.point(clerk.mine))["id"]
    clerk.get(Role.OPERATOR, f"/orders/{order}/dossier")
    with clerk.engine.begin() as db:
        db.execute(update(log_entries).values(leaf=b"{"))
    refused(clerk.get(Role.OPERATOR, f"/orders/{order}/dossier"), 503, "log_damaged")


@pytest.mark.parametrize("role", [Role.PLANNER, Role.VENDOR, Role.CREW])
def test_who_sees_no_photographs_has_no_dossier(clerk: Clerk, role: Role) -> None:
    order = clerk.order(clerk.point(clerk.mine))["id"]
    refused(clerk.get(role, f"/orders/{order}/dossier"), 403, "forbidden")


def test_I10_another_client_s_order_is_not_found(clerk: Clerk) -> None:
    order = clerk.order(clerk.point(clerk.mine))["id"]
    refused(clerk.send("other-client_viewer", "GET", f"/orders/{order}/dossier"), 404, "not_found")
    refused(clerk.get(Role.OPERATOR, "/orders/ord_none/dossier"), 404, "not_found")
