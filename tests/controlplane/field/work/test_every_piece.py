"""No act is completed without any one of the pieces that it requires; with all of them each is (F29, F30, LG12).

What is missing is refused by its code, and not one row of the database is changed by it.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from sqlalchemy import Connection, select

from controlplane.access.roles import Role
from controlplane.db import metadata
from controlplane.field.evidence.shots import View
from controlplane.field.work.needs import Kept
from controlplane.field.work.outcomes import OUTCOMES
from controlplane.field.work.required import House
from controlplane.policy.facts import Act
from protocols.types import ValvePosition
from protocols.uplink.crew import Photograph, Place, Register
from tests.controlplane.desk_clerk import Clerk
from tests.controlplane.field.evidence.pictures import jpeg, labels, scene
from tests.controlplane.hand import CLOSED, OPEN, Hand, order, pay

HOUSE = House(sealed_acts=frozenset({Act.SUSPEND, Act.LIMIT, Act.INTERRUPT, Act.REMOVE}), place=True)
HERE = Place(latitude=43.7695604, longitude=11.2558136, accuracy_m=4.5)
ALWAYS = (View.PLATE, View.REGISTER, View.BEFORE, View.AFTER)


class Case(NamedTuple):
    """An act at a medium, and how it leaves the valve."""

    act: Act
    medium: str
    left: ValvePosition

    @property
    def gives(self) -> bool:
        return self.act is Act.REACTIVATE

    @property
    def tested(self) -> bool:
        return self.gives and self.medium == "gas"


CASES = [
    Case(Act.SUSPEND, "water", CLOSED),
    Case(Act.LIMIT, "water", ValvePosition.LIMITED),
    Case(Act.REMOVE, "water", CLOSED),
    Case(Act.REACTIVATE, "water", OPEN),
    Case(Act.SUSPEND, "gas", CLOSED),
    Case(Act.INTERRUPT, "gas", CLOSED),
    Case(Act.REMOVE, "gas", CLOSED),
    Case(Act.REACTIVATE, "gas", OPEN),
]


@pytest.fixture
def clerk(database: str) -> Iterator[Clerk]:
    made = Clerk(database, needs=Kept(HOUSE))
    yield made
    made.close()


def views(case: Case) -> tuple[View, ...]:
    return (*ALWAYS, *([View.TEST] if case.tested else []), *([] if case.gives else [View.SEAL]))


def whole(clerk: Clerk, hand: Hand, case: Case, seal: str) -> dict[str, Any]:
    """A report that lacks nothing."""
    now = clerk.clock.now()
    put = {view: clerk.photograph(jpeg(scene(n), labels()), hand.who) for n, view in enumerate(views(case), 1)}
    return {
        "left": case.left,
        "found": CLOSED if case.gives else OPEN,
        "serial": "1",
        "register": Register(value="12.5", unit="m3"),
        "seals_applied": () if case.gives else (seal,),
        "photographs": tuple(Photograph(shot=view, digest=digest) for view, digest in put.items()),
        "checks": {"leak_check": "tight"} if case.tested else {},
        "place": HERE,
        "began_at": now - timedelta(seconds=60),
        "ended_at": now,
    }


def without(report: Mapping[str, Any], case: Case) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each piece taken away once, with the code that refuses what is left."""
    shots = report["photographs"]
    for gone in shots:
        kept = tuple(shot for shot in shots if shot is not gone)
        yield "shot_missing", {**report, "photographs": kept}
    yield "serial_missing", {**report, "serial": " - 0"}
    yield "index_missing", {**report, "register": None}
    yield "place_missing", {**report, "place": None}
    yield "times_wrong", {**report, "began_at": report["ended_at"] + timedelta(seconds=1)}
    yield "times_wrong", {**report, "ended_at": report["ended_at"] + timedelta(seconds=1)}
    yield "not_as_wanted", {**report, "left": ValvePosition.UNKNOWN}
    if not case.gives:
        yield "seal_missing", {**report, "seals_applied": ()}
    if case.tested:
        yield "leak_check_missing", {**report, "checks": {}}
        yield "leak_check_unknown", {**report, "checks": {"leak_check": "yes"}}


def rows(db: Connection) -> dict[str, list[Any]]:
    return {table.name: sorted(map(repr, db.execute(select(table)))) for table in metadata.sorted_tables}


@pytest.fixture
def hand(clerk: Clerk) -> Hand:
    """A crew with two seals in hand."""
    made = Hand(clerk, "mario")
    clerk.made("/field/seals", {"numbers": ["CB1", "CB2"]}, Role.OPERATOR)
    issue = {"numbers": ["CB1", "CB2"], "crew": made.crew}
    assert clerk.post(Role.OPERATOR, "/field/seals/issue", issue).status_code == 200
    return made


def offered(clerk: Clerk, hand: Hand, case: Case) -> dict[str, Any]:
    """A work order of the act; supply that is to be given back was taken by the same crew."""
    point = clerk.point(medium=case.medium)
    if case.gives:
        closing = Case(Act.SUSPEND, case.medium, CLOSED)
        clerk.order(point)
        taking = hand.offered()
        on_site(hand, taking, closing)
        assert hand.report(taking, **whole(clerk, hand, closing, "CB1")).status_code == 200
        pay(clerk, point)
        hand.permit = None
    else:
        clerk.order(point, case.act)
    work = hand.offered()
    assert work["kind"] == case.act
    return work


def on_site(hand: Hand, work: dict[str, Any], case: Case) -> None:
    """Its crew is there; a permit is granted where one is needed."""
    hand.on_site(work, CLOSED if case.gives else OPEN)
    assert case.gives or hand.ask(work).json()["granted"] is True


def told(answer: Any) -> list[str]:
    found = answer.json()
    return [finding["code"] for finding in found["findings"]] if "findings" in found else [found["code"]]


@pytest.mark.parametrize("case", CASES, ids=[f"{case.act}-{case.medium}" for case in CASES])
def test_F29_F30_LG12_each_act_needs_each_of_its_pieces(clerk: Clerk, hand: Hand, case: Case) -> None:
    work = offered(clerk, hand, case)
    on_site(hand, work, case)
    report = whole(clerk, hand, case, "CB2")
    with clerk.engine.connect() as db:
        before = rows(db)
    tried = list(without(report, case))
    for code, lacking in tried:
        answer = hand.report(work, **lacking)
        assert (answer.status_code, told(answer)) == (422, [code]), answer.text
        with clerk.engine.connect() as db:
            assert rows(db) == before, code
    assert len(tried) >= len(views(case)) + 6
    answer = hand.report(work, **report)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["ending"], answer.json()["doubts"]) == ("done", [])
    assert order(clerk, work["order"])["state"] == "completed"


def test_what_each_act_needs_is_told_to_who_prepares_it(clerk: Clerk, hand: Hand) -> None:
    answer = clerk.get(hand.who, "/field/requirements")
    assert answer.json() == clerk.get(Role.INTEGRATION, "/field/requirements").json()
    acts = {(told["act"], told["medium"]): told for told in answer.json()["acts"]}
    assert set(acts) == {(case.act, case.medium) for case in CASES} | {("limit", "gas")}
    for case in CASES:
        told = acts[case.act, case.medium]
        assert set(told["photographs"]) == set(views(case))
        assert set(told["pieces"]) == {"serial", "index", "place"} | (set() if case.gives else {"seal"})
        assert told["checks"] == ({"leak_check": "tight"} if case.tested else {})
    outcomes = {told["code"]: told for told in answer.json()["outcomes"]}
    assert {code: tuple(told["photographs"]) for code, told in outcomes.items()} == {
        code: outcome.shots for code, outcome in OUTCOMES.items()
    }
    assert (outcomes["nobody_home"]["next_step"], outcomes["nobody_home"]["after_two_visits"]) == (
        *("second_visit", "legal"),
    )


def test_what_is_missing_is_told_at_once_and_not_piece_by_piece(clerk: Clerk, hand: Hand) -> None:
    case = Case(Act.REACTIVATE, "gas", OPEN)
    work = offered(clerk, hand, case)
    on_site(hand, work, case)
    answer = hand.report(work, left=OPEN, found=CLOSED, serial="")
    pieces = {"serial_missing", "index_missing", "place_missing", "leak_check_missing"}
    assert set(told(answer)) == {"shot_missing"} | pieces
    assert told(answer).count("shot_missing") == len(views(case))
    assert "do the check" in answer.json()["detail"]


def test_supply_is_given_back_by_a_crew_that_has_said_what_it_found(clerk: Clerk, hand: Hand) -> None:
    case = Case(Act.REACTIVATE, "water", OPEN)
    work = offered(clerk, hand, case)
    assert hand.accept(work).status_code == 200
    report = whole(clerk, hand, case, "")
    with clerk.engine.connect() as db:
        before = rows(db)
    answer = hand.report(work, **report)
    assert (answer.status_code, told(answer)) == (409, ["not_arrived"])
    with clerk.engine.connect() as db:
        assert rows(db) == before
    assert hand.arrive(work, CLOSED).status_code == 200
    assert hand.report(work, **report).status_code == 200
    assert order(clerk, work["order"])["state"] == "completed"


def test_unless_the_house_asks_for_more_an_act_needs_no_seal_and_no_place(database: str) -> None:
    clerk = Clerk(database, needs=Kept())
    hand, case = Hand(clerk, "mario"), Case(Act.SUSPEND, "water", CLOSED)
    work = offered(clerk, hand, case)
    on_site(hand, work, case)
    report = {**whole(clerk, hand, case, ""), "seals_applied": (), "place": None}
    shots = tuple(shot for shot in report["photographs"] if shot.shot != View.SEAL)
    assert hand.report(work, **{**report, "photographs": shots}).status_code == 200
    assert order(clerk, work["order"])["state"] == "completed"
    clerk.close()
