"""The sentences of CONTROL that the model may be deprived of, one by one, each under its own name."""

from dataclasses import dataclass, field, fields


def _says(sentence: str) -> bool:
    return field(default=True, metadata={"says": sentence})


@dataclass(frozen=True)
class Rules:
    """All true: CONTROL as it stands. One false: CONTROL without that sentence."""

    p1_fence: bool = _says("facts are read and the permit is recorded under one fence row, in one transaction")
    p2_stop: bool = _says("no permit after a stop was recorded")
    p2_scope: bool = _says("a stop stops the orders entered before it, not every order of the point for ever")
    p2_command: bool = _says("a permit is for a dispatched or permitted order's live command, bound gateway and epoch")
    p2_freeze: bool = _says("no permit during a freeze")
    p2_giving: bool = _says("no permit while an order that gives back is alive, or its command may still start")
    p3_validity: bool = _says("a permit ends, and so does what it allows")
    p3_nonce: bool = _says("a permit counts from the asking of its own nonce; an older nonce's permit is nothing")
    p4_permit: bool = _says("the guard asks for a permit")
    p4_superseded: bool = _says("the guard refuses a command below the highest sequence journaled for the meter")
    p5_waits: bool = _says("a look or an open waits behind a close that has started")
    p5_supersedes: bool = _says("an open burns the closes that have not started")
    p6_settled_first: bool = _says("before settlement nobody is sent to the field and nothing is rebound")
    p6_time: bool = _says("what no receipt settles is settled by time")
    p6_act_max: bool = _says("by time means validity and then act_max_s, not validity alone")
    p6_last_grant: bool = _says("time counts from the last grant, not from the first")
    p6_named: bool = _says("a look answer settles only lower commands that its journal names")
    p6_new_journal: bool = _says("after a birth that raised the epoch, what was granted before settles by time alone")
    p6_look_again: bool = _says(
        "a look proves a position only if drawn after the settlement, or if it names the outcome"
    )
    p7_fence: bool = _says("a look durably burns the lower commands that have not started")
    p8_causal: bool = _says("giving back is executed only by a read-back drawn after every settlement")
    p9_finds: bool = _says("a crew records the position it finds; as wanted, it reports that and acts no more")
    p9_waits: bool = _says("while a crew holds a permit the giving command waits")
    p9_release: bool = _says("two persons may end the permit of a crew that does not report")
    p11_started: bool = _says("`started` is durable before the first byte")
    p11_once: bool = _says("a command is journaled once, however often it is delivered")
    p11_wait: bool = _says("after a crash a read counts only act_max_s later")
    stop_row: bool = _says("after a permit a stop reaches held, planned, dispatched, assigned and on_site too")
    hold_row: bool = _says("looking, not as wanted, a hold: held, not withdrawn")
    giving_row: bool = _says("no stop, hold or freeze touches an order that gives back")
    cap_row: bool = _says("refused by law, cap, freeze or clock: held, never field")
    unanswered_row: bool = _says("looking, the gateway unreachable and everything settled: as if not as wanted")
    relook_row: bool = _says("looking has a deadline: the look is sent again with a new sequence")
    abort_row: bool = _says("a crew's abort after a stop: withdrawn, after a hold: held")
    stands_row: bool = _says("a stop before any permit gives back what an earlier order's act still holds closed")
    delivery_born: bool = _says("until its birth is acknowledged a gateway asks, moves, answers and refuses nothing")
    delivery_mark: bool = _says("a birth below the highest sequence issued to the meter raises the epoch")
    delivery_halted: bool = _says("a restored control plane starts halted, in a higher epoch, with all acts unsettled")
    delivery_committed: bool = _says("what is decided is published only after it was committed")


NAMES = tuple(f.name for f in fields(Rules))
SAYS: dict[str, str] = {f.name: f.metadata["says"] for f in fields(Rules)}


def without(name: str) -> Rules:
    """CONTROL without one sentence."""
    return Rules(**{name: False})
