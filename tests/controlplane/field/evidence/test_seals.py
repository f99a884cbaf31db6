"""Seals: each number once, in one crew's hands, put on once and taken off once, whoever comes at the same moment."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, insert

from controlplane.access.roles import Role
from controlplane.db import make_engine
from controlplane.field.enrolment.models import crews
from controlplane.field.evidence.seals import service
from controlplane.field.evidence.seals.service import By
from controlplane.problems import RefusalError
from tests.controlplane.desk_clerk import Clerk, refused
from tests.controlplane.dialects import both

pytestmark = both


@pytest.fixture(autouse=True)
def two_crews(clerk: Clerk) -> None:
    with clerk.engine.begin() as db:
        for name in ("blue", "red"):
            row = {"id": name, "name": name, "created_at": clerk.clock.now(), "created_by": "test"}
            db.execute(insert(crews).values(**row, clients=None))


def by(clerk: Clerk, crew: str | None = "blue") -> By:
    return By(clerk.clock.now(), "the crew's device", crew, "ord_1")


def issued(clerk: Clerk, *seals: str, crew: str = "blue") -> None:
    clerk.made("/field/seals", {"numbers": list(seals)}, Role.OPERATOR)
    assert clerk.post(Role.OPERATOR, "/field/seals/issue", {"numbers": list(seals), "crew": crew}).status_code == 200


def code(clerk: Clerk, verb: Callable[..., None], *what: Any) -> str | None:
    """Do it in a transaction of its own; the code of the refusal, None where it was done."""
    try:
        with clerk.engine.begin() as db:
            verb(db, *what)
    except RefusalError as error:
        return error.code
    return None


def test_a_seal_is_put_on_once_and_taken_off_once(clerk: Clerk) -> None:
    here, there = clerk.point(), clerk.point()
    issued(clerk, "CB1")
    assert code(clerk, service.remove, by(clerk), "CB1", here) == "seal_not_applied"
    assert code(clerk, service.apply, by(clerk, "red"), "CB1", here) == "seal_not_issued"
    assert code(clerk, service.apply, by(clerk, None), "CB1", here) == "seal_not_issued"
    assert code(clerk, service.apply, by(clerk), " cb 1", here) is None
    assert code(clerk, service.apply, by(clerk), "CB1", here) == "seal_applied"
    assert code(clerk, service.apply, by(clerk), "CB1", there) == "seal_applied"
    assert code(clerk, service.remove, by(clerk), "CB1", there) == "seal_elsewhere"
    assert code(clerk, service.remove, by(clerk, "red"), "CB1", here) is None
    assert code(clerk, service.remove, by(clerk), "CB1", here) == "seal_removed"
    assert code(clerk, service.apply, by(clerk), "CB1", here) == "seal_removed"
    told = clerk.get(Role.OPERATOR, "/field/seals/CB1").json()
    assert (told["state"], told["supply_point"]) == ("removed", here)
    assert [e["event"] for e in told["history"]] == ["registered", "issued", "applied", "removed"]
    events = clerk.get(Role.CLIENT_VIEWER, f"/supply-points/{here}/seals").json()["items"]
    assert [(e["event"], e["crew"], e["order"]) for e in events] == [
        ("applied", "blue", "ord_1"),
        ("removed", "red", "ord_1"),
    ]
    assert clerk.get(Role.CLIENT_VIEWER, f"/supply-points/{there}/seals").json()["items"] == []


def test_a_number_nobody_registered_and_one_that_is_no_number_are_refused(clerk: Clerk) -> None:
    for verb in (service.apply, service.remove):
        assert code(clerk, verb, by(clerk), "CB9", clerk.fixed) == "unknown_seal"
        for number in ("", " ", "-1", "CB 1;", "x" * 33, "CB\0"):
            assert code(clerk, verb, by(clerk), number, clerk.fixed) == "bad_seal"


def test_a_lost_seal_is_never_put_on_and_one_that_hangs_is_not_lost(clerk: Clerk) -> None:
    issued(clerk, "CB1", "CB2")
    assert clerk.post(Role.OPERATOR, "/field/seals/CB1/void", {"reason": "lost"}).json()["state"] == "void"
    assert code(clerk, service.apply, by(clerk), "CB1", clerk.fixed) == "seal_void"
    refused(clerk.post(Role.OPERATOR, "/field/seals/CB1/void", {"reason": "lost"}), 409, "seal_gone")
    assert code(clerk, service.apply, by(clerk), "CB2", clerk.fixed) is None
    refused(clerk.post(Role.OPERATOR, "/field/seals/CB2/void", {"reason": "lost"}), 409, "seal_gone")
    refused(clerk.post(Role.OPERATOR, "/field/seals/CB3/void", {"reason": "lost"}), 404, "not_found")


def test_seals_are_entered_as_a_list_or_a_range_all_or_none(clerk: Clerk) -> None:
    batch = {"range": {"prefix": "cb", "first": 9, "last": 11, "digits": 3}}
    assert clerk.made("/field/seals", batch) == {"count": 3, "first": "CB009", "last": "CB011"}
    refused(clerk.post(Role.ADMIN, "/field/seals", {"numbers": ["CB012", "cb 011"]}), 409, "seal_taken")
    refused(clerk.get(Role.ADMIN, "/field/seals/CB012"), 404, "not_found")
    for bad in (
        {},
        {"numbers": ["A"], "range": batch["range"]},
        {"range": {"first": 2, "last": 1, "digits": 3}},
        {"range": {"first": 1, "last": 1000, "digits": 3}},
        {"numbers": ["a b/c"]},
    ):
        refused(clerk.post(Role.ADMIN, "/field/seals", bad), 422, "bad_seal")
    many = {"range": {"first": 1, "last": 5001, "digits": 6}}
    refused(clerk.post(Role.ADMIN, "/field/seals", many), 422, "too_many_seals")
    listed = clerk.get(Role.AUDITOR, "/field/seals?state=in_store&limit=2").json()
    assert [item["number"] for item in listed["items"]] == ["CB009", "CB010"]


def test_issuing_is_all_or_none_and_hands_on_what_another_crew_has(clerk: Clerk) -> None:
    issued(clerk, "A1", "A2", "A3")
    assert code(clerk, service.apply, by(clerk), "A1", clerk.fixed) is None
    body = {"numbers": ["A2", "A1"], "crew": "red"}
    refused(clerk.post(Role.ADMIN, "/field/seals/issue", body), 409, "seal_gone")
    refused(clerk.post(Role.ADMIN, "/field/seals/issue", {**body, "numbers": ["A2", "A9"]}), 422, "unknown_seal")
    mine = clerk.get(Role.ADMIN, "/field/seals?crew=blue").json()["items"]
    assert [item["number"] for item in mine] == ["A2", "A3"]
    assert clerk.post(Role.ADMIN, "/field/seals/issue", {**body, "numbers": ["A2"]}).status_code == 200
    assert code(clerk, service.apply, by(clerk), "A2", clerk.fixed) == "seal_not_issued"
    assert code(clerk, service.apply, by(clerk, "red"), "A2", clerk.fixed) is None


def test_seals_are_issued_to_a_crew_that_is_there_and_to_no_other(clerk: Clerk) -> None:
    clerk.made("/field/seals", {"numbers": ["A1"]})
    answer = clerk.post(Role.OPERATOR, "/field/seals/issue", {"numbers": ["A1"], "crew": "green"})
    refused(answer, 422, "unknown_crew")
    assert "green" in answer.json()["detail"]
    told = clerk.get(Role.ADMIN, "/field/seals/A1").json()
    assert (told["state"], told["crew"], len(told["history"])) == ("in_store", None, 1)


def test_seals_that_hang_already_are_entered_where_they_hang(clerk: Clerk) -> None:
    clerk.made("/field/seals", {"numbers": ["OLD-1"], "standing_at": clerk.fixed})
    refused(
        clerk.post(Role.ADMIN, "/field/seals", {"numbers": ["OLD-2"], "standing_at": "pt_none"}),
        422,
        "unknown_supply_point",
    )
    assert code(clerk, service.remove, by(clerk), "OLD-1", clerk.fixed) is None


def at_once(url: str, verbs: list[Callable[[Connection], None]]) -> list[str | None]:
    """Do each in a thread and a connection of its own, all begun at the same moment."""
    start, found = threading.Barrier(len(verbs)), [None] * len(verbs)

    def work(n: int) -> None:
        engine = make_engine(url)
        start.wait()
        try:
            with engine.begin() as db:
                verbs[n](db)
        except RefusalError as error:
            found[n] = error.code  # type: ignore[call-overload]
        engine.dispose()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(len(verbs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return list(found)


def test_of_many_who_put_one_seal_on_at_the_same_moment_one_does(clerk: Clerk) -> None:
    points = [clerk.point() for _ in range(4)]
    issued(clerk, "CB1")
    found = at_once(clerk.url, [lambda db, p=p: service.apply(db, by(clerk), "CB1", p) for p in points])  # type: ignore[misc]
    assert sorted(str(f) for f in found) == ["None", "seal_applied", "seal_applied", "seal_applied"]
    history = clerk.get(Role.ADMIN, "/field/seals/CB1").json()["history"]
    assert [e["event"] for e in history].count("applied") == 1


def test_of_many_who_take_one_seal_off_at_the_same_moment_one_does(clerk: Clerk) -> None:
    issued(clerk, "CB1")
    assert code(clerk, service.apply, by(clerk), "CB1", clerk.fixed) is None
    found = at_once(clerk.url, [lambda db: service.remove(db, by(clerk), "CB1", clerk.fixed)] * 4)
    assert sorted(str(f) for f in found) == ["None", "seal_removed", "seal_removed", "seal_removed"]
