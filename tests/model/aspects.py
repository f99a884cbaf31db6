"""The bounds that are explored, and for each sentence of CONTROL the aspect in which taking it away shows."""

from typing import NamedTuple

from tests.model.bounds import Bounds
from tests.model.state import Left


class Aspect(NamedTuple):
    """What it is about, as explored in every build and as explored whole; `sentences` are taken away here."""

    about: str
    bounded: Bounds
    whole: Bounds
    sentences: str = ""


ASPECTS: dict[str, Aspect] = {
    "life": Aspect(
        "an order through every state of the desk, one by one",
        Bounds(stops="ph", asks=1, last_seq=3, fine=True, left=Left(freezes=1)),
        Bounds(stops="ph", asks=1, last_seq=4, fine=True, left=Left(freezes=1)),
    ),
    "caps": Aspect(
        "a cap or an untrusted clock refuses; crews; a payment",
        Bounds(stops="pq", asks=1, last_seq=4, left=Left(caps=1)),
        Bounds(stops="pq", asks=2, last_seq=5, left=Left(caps=1)),
        "p1_fence p4_permit p5_waits p5_supersedes p6_settled_first p7_fence p9_waits cap_row",
    ),
    "permit": Aspect(
        "one order, two nonces, a payment",
        Bounds(asks=2, last_seq=4),
        Bounds(stops="pq", asks=2, last_seq=6),
        "p2_stop",
    ),
    "second request": Aspect(
        "a hold between two requests for one command",
        Bounds(stops="h", asks=2, last_seq=3),
        Bounds(stops="h", asks=2, last_seq=4),
    ),
    "race": Aspect(
        "a look overtaken by an open",
        Bounds(asks=1, last_seq=6, crew=False),
        Bounds(stops="pq", asks=2, last_seq=6, crew=False),
        "relook_row giving_row",
    ),
    "holds": Aspect(
        "a payment, a hold that ends, a freeze",
        Bounds(stops="h", asks=1, last_seq=4, left=Left(freezes=1)),
        Bounds(stops="ph", asks=1, last_seq=5, left=Left(freezes=1)),
        "p2_freeze hold_row p2_giving",
    ),
    "orders": Aspect(
        "two suspends one after another",
        Bounds(orders=2, asks=1, last_seq=5),
        Bounds(orders=2, asks=1, last_seq=6),
        "p2_scope stands_row",
    ),
    "gateway crash": Aspect(
        "kill -9 of a gateway before and after the start",
        Bounds(asks=2, last_seq=4, left=Left(crashes=1)),
        Bounds(asks=2, last_seq=5, left=Left(crashes=2)),
        "p11_started p11_wait p11_once",
    ),
    "publish crash": Aspect(
        "the control plane crashes between commit and publish",
        Bounds(asks=1, last_seq=4, left=Left(control_crashes=1)),
        Bounds(asks=2, last_seq=5, left=Left(control_crashes=1)),
        "delivery_committed",
    ),
    "rebinding": Aspect(
        "the meter is bound to another gateway",
        Bounds(asks=1, last_seq=4, left=Left(rebinds=1)),
        Bounds(stops="ph", asks=1, last_seq=5, left=Left(rebinds=1)),
        "p2_command p3_validity p6_act_max",
    ),
    "lost crew": Aspect(
        "a crew whose device is lost",
        Bounds(asks=1, last_seq=5, left=Left(lost_crews=1)),
        Bounds(stops="ph", asks=1, last_seq=5, left=Left(lost_crews=1)),
        "p9_release abort_row",
    ),
    "dead gateway": Aspect(
        "a gateway that dies for good, and crews",
        Bounds(asks=2, last_seq=4, left=Left(deaths=1)),
        Bounds(stops="ph", asks=2, last_seq=4, left=Left(deaths=1)),
        "p3_nonce p6_last_grant p6_time p9_finds stop_row unanswered_row",
    ),
    "gateway restored": Aspect(
        "a journal restored from a backup that is behind",
        Bounds(asks=1, last_seq=3, crew=False, left=Left(gateway_restores=1)),
        Bounds(asks=1, last_seq=4, left=Left(gateway_restores=1)),
        "p6_named p6_new_journal p8_causal delivery_born delivery_mark",
    ),
    "gateway restored, asked again": Aspect(
        "the same with two nonces",
        Bounds(asks=2, last_seq=3, crew=False, left=Left(gateway_restores=1)),
        Bounds(asks=2, last_seq=3, left=Left(gateway_restores=1)),
        "p6_look_again",
    ),
    "control plane restored": Aspect(
        "the control plane restored from a backup",
        Bounds(asks=1, last_seq=3, crew=False, left=Left(control_restores=1)),
        Bounds(asks=1, last_seq=4, crew=False, left=Left(control_restores=1)),
        "delivery_halted",
    ),
    "control plane restored, cap": Aspect(
        "the same, with a command refused by a cap and sent again",
        Bounds(stops="", asks=1, last_seq=3, crew=False, left=Left(caps=1, control_restores=1)),
        Bounds(stops="h", asks=1, last_seq=3, crew=False, left=Left(caps=1, control_restores=1)),
        "p4_superseded",
    ),
}
