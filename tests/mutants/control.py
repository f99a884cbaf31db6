"""Guards of the permit, of stops, settlement and evidence in the control plane."""

from tests.mutants.mutant import Edit, Mutant

PERMIT, EVIDENCE, BIRTHS = (
    "controlplane/orders/permit.py",
    "controlplane/orders/evidence.py",
    "controlplane/orders/births.py",
)
SETTLING, STOPPING = "controlplane/orders/settling.py", "controlplane/orders/stopping.py"
OF_PERMIT = ("tests/controlplane/test_permit.py",)
OF_SETTLING = ("tests/controlplane/orders/test_settling.py",)
OF_ACCOUNTS = ("tests/controlplane/orders/test_accounts.py",)
OF_STOPS = ("tests/controlplane/orders/test_stops.py",)

CONTROL: dict[str, Mutant] = {
    "permit after a payment": Mutant(
        "I1: no permit after the money",
        PERMIT,
        "    if (stop := blocking(db, context, order)) is not None:\n        return REASONS[stop], None\n",
        "",
        (*OF_PERMIT, *OF_STOPS),
        (
            Edit(
                PERMIT,
                "order.way is not Kind.TAKING or order.state not in PERMITTABLE or order.command != row.digest",
                "order.way is not Kind.TAKING",
            ),
        ),
    ),
    "permit while giving back": Mutant(
        "P2: nothing is taken while something gives back",
        PERMIT,
        "    if _giving(db, context, here):\n        return GIVING_FIRST, None\n",
        "",
        ("tests/controlplane/orders/test_giving_first.py", *OF_PERMIT),
    ),
    "permit in a freeze, and in a halted house": Mutant(
        "I1: no permit during a freeze, nor before a restored house is resumed",
        PERMIT,
        "    if (bar := barred(db)) is not None:\n        return bar, None\n",
        "",
        ("tests/controlplane/orders/test_freezing.py", "tests/controlplane/orders/test_interleavings.py"),
    ),
    "a halted house permits": Mutant(
        "Delivery: a restored control plane permits nothing until it is resumed",
        "controlplane/orders/barring.py",
        "    if HALT in on:\n        return HALTED\n",
        "",
        ("tests/controlplane/orders/test_halting.py",),
    ),
    "permit against the rules": Mutant(
        "P2: the rules are asked once more at the permit",
        PERMIT,
        "if answer.effect is not Effect.ALLOW else None",
        "if answer.effect is Effect.ALLOW and answer.reason else None",
        (*OF_PERMIT, "tests/controlplane/protection/test_after_a_permit.py", "tests/controlplane/orders/test_terms.py"),
    ),
    "permit of an expired command": Mutant(
        "P2: no permit for what has expired",
        PERMIT,
        "row.epoch != row.fence_epoch or row.void or context.now >= row.expires_at",
        "row.epoch != row.fence_epoch or row.void",
        OF_PERMIT,
    ),
    "permit in an old epoch": Mutant(
        "P6: no permit for what a raised epoch has made void",
        PERMIT,
        "row.epoch != row.fence_epoch or row.void or context.now",
        "context.now",
        OF_PERMIT,
    ),
    "permit for another gateway": Mutant(
        "I10: a permit is for the gateway that the command was sent to",
        PERMIT,
        "row is None or row.gateway != request.gateway or row.meter != request.meter",
        "row is None",
        OF_PERMIT,
    ),
    "granted, and settled as before": Mutant(
        "P6: what is granted anew is unsettled anew",
        PERMIT,
        '        "settled_sequence": None,\n',
        "",
        (*OF_SETTLING, *OF_PERMIT),
    ),
    "settled too early": Mutant(
        "P6: time settles only what can act no more",
        SETTLING,
        "granted_at + timedelta(seconds=(validity_s + act_max_s) * DRIFT)",
        "granted_at + timedelta(seconds=validity_s * DRIFT)",
        OF_SETTLING,
        (Edit(SETTLING, "since_s >= (row.validity_s + row.act_max_s) * DRIFT", "since_s >= row.validity_s * DRIFT"),),
    ),
    "settled by a wall clock alone": Mutant(
        "P6: a wall clock put forward settles nothing",
        SETTLING,
        "return bool(since_s >= (row.validity_s + row.act_max_s) * DRIFT)",
        "return bool(since_s >= 0)",
        OF_SETTLING,
    ),
    "executed by an older read-back": Mutant(
        "P8: giving back is executed only by a read-back after every settlement",
        SETTLING,
        "return not unsettled(db, point) and sequence > last_settlement(db, point)",
        "return True",
        OF_SETTLING,
    ),
    "settled by a journal that is gone": Mutant(
        "P6: what a lost journal had is settled by time alone",
        EVIDENCE,
        "if row is not None and not row.void and row.sequence < below:",
        "if row is not None and row.sequence < below:",
        (*OF_SETTLING, "tests/controlplane/orders/test_interleavings.py"),
    ),
    "started and unread, and settled by a look": Mutant(
        "P6: what may still act is settled by time",
        EVIDENCE,
        "    if named.started and named.outcome is Outcome.UNKNOWN:\n        return\n",
        "",
        OF_SETTLING,
    ),
    "the wrong meter credited": Mutant(
        "I10: an account counts for the meter whose command it names",
        EVIDENCE,
        "row is None or row.gateway != receipt.gateway or row.meter != receipt.meter",
        "row is None or row.gateway != receipt.gateway",
        OF_ACCOUNTS,
    ),
    "a receipt taken twice": Mutant(
        "I7: an account that comes twice changes nothing more",
        EVIDENCE,
        "    if any(row.digest == digest for row in near):\n        return False\n",
        "",
        OF_ACCOUNTS,
    ),
    "a forked history not told": Mutant(
        "I9: two accounts under one number are an alarm",
        EVIDENCE,
        "    doubled = any(row.number == chain.number for row in near)\n",
        "    doubled = False\n",
        OF_ACCOUNTS,
    ),
    "an account that skips not told": Mutant(
        "I9: an account that does not name the one before it is an alarm",
        EVIDENCE,
        "    before = any(row.number < chain.number and row.digest != chain.previous for row in near)\n",
        "    before = False\n",
        OF_ACCOUNTS,
    ),
    "an unknown journal keeps its epoch": Mutant(
        "P6: a journal that is not known raises the epoch",
        BIRTHS,
        "        if highest is None or (known and told.mark is not None and told.mark >= highest):\n",
        "        if highest is None or (told.mark is not None and told.mark >= highest):\n",
        (*OF_SETTLING, "tests/controlplane/orders/test_halting.py"),
    ),
    "a low mark keeps its epoch": Mutant(
        "P6: a mark below what was issued raises the epoch",
        BIRTHS,
        "known and told.mark is not None and told.mark >= highest",
        "known",
        (*OF_SETTLING, "tests/controlplane/orders/test_halting.py"),
    ),
    "a number never issued not seen": Mutant(
        "Delivery: a house that has forgotten what it issued halts",
        BIRTHS,
        "    if above:\n        _halt",
        "    if above and before is None:\n        _halt",
        ("tests/controlplane/orders/test_halting.py",),
    ),
    "a payment stops nothing on its way": Mutant(
        "I15: a stop reaches every taking order of its point",
        STOPPING,
        "    for order in taking:\n        _reach(db, context, order, stop, actor)\n",
        "",
        OF_STOPS,
    ),
    "nothing gives back": Mutant(
        "I15: after a stop an order that gives back is alive",
        STOPPING,
        "    return any(_last_act(db, order) > returned for order in suspects)\n",
        "    return bool(returned) and any(_last_act(db, order) > returned for order in suspects)\n",
        OF_STOPS,
    ),
    "a hold ends an order": Mutant(
        "I8: a hold never ends an order for good",
        STOPPING,
        'ends = self.kind == "hold" or (',
        "ends = bool(",
        (*OF_STOPS, "tests/controlplane/protection/test_protections.py"),
    ),
    "a payment for later orders too": Mutant(
        "I15: a payment stops the orders that were entered before it",
        STOPPING,
        "if row.up_to is None else order.number <= row.up_to",
        "if row.up_to is None else row.up_to >= 0",
        OF_STOPS,
    ),
    "unfrozen by one person": Mutant(
        "I1: one freezes, two lift it",
        "controlplane/orders/freezing.py",
        "if not row.by or row.person == person:",
        "if not row.by:",
        ("tests/controlplane/orders/test_freezing.py",),
    ),
    "released by who has asked for it": Mutant(
        "I5: a second, different person releases from quarantine",
        "controlplane/orders/approving.py",
        "    if order.requested_by == second.person:\n",
        "    if not second.person:\n",
        ("tests/controlplane/orders/test_quarantine.py",),
    ),
    "one above the threshold": Mutant(
        "I5: the first order above a threshold waits for a second person",
        "controlplane/orders/quarantine.py",
        'entered[f"{scope}_per_{window}"] >= threshold',
        'entered[f"{scope}_per_{window}"] > threshold',
        ("tests/controlplane/orders/test_quarantine.py",),
    ),
    "armed again after a leak": Mutant(
        "G4: after a leak nothing is armed before somebody says tight",
        "controlplane/orders/leaks.py",
        "def stands(db: Connection, point: str) -> bool:",
        "def stands(db: Connection, point: str) -> bool:\n    return False\n\n\n"
        "def _stands(db: Connection, point: str) -> bool:",
        ("tests/controlplane/orders/test_gas.py", "tests/controlplane/orders/test_gas_guards.py"),
    ),
}
