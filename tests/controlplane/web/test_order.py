"""The page of one order: each state's words in both languages, its own tenant's alone, whatever names say."""

import re
from collections.abc import Iterator
from html import unescape
from inspect import getsource
from itertools import product
from pathlib import Path

import pytest
from sqlalchemy import select, update

from controlplane.access.roles import Role
from controlplane.field.evidence.shots import View
from controlplane.orders.barring import FROZEN, HALTED
from controlplane.orders.context import OrderSettings
from controlplane.orders.life import BEGINS, RESTORED
from controlplane.orders.models import orders
from controlplane.orders.sending import HAND_OUT
from controlplane.orders.service import GIVING_FIRST, UNSETTLED
from controlplane.orders.states import Event, OrderState
from controlplane.orders.stopping import REASONS
from controlplane.policy import rules
from controlplane.proof import sequencer
from controlplane.proof.models import log_ends, log_entries
from controlplane.web.proving import DAMAGED, NOT_YET, prove
from controlplane.web.reader import Signing
from controlplane.web.why import BY_STATE, DATED, FIRST, WAYS
from controlplane.web.words import LANGUAGES, words
from protocols.proof.documents import KINDS
from protocols.proof.verdict import Line, Outcome
from protocols.uplink.reasons import LAWFUL
from tests.controlplane.desk_clerk import Clerk, refused
from tests.controlplane.web.test_situation import HOSTILE, looked, put
from tests.controlplane.web.visitor import Visitor

TAGS = re.compile(r"<[^>]*>")
EXPLAINED = 35
"""Words that the sentence of a why-block may have."""


@pytest.fixture
def clerk(tmp_path: Path) -> Iterator[Clerk]:
    made = Clerk(f"sqlite:///{tmp_path / 'house.sqlite'}")
    with made.engine.begin() as db:
        sequencer.begin_anew(db, "")
    yield made
    made.close()


def seen(clerk: Clerk, order: str, who: str = Role.OPERATOR, language: str = "it") -> str:
    answer = Visitor(clerk, {"curbstop_language": language}).enter(who).get(f"/c/orders/{order}")
    assert answer.status_code == 200, answer.text
    return answer.text


def said(text: str) -> str:
    """What a person reads, in one line."""
    return " ".join(unescape(TAGS.sub(" ", text)).split())


def held(clerk: Clerk) -> str:
    order = clerk.order(clerk.point())
    clerk.made(f"/supply-points/{order['supply_point']}/holds", {"reason": "dispute"})
    return str(order["id"])


def test_the_five_answers_of_a_hold_in_both_languages(clerk: Clerk) -> None:
    order = held(clerk)
    text = said(seen(clerk, order))
    for words_ in (
        "Trattenuto Perché è fermo? È in sospeso.",
        "Da quando oggi 02/03/2026",
        "Fino a finché qualcuno ne registra la fine (si riguarda: oggi",
        "Che cosa lo scioglie La fine del fermo, registrata con il suo motivo; oppure un pagamento",
        "Chi può cambiarlo Un operatore o un supervisore pone fine al fermo",
        "Regola on_hold · regola della casa",
    ):
        assert words_ in text, text
    text = said(seen(clerk, order, language="en"))
    for words_ in ("Held Why is it held? It is on hold.", "Until until somebody", "Who can change it An operator"):
        assert words_ in text, text


def test_programs_are_told_the_same_words(clerk: Clerk) -> None:
    order = held(clerk)
    told = clerk.get(Role.CLIENT_VIEWER, f"/orders/{order}/why").json()
    assert (told["state"], told["version"], told["why"]["code"]) == ("held", 3, "on_hold")
    for language in LANGUAGES:
        page, block = said(seen(clerk, order, language=language)), told["why"][language]
        assert [part for part in block if block[part] not in page] == []
        assert all(block[part] for part in block if part != "aside")
    plain = clerk.made("/orders", {"supply_point": clerk.point(), "kind": "reactivate"})
    clerk.post(Role.ADMIN, f"/orders/{plain['id']}/withdraw", None, if_match=f'"{plain["version"]}"')
    assert clerk.get(Role.ADMIN, f"/orders/{plain['id']}/why").json()["why"]["way"] == "ended"
    refused(clerk.get("other-client_viewer", f"/orders/{order}/why"), 404, "not_found")


def test_what_a_rule_defers_names_the_date_the_rule_its_citation_and_its_pack(clerk: Clerk) -> None:
    notice = {"received_on": clerk.clock.now().date().isoformat(), "channel": "post"}
    body = {"supply_point": clerk.point(), "kind": "suspend", "notice": notice, "not_before": "2026-03-02T07:00:00Z"}
    order = clerk.made("/orders", body)
    text = said(seen(clerk, str(order["id"]), language="en"))
    assert order["reason"]["en"] + " Not before " in text
    rule = order["reason"]["rule"]
    assert f"Rule {rule['id']} · {rule['citation']} · pack {rule['pack']}" in text
    assert "then all rules are asked again" in text


def test_an_unknown_outcome_says_so_and_claims_no_position(clerk: Clerk) -> None:
    order = clerk.order(clerk.point())["id"]
    with clerk.engine.begin() as db:
        db.execute(update(orders).values(state=OrderState.LOOKING, channel="remote", reason=None))
    text = said(seen(clerk, str(order)))
    assert "Non sappiamo se la valvola si è mossa. Non si chiude altro qui finché qualcuno guarda." in text
    assert "Vista chiusa" not in text


@pytest.mark.parametrize("state", OrderState)
def test_every_state_of_either_channel_and_way_has_a_page(clerk: Clerk, state: OrderState) -> None:
    point = clerk.point()
    clerk.meter(point, clerk.gateway())
    order = str(clerk.order(point)["id"])
    reason = {"code": "x", "en": "Because of x.", "it": "Per via di x."}
    visitor = Visitor(clerk).enter(Role.SUPERVISOR)
    for channel, way, why in product(("remote", "field", None), ("taking", "giving"), (reason, None)):
        with clerk.engine.begin() as db:
            db.execute(
                update(orders).values(state=state, channel=channel, way=way, reason=why, until=clerk.clock.now())
            )
        answer = visitor.get(f"/c/orders/{order}")
        assert answer.status_code == 200, answer.text
        assert words("it").texts[f"state.{state}"] in answer.text
        assert answer.text.count('aria-current="step"') == (state != OrderState.COMPLETED)


def test_every_way_has_its_words_and_no_sentence_is_long() -> None:
    ways = {*WAYS.values(), *FIRST.values(), *BY_STATE.values(), "ended", "silent"}
    for language, way in product(LANGUAGES, ways):
        known = words(language).texts
        for part in ("then", "open", "ends", "who"):
            assert f"why.{way}.{part}" in known, f"{way}.{part}"
        assert len(known.get(f"why.{way}.sentence", "").split()) <= EXPLAINED
    for way in {*BY_STATE.values(), "unknown", "silent", "ended"}:
        assert f"why.{way}.sentence" in words("it").texts
    assert set(WAYS) >= DATED


def test_every_event_document_and_verdict_has_words() -> None:
    for language in LANGUAGES:
        known = words(language).texts
        assert [e for e in (*Event, BEGINS, RESTORED, "field", "waits") if f"happened.{e}" not in known] == []
        assert [kind for kind in KINDS if f"paper.{kind}" not in known] == []
        assert [view for view in View if f"shot.{view}" not in known] == []
        states = [*(each.word for each in Outcome), NOT_YET, DAMAGED]
        assert [s for s in states if f"proof.{s}" not in known or f"proof.about_{s}" not in known] == []
        assert [line for line in Line if f"proof.line_{line}" not in known] == []


def test_I10_a_foreign_order_is_not_found_nor_is_its_stream_dossier_or_form(clerk: Clerk) -> None:
    order = put(clerk, "Via Segreta 1")
    assert "Via Segreta 1" in seen(clerk, order, Role.CLIENT_VIEWER)
    other = Visitor(clerk).enter("other-client_viewer")
    for path in ("", "/live", "/dossier"):
        answer = other.get(f"/c/orders/{order}{path}")
        assert answer.status_code == 404, path
        assert "Via Segreta" not in answer.text
    before = len(clerk.news())
    requester = Visitor(clerk).enter("other-client_requester")
    for act in ("withdraw", "hold"):
        sent = {"version": "2", "reason": "x"}
        assert requester.post(f"/c/orders/{order}/{act}", sent).status_code == 404
    assert len(clerk.news()) == before
    assert other.get("/c/orders/ord_none").status_code == 404


def test_hostile_names_and_reasons_stay_words(clerk: Clerk) -> None:
    usual: set[str] = set()
    for name in ("Via Roma 1", *HOSTILE):
        order = put(clerk, name)
        point = clerk.get(Role.ADMIN, f"/orders/{order}").json()["supply_point"]
        clerk.made(f"/supply-points/{point}/protections", {"act": "suspend", "reason": name})
        tags = looked(seen(clerk, order, Role.SUPERVISOR))
        usual = usual or tags.found
        assert tags.handlers == []
        assert tags.found - usual == set()
        assert name in "".join(tags.text)


def test_a_withdrawal_of_what_was_read_is_done_and_of_anything_older_shows_what_changed(clerk: Clerk) -> None:
    order = held(clerk)
    visitor = Visitor(clerk).enter(Role.CLIENT_REQUESTER)
    stale = visitor.post(f"/c/orders/{order}/withdraw", {"version": "2"})
    assert stale.status_code == 412
    text = said(stale.text)
    assert "Hai letto la versione 2; ora è la 3. Non è stato fatto niente. Da allora:" in text
    assert re.search(r"Da allora: \d\d:\d\d · Trattenuto · È in sospeso\.", text), text
    assert f'data-here="/c/orders/{order}"' in stale.text, "it is fetched anew as the page, not as the form's answer"
    assert f'hx-sse:connect="/c/orders/{order}/live?' in stale.text
    assert clerk.get(Role.ADMIN, f"/orders/{order}").json()["state"] == "held"
    again = re.search(r'id="again".*?name="version" value="(\d+)"', stale.text, re.DOTALL)
    assert again is not None
    assert visitor.post(f"/c/orders/{order}/withdraw", {"version": again.group(1)}).status_code == 303
    assert clerk.get(Role.ADMIN, f"/orders/{order}").json()["state"] == "withdrawn"
    assert "Fermato in tempo" in seen(clerk, order)


def test_a_form_without_a_version_does_nothing(clerk: Clerk) -> None:
    order = held(clerk)
    for version in ("", "x", "9" * 40):
        answer = Visitor(clerk).enter(Role.OPERATOR).post(f"/c/orders/{order}/withdraw", {"version": version})
        assert answer.status_code == 412
    assert clerk.get(Role.ADMIN, f"/orders/{order}").json()["state"] == "held"


def test_a_hold_asks_why_and_loses_nothing_that_was_typed(clerk: Clerk) -> None:
    order = str(clerk.order(clerk.point())["id"])
    visitor = Visitor(clerk).enter(Role.OPERATOR)
    long = "Controversia " + "x" * 200
    answer = visitor.post(f"/c/orders/{order}/hold", {"reason": long})
    assert answer.status_code == 422
    assert f'value="{long}"' in answer.text
    assert 'role="alert"' in answer.text
    assert visitor.post(f"/c/orders/{order}/hold", {"reason": "Controversia"}).status_code == 303
    assert clerk.get(Role.ADMIN, f"/orders/{order}").json()["state"] == "held"


def test_what_stops_it_is_listed_with_its_reason_and_ended_from_here(clerk: Clerk) -> None:
    order = held(clerk)
    text = seen(clerk, order)
    assert "Fermi che valgono qui Fermo · dispute · admin" in said(text)
    path = re.search(r'action="(/c/orders/[^"]+/holds/[^"]+/end)"', text)
    assert path is not None
    assert "/end" not in seen(clerk, order, Role.CLIENT_REQUESTER), "who may not end it has no button"
    visitor = Visitor(clerk).enter(Role.OPERATOR)
    assert visitor.post(path.group(1), {"reason": ""}).status_code == 422
    assert clerk.get(Role.ADMIN, f"/orders/{order}").json()["state"] == "held"
    assert visitor.post(path.group(1), {"reason": "settled"}).status_code == 303
    assert clerk.get(Role.ADMIN, f"/orders/{order}").json()["state"] == "planned"
    assert "Fermi che valgono qui" not in seen(clerk, order)


def test_a_stream_checks_the_proof_anew_only_when_its_order_has_grown(clerk: Clerk) -> None:
    order = held(clerk)
    clerk.get(Role.ADMIN, f"/orders/{order}/dossier")
    signing = Signing(clerk.app.state.notary, clerk.edge.signer)

    def proven(of: Signing) -> str:
        with clerk.engine.connect() as db:
            return prove(db, order, of, clerk.clock).state

    assert proven(signing) == "incomplete"
    with clerk.engine.begin() as db:
        db.execute(update(log_entries).values(leaf=b"{"))
    assert proven(signing) == "incomplete"
    assert proven(Signing(clerk.app.state.notary, clerk.edge.signer)) == DAMAGED, "whoever opens the page checks anew"
    with clerk.engine.begin() as db:
        db.execute(update(log_ends).values(entries=log_ends.c.entries + 1))
    assert proven(signing) == DAMAGED


def test_a_second_person_approves_here_and_nobody_ones_own(tmp_path: Path) -> None:
    clerk = Clerk(f"sqlite:///{tmp_path / 'h.sqlite'}", settings=OrderSettings(client_per_hour=0))
    order = str(clerk.order(clerk.point())["id"])
    assert "Approva come seconda persona" in seen(clerk, order, Role.SUPERVISOR)
    for role in (Role.OPERATOR, Role.AUDITOR, Role.CLIENT_REQUESTER, "nobody"):
        text = seen(clerk, order, role)
        assert "/approve" not in text
        assert "La decisione di una seconda persona" in said(text)
    clerk.close()


def test_a_second_person_rejects_what_was_read_and_says_why(tmp_path: Path) -> None:
    clerk = Clerk(f"sqlite:///{tmp_path / 'h.sqlite'}", settings=OrderSettings(client_per_hour=0))
    order = clerk.order(clerk.point())
    path, visitor = f"/c/orders/{order['id']}/reject", Visitor(clerk).enter(Role.SUPERVISOR)
    for sent, status in (({"version": "1", "reason": "Doppio"}, 412), ({"version": "2", "reason": ""}, 422)):
        answer = visitor.post(path, sent)
        assert answer.status_code == status
        assert f'value="{sent["reason"]}"' in answer.text, "nothing that was typed is lost"
    assert visitor.post(path, {"version": "2", "reason": "Doppio"}).status_code == 303
    text = said(seen(clerk, str(order["id"])))
    assert "Rifiutato Perché è finito così? Respinto da una seconda persona: Doppio" in text
    clerk.close()


def test_every_reason_to_wait_has_its_own_way() -> None:
    """No hold without words (design of the why-block): what defers and what bars, by the code that they give."""
    told = set(re.findall(r"Effect\.(?:DEFER|SECOND_PERSON), Reason\(\"(\w+)\"", getsource(rules)))
    told |= {REASONS["hold"].code, REASONS["protection"].code, FROZEN.code, HALTED.code, GIVING_FIRST.code}
    told |= {UNSETTLED.code, HAND_OUT.code, *LAWFUL}
    assert len(told) >= 12
    assert told <= set(WAYS), told - set(WAYS)


def test_the_proof_grows_with_the_log_and_names_the_ways_that_prove_more(clerk: Clerk) -> None:
    order = held(clerk)
    assert 'data-state="not_yet"' in seen(clerk, order)
    clerk.get(Role.ADMIN, f"/orders/{order}/dossier")
    text = said(seen(clerk, order))
    assert "Prova finora" in text
    assert "da sola vale poco" in text
    assert f"curbstop verify {order}.zip --keys" in text
    answer = Visitor(clerk).enter(Role.CLIENT_VIEWER).get(f"/c/orders/{order}/dossier")
    assert answer.headers["content-type"] == "application/zip"


@pytest.mark.parametrize("how", ["changed", "cut"])
def test_a_changed_log_is_shown_as_what_it_is_with_its_sentences_struck_through(clerk: Clerk, how: str) -> None:
    order = held(clerk)
    clerk.get(Role.ADMIN, f"/orders/{order}/dossier")
    with clerk.engine.begin() as db:
        row = db.execute(select(log_entries).order_by(log_entries.c.number.desc()).limit(1)).one()
        leaf = row.leaf.replace(b"It is on hold.", b"It was on hold") if how == "changed" else b"{"
        assert leaf != row.leaf
        db.execute(update(log_entries).where(log_entries.c.number == row.number).values(leaf=leaf))
    text = seen(clerk, order)
    assert "La prova non regge" in said(text)
    assert ("<s>" in text) is (how == "changed")
    assert 'class="sign sign-p1"' in text


def test_who_sees_no_dossiers_sees_no_proof_nor_what_was_signed(clerk: Clerk) -> None:
    order = held(clerk)
    text = seen(clerk, order, Role.PLANNER)
    assert "Scarica la prova" not in text
    assert "Dati tecnici" not in text
    assert Visitor(clerk).enter(Role.PLANNER).get(f"/c/orders/{order}/dossier").status_code == 403
