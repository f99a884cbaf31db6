"""Whether signed documents fit each other and show what the log says: every way in which they may not."""

from typing import Any

import pytest
from msgspec.structs import replace

from protocols.proof.verdict import Outcome, Verdict
from protocols.proof.verify import verify
from protocols.types import GatewayId, Identity, MeterId, ValvePosition, Verb
from protocols.types import Outcome as Ended
from protocols.uplink import crew as c
from protocols.uplink import messages as m
from protocols.uplink.keys import SigningKey
from protocols.uplink.parts import GENESIS, Message, Reason
from protocols.uplink.reasons import Why
from tests.protocols.proof import house as h
from tests.protocols.proof.house import CLOSE, CLOSED, CREW_GRANT, GRANT, KEYS, LOOK, STILL, House, by_hand, by_wire

SENT, ALLOWED, DONE = (CLOSE, h.HOUSE_KEY), (GRANT, h.HOUSE_KEY), (CLOSED, h.GATEWAY_KEY)
LOOKED, STOOD = (LOOK, h.HOUSE_KEY), (STILL, h.GATEWAY_KEY)
REFUSAL = Reason("stopped_payment", "The customer has paid.", "Il cliente ha pagato.")


def judged(house: House, **changed: Any) -> Verdict:
    return verify(house.dossier("ord_1", **changed), KEYS)


def told(verdict: Verdict) -> set[str]:
    return set(verdict.failed)


def test_accounts_that_fit_hold() -> None:
    assert judged(by_wire(SENT, ALLOWED, DONE, LOOKED, STOOD)).outcome is Outcome.HOLDS
    assert judged(by_wire(SENT, ALLOWED, DONE, grade="read_back")).outcome is Outcome.HOLDS


Account = tuple[Message, SigningKey]


def gateway(message: Message) -> Account:
    return message, h.GATEWAY_KEY


def house(message: Message) -> Account:
    return message, h.HOUSE_KEY


OTHER = Identity("87654321", "CBS", 1, 7, "87654321")
DENIED = replace(GRANT, granted=False, reason=REFUSAL)
ELSEWHERE = replace(GRANT, command="cd" * 32)


@pytest.mark.parametrize(
    ("accounts", "code", "outcome"),
    [
        ((ALLOWED, DONE, LOOKED, STOOD), "command_missing", Outcome.INCOMPLETE),
        ((SENT, DONE, LOOKED, STOOD), "permit_missing", Outcome.INCOMPLETE),
        ((SENT, ALLOWED, DONE, STOOD), "look_missing", Outcome.INCOMPLETE),
        ((SENT, gateway(replace(CLOSED, permit=None))), "permit_contradicted", Outcome.BROKEN),
        ((SENT, house(DENIED), gateway(h.receipt(CLOSE, DENIED))), "permit_contradicted", Outcome.BROKEN),
        ((SENT, house(ELSEWHERE), gateway(h.receipt(CLOSE, ELSEWHERE))), "permit_contradicted", Outcome.BROKEN),
        ((SENT, LOOKED, gateway(h.receipt(CLOSE, LOOK))), "permit_contradicted", Outcome.BROKEN),
        ((SENT, ALLOWED, gateway(replace(CLOSED, meter=MeterId("x")))), "command_contradicted", Outcome.BROKEN),
        ((SENT, ALLOWED, gateway(replace(CLOSED, number=m.Number(1, 9)))), "command_contradicted", Outcome.BROKEN),
        ((SENT, ALLOWED, gateway(replace(CLOSED, verb=Verb.OPEN))), "command_contradicted", Outcome.BROKEN),
        ((SENT, ALLOWED, gateway(replace(CLOSED, identity_read=OTHER))), "meter_contradicted", Outcome.BROKEN),
        ((SENT, ALLOWED, gateway(replace(CLOSED, identity_read=None))), "meter_contradicted", Outcome.BROKEN),
        (
            (SENT, ALLOWED, DONE, LOOKED, gateway(replace(STILL, meter=MeterId("x")))),
            "look_contradicted",
            Outcome.BROKEN,
        ),
        ((SENT, ALLOWED, DONE, gateway(replace(STILL, look=h.digest(CLOSE)))), "look_contradicted", Outcome.BROKEN),
        ((SENT, ALLOWED), "executed_contradicted", Outcome.BROKEN),
        (
            (SENT, ALLOWED, gateway(replace(CLOSED, after=h.seen(ValvePosition.OPEN)))),
            "executed_contradicted",
            Outcome.BROKEN,
        ),
        ((SENT, ALLOWED, gateway(replace(CLOSED, after=None))), "executed_contradicted", Outcome.BROKEN),
        ((SENT, ALLOWED, gateway(replace(CLOSED, outcome=Ended.UNKNOWN))), "executed_contradicted", Outcome.BROKEN),
        ((SENT, ALLOWED, DONE), "corroborated_contradicted", Outcome.BROKEN),
        (
            (SENT, ALLOWED, DONE, LOOKED, gateway(replace(STILL, index=STILL.index[:1]))),
            "corroborated_contradicted",
            Outcome.BROKEN,
        ),
        (
            (SENT, ALLOWED, DONE, LOOKED, gateway(replace(STILL, chain=m.Chain(h.JOURNAL, 2, GENESIS)))),
            "journal_contradicted",
            Outcome.BROKEN,
        ),
        (
            (SENT, ALLOWED, DONE, LOOKED, gateway(replace(STILL, chain=m.Chain(h.JOURNAL, 1, GENESIS)))),
            "journal_contradicted",
            Outcome.BROKEN,
        ),
    ],
)
def test_each_way_in_which_they_do_not_fit_has_its_name(
    accounts: tuple[Account, ...], code: str, outcome: Outcome
) -> None:
    verdict = judged(by_wire(*accounts))
    assert code in told(verdict)
    assert verdict.outcome is outcome


def test_an_account_by_another_gateways_key_or_in_another_name_does_not_hold() -> None:
    other = replace(CLOSED, gateway=GatewayId("gw-2"))
    assert "signer_wrong" in told(judged(by_wire(SENT, ALLOWED, gateway(other))))
    assert "signer_wrong" in told(judged(by_wire(SENT, ALLOWED, house(CLOSED))))
    assert "signer_wrong" in told(judged(by_wire((CLOSE, h.GATEWAY_KEY), ALLOWED, DONE)))


def test_what_was_seen_before_an_attempt_that_failed_shows_nothing() -> None:
    closed = h.seen(ValvePosition.CLOSED)
    tried = replace(CLOSED, outcome=Ended.FAILED, before=closed, after=None)
    assert "executed_contradicted" in told(judged(by_wire(SENT, ALLOWED, gateway(tried), grade="read_back")))
    untried = replace(CLOSED, outcome=Ended.REFUSED, started=False, permit=None, before=closed, after=None)
    assert judged(by_wire(SENT, gateway(untried), grade="read_back")).outcome is Outcome.HOLDS


def test_a_look_that_failed_shows_nothing() -> None:
    failed = replace(STILL, outcome=Ended.FAILED, chain=m.Chain(h.JOURNAL, 1, GENESIS))
    assert "executed_contradicted" in told(judged(by_wire(LOOKED, gateway(failed), grade="read_back")))
    done = replace(failed, outcome=Ended.DONE)
    assert judged(by_wire(LOOKED, gateway(done), grade="read_back")).outcome is Outcome.HOLDS


def test_what_came_after_the_step_does_not_show_it() -> None:
    house = House()
    for event, after in (("entered", "entered"), ("allowed", "planned"), ("dispatch", "dispatched")):
        house.tell("ord_1", event, after)
    house.tell("ord_1", "proof", "executed", SENT, ALLOWED, grade="read_back")
    house.tell("ord_1", "window_ended", "completed", DONE)
    house.sign()
    assert told(judged(house)) == {"executed_contradicted"}


def test_a_valve_found_as_wanted_needs_no_permit() -> None:
    found = replace(CLOSED, started=False, permit=None, why=Why.ALREADY, before=CLOSED.after)
    verdict = judged(by_wire(SENT, gateway(found), grade="read_back"))
    assert verdict.outcome is Outcome.HOLDS
    assert "Gateway gw-1 did not move the valve" in verdict.story[0].en


def test_a_crews_report_holds_and_its_photographs_come_by_digest_or_whole() -> None:
    for photographs in ((), (h.PHOTOGRAPH,)):
        verdict = judged(by_hand(), photographs=photographs)
        assert verdict.outcome is Outcome.HOLDS
        assert verdict.story[0].en == (
            "On 2026-11-24 09:04:00 UTC the crew with device dev_1 left the valve of the meter "
            "(fabrication number 26110001) closed, and signed it."
        )
    assert told(judged(by_hand(), photographs=(h.PHOTOGRAPH + b"x",))) == {"photographs"}


CREW: Account = (CREW_GRANT, h.HOUSE_KEY)


@pytest.mark.parametrize(
    ("accounts", "code"),
    [
        (((h.report(), h.DEVICE_KEY),), "permit_missing"),
        ((CREW, (h.report(order="ord_2"), h.DEVICE_KEY)), "order_contradicted"),
        ((CREW, (h.report(left=ValvePosition.OPEN), h.DEVICE_KEY)), "executed_contradicted"),
        ((CREW, (h.report(device="dev_2"), h.DEVICE_KEY)), "signer_wrong"),
        ((CREW, (h.report(), h.GATEWAY_KEY)), "signer_wrong"),
        (
            (
                house(replace(CREW_GRANT, granted=False)),
                (h.report(permit=h.digest(replace(CREW_GRANT, granted=False))), h.DEVICE_KEY),
            ),
            "permit_contradicted",
        ),
        (
            (
                house(replace(CREW_GRANT, device="dev_3")),
                (h.report(permit=h.digest(replace(CREW_GRANT, device="dev_3"))), h.DEVICE_KEY),
            ),
            "permit_contradicted",
        ),
    ],
)
def test_a_crews_account_that_does_not_fit_is_found(accounts: tuple[Account, ...], code: str) -> None:
    assert code in told(judged(by_hand(*accounts)))


def test_a_strangers_account_on_which_nothing_rests_is_told_and_breaks_nothing() -> None:
    """Another device has named the permit of this one; the house kept that, and took this one's own word for proof."""
    other = house(replace(CREW_GRANT, device="dev_3"))
    house_ = House()
    for event, after in (("entered", "entered"), ("allowed", "planned"), ("assign", "assigned"), ("arrive", "on_site")):
        house_.tell("ord_1", event, after)
    house_.tell("ord_1", None, "", other)
    house_.tell("ord_1", None, "", house(CREW_GRANT))
    stray = h.report(permit=h.digest(other[0]), chain=m.Chain("ab" * 16, 1, GENESIS))
    house_.tell("ord_1", None, "", (stray, h.DEVICE_KEY))
    house_.tell("ord_1", None, "", (h.report(), h.DEVICE_KEY))
    house_.tell("ord_1", "proof", "executed", grade="witnessed")
    house_.tell("ord_1", "window_ended", "completed")
    house_.sign()
    verdict = judged(house_)
    assert verdict.outcome is Outcome.INCOMPLETE
    assert verdict.failed == ("permit_doubted",)


def test_an_order_that_moved_nothing_says_so() -> None:
    house = House()
    house.tell("ord_1", "entered", "entered")
    abort = c.CrewAbort(
        **h.ABOUT,
        permit=None,
        code="nobody_home",
        left=ValvePosition.OPEN,
        photographs=(),
        place=None,
        note="",
        software="curbstop 0.1.0",
        chain=m.Chain(h.JOURNAL, 1, GENESIS),
    )
    house.tell("ord_1", None, "", (abort, h.DEVICE_KEY))
    house.tell("ord_1", "stop", "withdrawn", because=h.PAID)
    house.sign()
    verdict = judged(house)
    assert verdict.outcome is Outcome.HOLDS
    assert [said.en for said in verdict.story] == [
        "No signed account in this file shows the valve closed. It was last seen open, on 2026-11-24 09:00:00 UTC.",
        "By the log, order ord_1 (suspend supply) at supply point sp_1 is withdrawn: The customer has paid.",
    ]


def test_a_notice_moves_no_valve() -> None:
    house = House()
    house.tell("ord_1", "entered", "entered", act="deliver_notice")
    house.tell("ord_1", "proof", "executed", act="deliver_notice")
    house.tell("ord_1", "window_ended", "completed", act="deliver_notice")
    house.sign()
    verdict = judged(house)
    assert verdict.outcome is Outcome.HOLDS
    assert verdict.story[0].en == "This order moves no valve."
