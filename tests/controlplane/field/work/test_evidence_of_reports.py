"""An order can't be completed without what its act requires: shots that were put before, seals that are the crew's."""

from collections.abc import Iterator
from typing import Any

import pytest

from controlplane.access.roles import Role
from controlplane.field.work.needs import Kept
from protocols.uplink.crew import Photograph, Register
from tests.controlplane.desk_clerk import Clerk, refused
from tests.controlplane.field.evidence.pictures import jpeg, labels, scene
from tests.controlplane.hand import Hand, order


@pytest.fixture
def clerk(database: str) -> Iterator[Clerk]:
    made = Clerk(database, needs=Kept())
    yield made
    made.close()


@pytest.fixture
def hand(clerk: Clerk) -> Hand:
    return Hand(clerk, "mario")


@pytest.fixture
def work(clerk: Clerk, hand: Hand) -> dict[str, Any]:
    clerk.order(clerk.fixed)
    work = hand.offered()
    hand.on_site(work)
    assert hand.ask(work).json()["granted"] is True
    return work


def shots(clerk: Clerk, hand: Hand, *views: str) -> tuple[Photograph, ...]:
    return tuple(
        Photograph(shot=view, digest=clerk.photograph(jpeg(scene(n), labels()), hand.who))
        for n, view in enumerate(views, 1)
    )


def test_F29_missing_shots_refuse_the_report_and_nothing_moves(clerk: Clerk, hand: Hand, work: dict[str, Any]) -> None:
    some = shots(clerk, hand, "plate", "register", "before")
    answer = hand.report(work, photographs=some, register=Register(value="12.5", unit="m3"))
    refused(answer, 422, "evidence_missing")
    assert [finding["code"] for finding in answer.json()["findings"]] == ["shot_missing"]
    assert order(clerk, work["order"])["state"] == "permitted"
    refused(hand.report(work, photographs=(Photograph(shot="selfie", digest="0" * 64),)), 422, "unknown_shot")
    nobody = (Photograph(shot="plate", digest="0" * 64),)
    refused(hand.report(work, photographs=nobody), 422, "evidence_unknown")


def test_F31_a_report_completes_with_its_shots_and_the_crews_own_seal(
    clerk: Clerk, hand: Hand, work: dict[str, Any]
) -> None:
    all_of_it = shots(clerk, hand, "plate", "register", "before", "after", "seal")
    clerk.made("/field/seals", {"numbers": ["CB7"]}, Role.OPERATOR)
    sealed: dict[str, Any] = {
        "photographs": all_of_it,
        "seals_applied": ("CB7",),
        "register": Register(value="12.5", unit="m3"),
    }
    refused(hand.report(work, **sealed), 409, "seal_not_issued")
    assert order(clerk, work["order"])["state"] == "permitted", "refused as a whole"
    issue = {"numbers": ["CB7"], "crew": hand.crew}
    assert clerk.post(Role.OPERATOR, "/field/seals/issue", issue).status_code == 200
    assert hand.report(work, **sealed).status_code == 200
    assert order(clerk, work["order"])["state"] == "completed"
    seal = clerk.get(Role.OPERATOR, "/field/seals/CB7").json()
    assert (seal["state"], seal["supply_point"]) == ("applied", work["supply_point"])


def test_a_work_order_shows_its_photographs_and_what_was_found_about_them(
    clerk: Clerk, hand: Hand, work: dict[str, Any]
) -> None:
    all_of_it = shots(clerk, hand, "plate", "register", "before", "after")
    answer = hand.report(work, photographs=all_of_it, register=Register(value="12.5", unit="m3"))
    assert answer.status_code == 200, answer.text
    done = [entry["work_order"] for entry in hand.feed()["items"] if entry["type"] == "done"]
    for told in (answer.json(), clerk.get(Role.PLANNER, f"/field/work-orders/{work['id']}").json(), *done):
        assert {shot["shot"]: shot["sha256"] for shot in told["photographs"]} == {s.shot: s.digest for s in all_of_it}
        assert {(found["code"], found["weight"]) for found in told["findings"]} == {("taken_late", "told")}
        assert [found["digest"] for found in told["findings"]] == [shot.digest for shot in all_of_it]
    assert done
