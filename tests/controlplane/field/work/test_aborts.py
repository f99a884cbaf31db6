"""An act that was not done: each outcome with the photographs that show it (F27), and nobody blamed (F28)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from controlplane.access.roles import Role
from controlplane.field.evidence.shots import View
from controlplane.field.work import outcomes
from controlplane.field.work.needs import Kept
from controlplane.field.work.outcomes import INTERRUPTION, LEGAL, OUTCOMES, PLANNER, SECOND_VISIT, step
from controlplane.policy.facts import Act
from protocols.uplink.crew import Photograph
from tests.controlplane.desk_clerk import Clerk, refused
from tests.controlplane.field.evidence.pictures import jpeg, labels, scene
from tests.controlplane.hand import Hand, order

NO_CAMERA = {"payment_shown", "protected_person", "aggressive_customer", "unsafe", "leak_suspected"} | {
    *("permit_lapsed", "stopped")
}
"""People, or a danger: a camera makes it worse, or there is nothing to be seen."""


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


@pytest.mark.parametrize("code", [code for code, outcome in OUTCOMES.items() if outcome.shots])
def test_F27_an_outcome_that_a_photograph_shows_is_taken_only_with_it(
    clerk: Clerk, hand: Hand, work: dict[str, Any], code: str
) -> None:
    before = len(clerk.news())
    answer = hand.abort(work, code)
    refused(answer, 422, "evidence_missing")
    said = " ".join(finding["en"] for finding in answer.json()["findings"])
    assert all(view in said for view in OUTCOMES[code].shots)
    assert order(clerk, work["order"])["state"] == "permitted"
    assert len(clerk.news()) == before
    photographs = shots(clerk, hand, *OUTCOMES[code].shots)
    answer = hand.abort(work, code, photographs=photographs)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["ending"], order(clerk, work["order"])["state"]) == ("aborted", "planned")
    told = clerk.get(Role.PLANNER, f"/field/work-orders/{work['id']}").json()
    assert told["photographs"] == [{"shot": shot.shot, "sha256": shot.digest} for shot in photographs]
    assert hand.offered()["photographs"] == [], "another visit has its own"
    for shot in photographs:
        assert clerk.get(Role.CLIENT_VIEWER, f"/field/evidence/{shot.digest}").status_code == 200


@pytest.mark.parametrize("code", sorted(NO_CAMERA))
def test_F28_where_people_or_a_danger_are_the_reason_no_photograph_is_asked_for(
    hand: Hand, work: dict[str, Any], code: str
) -> None:
    assert hand.abort(work, code).status_code == 200


def test_an_aborts_photographs_come_before_it_and_show_a_known_view(hand: Hand, work: dict[str, Any]) -> None:
    nobody = (Photograph(shot="place", digest="0" * 64),)
    refused(hand.abort(work, "nobody_home", photographs=nobody), 422, "evidence_unknown")
    refused(hand.abort(work, "unsafe", photographs=nobody), 422, "evidence_unknown")
    refused(hand.abort(work, "dog", photographs=(Photograph(shot="selfie", digest="0" * 64),)), 422, "unknown_shot")


def test_G4_a_leak_is_told_whatever_its_account_lacks(clerk: Clerk, hand: Hand) -> None:
    clerk.order(clerk.point(medium="gas"))
    work = hand.offered()
    hand.on_site(work)
    real = shots(clerk, hand, "place")
    nobody = (Photograph(shot="place", digest="0" * 64), Photograph(shot="selfie", digest=real[0].digest))
    assert hand.abort(work, "leak_suspected", photographs=(*nobody, *real)).status_code == 200
    assert clerk.get(Role.CLIENT_VIEWER, f"/field/evidence/{real[0].digest}").status_code == 200


def test_F27_every_outcome_says_in_two_languages_what_it_is_and_has_a_next_step() -> None:
    assert {code for code, outcome in OUTCOMES.items() if not outcome.shots} == NO_CAMERA
    for code, outcome in OUTCOMES.items():
        assert outcomes.reason(code).en != outcomes.reason(code).it
        assert {outcome.next_step, outcome.afterwards} <= {SECOND_VISIT, PLANNER, LEGAL}
        assert set(outcome.shots) <= set(View)


@pytest.mark.parametrize(
    ("code", "visit", "gas", "act", "after"),
    [
        ("nobody_home", 1, False, Act.SUSPEND, SECOND_VISIT),
        ("nobody_home", 2, False, Act.SUSPEND, LEGAL),
        ("access_denied", 2, True, Act.SUSPEND, INTERRUPTION),
        ("access_denied", 1, True, Act.SUSPEND, SECOND_VISIT),
        ("access_denied", 2, True, Act.INTERRUPT, LEGAL),
        ("meter_inaccessible", 1, True, Act.SUSPEND, PLANNER),
        ("dog", 2, True, Act.SUSPEND, PLANNER),
    ],
)
def test_F27_gas_that_nobody_can_close_is_cut_off_upstream_before_it_is_a_matter_of_law(
    code: str, visit: int, gas: bool, act: Act, after: str
) -> None:
    assert step(code, visit, act, gas=gas) == after


def test_F27_after_the_second_visit_in_vain_the_suspension_of_gas_is_not_executed(clerk: Clerk, hand: Hand) -> None:
    asked = clerk.order(clerk.point(medium="gas"))
    for _ in range(2):
        work = hand.offered()
        hand.on_site(work)
        door = shots(clerk, hand, "place")
        assert hand.abort(work, "nobody_home", photographs=door).status_code == 200
    assert order(clerk, asked["id"])["state"] == "not_executed"
    assert [row.data["to"] for row in clerk.news() if row.type == "escalation"] == ["interruption"]


def test_the_operators_page_tells_of_every_outcome_with_its_photograph() -> None:
    page = Path("docs/operations.md").read_text(encoding="utf-8")
    told: dict[str, str] = {}
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        for code in cells[0].split(", "):
            if code.strip("`") in OUTCOMES and len(cells) == 2:
                told[code.strip("`")] = cells[1].split(":")[0].strip("`")
    assert told == {code: "".join(outcome.shots) or "none" for code, outcome in OUTCOMES.items()}
