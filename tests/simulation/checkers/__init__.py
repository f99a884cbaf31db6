"""A checker per rule: each reads what a world has left behind, and the valves' own history, and says what broke."""

from collections.abc import Callable

from tests.simulation.checkers import crews, durable, edge, gas, hands, orders, permits, proof
from tests.simulation.checkers.case import Case
from tests.simulation.world import World

Checker = Callable[[Case], list[str]]
CHECKERS: tuple[Checker, ...] = (
    permits.closures_have_their_permit,
    permits.every_deed_has_its_command,
    permits.no_permit_after_a_stop,
    permits.no_permit_in_a_freeze,
    permits.no_permit_while_supply_is_given_back,
    permits.nothing_acts_once_it_is_settled,
    edge.nothing_superseded_starts,
    edge.a_higher_number_burns_at_once,
    edge.no_closure_begins_in_a_freeze,
    edge.no_stranger_is_moved,
    edge.deeds_go_forward,
    edge.what_has_ended_was_accounted_for,
    edge.caps_hold,
    edge.giving_is_never_capped,
    edge.no_closure_by_a_clock_that_is_wrong,
    edge.readings_are_their_own_meters,
    gas.nothing_opens_gas_from_afar,
    gas.an_arm_comes_to_a_calm_closed_meter,
    gas.nothing_is_armed_after_a_leak,
    durable.acknowledged_receipts_are_kept,
    durable.acknowledged_commands_are_journaled,
    durable.readings_are_kept,
    durable.every_proof_verifies,
    durable.every_proof_arrives,
    durable.nobody_was_stopped,
    orders.every_order_ends_or_stands_on_a_list,
    orders.supply_comes_back,
    orders.executed_means_that_it_stood_so,
    orders.given_back_is_read_after_settlement,
    orders.a_crew_goes_alone,
    hands.hands_have_their_permit,
    hands.no_hand_acts_once_it_is_settled,
    hands.no_hand_at_anothers_valve,
    hands.one_hand_at_a_time,
    hands.a_hand_comes_after_settlement,
    hands.an_account_ends_a_hand,
    hands.the_silent_are_told_of,
    hands.paid_after_a_permit_is_given_back,
    hands.nothing_is_offered_that_a_gateway_does,
    crews.only_enrolled_devices_are_believed,
    crews.crews_orders_have_their_evidence,
    crews.who_acts_without_a_permit_is_told_of,
    crews.who_is_stopped_is_told,
    crews.what_a_crew_was_answered_is_kept,
    crews.no_route_falls,
    proof.every_dossier_verifies,
    proof.the_log_holds_everything,
)


def broken(world: World) -> list[str]:
    """Everything that is broken in this world."""
    case = Case(world)
    return [text for checker in CHECKERS for text in checker(case)]
