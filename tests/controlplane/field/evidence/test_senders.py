"""What a crew has sent is the crew's, whichever of its devices asks (I10); and no crew sends more than a day takes."""

from hashlib import sha256
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select, text

from controlplane.access.roles import Role
from controlplane.access.service import Wish, make_token
from controlplane.db import make_engine
from controlplane.field.evidence.models import evidence_sent
from controlplane.field.evidence.senders import Quota, Sender
from controlplane.field.evidence.service import sent
from controlplane.migrations.upgrade import upgrade
from simulators.chance import SeededEntropy
from tests.controlplane.desk_clerk import Clerk, refused
from tests.controlplane.dialects import both
from tests.controlplane.field.evidence.pictures import jpeg, labels, scene
from tests.controlplane.hand import Hand
from tests.controlplane.house import Hands
from tests.controlplane.test_migrations import to

PDF = b"%PDF-1.7\n%%EOF\n"


def put(clerk: Clerk, content: bytes, who: str) -> httpx.Response:
    return clerk.send(who, "PUT", f"/field/evidence/{sha256(content).hexdigest()}", content)


def sees(clerk: Clerk, who: str, digest: str) -> bool:
    found = {clerk.get(who, f"/field/evidence/{digest}{rest}").status_code for rest in ("", "/facts", "/thumbnail")}
    assert found in ({200}, {404})
    return found == {200}


@both
def test_I10_a_crew_that_has_a_new_device_and_token_sees_what_it_has_sent_and_no_other_crew_does(clerk: Clerk) -> None:
    old = Hand(clerk, "mario")
    digest = clerk.photograph(jpeg(scene(1), labels()), "mario")
    new, mate = Hand(clerk, "mario-2", crew=old.crew), Hand(clerk, "luigi", crew=old.crew)
    stranger, unapproved = Hand(clerk, "wario"), Hand(clerk, "peach", crew=old.crew, approved=False)
    assert [sees(clerk, hand.who, digest) for hand in (old, new, mate)] == [True] * 3
    assert [sees(clerk, hand.who, digest) for hand in (stranger, unapproved)] == [False] * 2
    unapproved.approve()
    assert sees(clerk, unapproved.who, digest)
    revoked = {"reason": "lost in the canal"}
    assert clerk.post(Role.OPERATOR, f"/field/devices/{mate.id}/revoke", revoked).status_code == 200
    assert not sees(clerk, mate.who, digest)


def test_what_came_before_a_device_was_approved_is_its_senders_and_the_crews_when_it_is_sent_again(
    clerk: Clerk,
) -> None:
    first = Hand(clerk, "mario", approved=False)
    content = jpeg(scene(1), labels())
    digest = clerk.photograph(content, "mario")
    mate = Hand(clerk, "luigi", crew=first.crew)
    first.approve()
    assert [sees(clerk, who, digest) for who in ("mario", "luigi")] == [True, False]
    assert put(clerk, content, "mario").status_code == 200
    assert sees(clerk, mate.who, digest)


def test_a_renewed_token_without_a_device_sees_nothing_of_a_crew(clerk: Clerk) -> None:
    Hand(clerk, "mario")
    digest = clerk.photograph(PDF, "mario")
    with clerk.engine.begin() as db:
        made = make_token(db, clerk.clock, SeededEntropy(3), Wish("nobody's", Role.CREW), "test")
    clerk.tokens["nobody's"] = made.secret
    assert clerk.get("nobody's", f"/field/evidence/{digest}").status_code == 404


def test_a_photograph_that_a_mate_has_sent_serves_the_crews_report(clerk: Clerk) -> None:
    mario = Hand(clerk, "mario")
    Hand(clerk, "luigi", crew=mario.crew)
    digest = clerk.photograph(PDF, "luigi")
    with clerk.engine.connect() as db:
        assert list(sent(db, [digest], Sender("tok_new", mario.crew))) == [digest]
        assert list(sent(db, [digest], Sender("tok_new"))) == []


# -- how much a day takes


def pdf(n: int) -> bytes:
    return PDF + str(n).encode()


@both
def test_a_crew_sends_so_many_files_a_day_with_all_its_devices(clerk: Clerk) -> None:
    clerk.intake.quota = Quota(files=3)
    one = Hand(clerk, "mario")
    Hand(clerk, "luigi", crew=one.crew)
    Hand(clerk, "wario")
    assert [put(clerk, pdf(n), ("mario", "luigi")[n % 2]).status_code for n in range(3)] == [201] * 3
    answer = put(clerk, pdf(3), "luigi")
    refused(answer, 429, "evidence_quota")
    assert answer.headers["retry-after"] == "86400"
    assert all(part in answer.json()["detail"] for part in ("3 files", "evidence.files_per_day", "2026-03-03"))
    assert not clerk.intake.store.path(sha256(pdf(3)).hexdigest()).exists()
    for who, status in (("luigi", 200), ("mario", 201), ("mario", 200)):
        assert put(clerk, pdf(1), who).status_code == status, "what the crew has sent before is no more of it"
    assert put(clerk, pdf(3), "wario").status_code == 201, "another crew has its own day"
    assert put(clerk, pdf(4), Role.OPERATOR).status_code == 201
    clerk.clock.run(86400)
    assert put(clerk, pdf(5), "luigi").status_code == 201


def test_a_crew_sends_so_many_bytes_a_day(clerk: Clerk) -> None:
    size = len(pdf(0))
    clerk.intake.quota = Quota(bytes=2 * size)
    Hand(clerk, "mario")
    assert [put(clerk, pdf(n), "mario").status_code for n in range(2)] == [201] * 2
    refused(put(clerk, pdf(2), "mario"), 429, "evidence_quota")
    clerk.intake.quota = Quota(bytes=3 * size - 1)
    refused(put(clerk, pdf(2), "mario"), 429, "evidence_quota")
    clerk.intake.quota = Quota(bytes=3 * size)
    assert put(clerk, pdf(2), "mario").status_code == 201


def test_who_has_no_crew_is_counted_alone(clerk: Clerk) -> None:
    clerk.intake.quota = Quota(files=1)
    for who in (Role.CREW, Role.OPERATOR):
        assert put(clerk, pdf(1), who).status_code == 201
        refused(put(clerk, pdf(2), who), 429, "evidence_quota")


def test_what_was_sent_before_crews_had_their_evidence_is_its_crews_after_the_migration(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'house.sqlite'}")
    to(engine, "0012")
    clock = Hands()
    at = {"at": clock.now().strftime("%F %T")}
    with engine.begin() as db:
        entropy, roles = SeededEntropy(3), {"mario": Role.CREW, "peach": Role.CREW, "operator": Role.OPERATOR}
        ids = {
            name: make_token(db, clock, entropy, Wish(name, role), "test").secret.split(".")[0]
            for name, role in roles.items()
        }
        db.execute(text("INSERT INTO crews VALUES ('crw_1', 'c', NULL, :at, 'x')"), at)
        device = "INSERT INTO devices VALUES (:id, 'crw_1', 'd', :id, :id, :at, :then, 'x', NULL, NULL, NULL)"
        db.execute(text(device), {**at, "id": ids["mario"], "then": at["at"]})
        db.execute(text(device), {**at, "id": ids["peach"], "then": None})
        file = "INSERT INTO evidence VALUES ('e', 'application/pdf', 1, :at, NULL, NULL, NULL, NULL, NULL, NULL)"
        db.execute(text(file), at)
        for name, identity in ids.items():
            put_by = {**at, "id": identity, "name": name}
            db.execute(text("INSERT INTO evidence_sent VALUES ('e', :id, :name, :at)"), put_by)
    upgrade(engine)
    with engine.connect() as db:
        found = {row.name: row.crew for row in db.execute(select(evidence_sent))}
    assert found == {"mario": "crw_1", "peach": None, "operator": None}
    engine.dispose()


@pytest.mark.parametrize("role", sorted({Role.CREW, Role.ADMIN, Role.OPERATOR, Role.SUPERVISOR}))
def test_every_role_that_may_send_is_bounded(clerk: Clerk, role: Role) -> None:
    clerk.intake.quota = Quota(files=0)
    refused(put(clerk, pdf(1), role), 429, "evidence_quota")
