"""An order's page while a crew is at work: how far it is, never who; its photographs for those who may see them."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from controlplane.access.roles import Role
from controlplane.field.work.needs import Kept
from controlplane.proof import sequencer
from protocols.uplink.crew import Photograph
from tests.controlplane.desk_clerk import Clerk
from tests.controlplane.dialects import both
from tests.controlplane.field.evidence.pictures import jpeg, labels, scene
from tests.controlplane.hand import Hand
from tests.controlplane.web.test_order import said, seen
from tests.controlplane.web.visitor import Visitor

MECHANIC = "mario-bianchi"


@pytest.fixture
def clerk(database: str) -> Iterator[Clerk]:
    made = Clerk(database, needs=Kept())
    with made.engine.begin() as db:
        sequencer.begin_anew(db, "")
    yield made
    made.close()


def shots(clerk: Clerk, hand: Hand) -> tuple[Photograph, ...]:
    return (Photograph(shot="place", digest=clerk.photograph(jpeg(scene(1), labels()), hand.who)),)


@both
def test_a_crew_is_followed_by_what_it_does_and_never_by_its_name(clerk: Clerk) -> None:
    hand = Hand(clerk, MECHANIC)
    point = clerk.point()
    clerk.meter(point, clerk.gateway())
    order = str(clerk.order(point)["id"])
    work: dict[str, Any] = hand.offered()

    def stands(words_: str) -> None:
        for role in (Role.OPERATOR, Role.CLIENT_VIEWER, Role.PLANNER):
            text = seen(clerk, order, role)
            assert words_ in said(text), said(text)
            assert MECHANIC not in text
            assert hand.id not in said(re.sub(r"<details.*?</details>", "", text, flags=re.DOTALL))

    stands("Stato nessuna squadra lo ha preso")
    assert hand.accept(work).status_code == 200
    stands("Stato una squadra è in arrivo")
    assert hand.arrive(work).status_code == 200
    stands("Stato la squadra è sul posto")
    assert hand.ask(work).json()["granted"] is True
    stands("Stato la squadra ha il permesso")
    stands("Permesso fino alle")
    assert hand.abort(work, "nobody_home", photographs=shots(clerk, hand)).status_code == 200
    stands("Nessuno in casa.")
    stands("la squadra Nessuno in casa.")
    clerk.get(Role.ADMIN, f"/orders/{order}/dossier")
    assert "rinuncia della squadra" in said(seen(clerk, order))


def test_I10_photographs_are_for_those_who_may_see_them(clerk: Clerk) -> None:
    hand = Hand(clerk, MECHANIC)
    order = str(clerk.order(clerk.point())["id"])
    work = hand.offered()
    hand.on_site(work)
    assert hand.ask(work).json()["granted"] is True
    taken = shots(clerk, hand)
    assert hand.abort(work, "nobody_home", photographs=taken).status_code == 200
    path = f"/c/photographs/{taken[0].digest}"
    for role, status in ((Role.OPERATOR, 200), (Role.CLIENT_VIEWER, 200), ("other-client_viewer", 404)):
        assert Visitor(clerk).enter(role).get(path).status_code == status, role
    assert Visitor(clerk).enter(Role.PLANNER).get(path).status_code == 403
    assert f'<img src="{path}" alt="Luogo"' in seen(clerk, order)
    assert "<img" not in seen(clerk, order, Role.PLANNER)
    given = Visitor(clerk).enter(Role.OPERATOR).get(path)
    assert given.headers["content-type"] == "image/jpeg"
    assert "sandbox" in given.headers["content-security-policy"]
