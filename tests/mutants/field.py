"""Guards of field work: whose hand acts, whose device is believed, and what an act must show."""

from tests.mutants.mutant import Mutant

HANDING, WITNESS, ENROLMENT = (
    "controlplane/orders/handing.py",
    "controlplane/orders/witness.py",
    "controlplane/field/enrolment/service.py",
)
CODE, WORK = "controlplane/field/work", "tests/controlplane/field/work"
NEEDS, TWO, STORE = (
    f"{CODE}/needs.py",
    f"{CODE}/two.py",
    "controlplane/field/evidence/store.py",
)
OF_REPORTS = (f"{WORK}/test_permit_and_report.py",)
OF_ENROLMENT = ("tests/controlplane/field/enrolment/test_enrolment.py",)
OF_EVIDENCE = ("tests/controlplane/field/evidence/test_evidence_api.py",)

FIELD: dict[str, Mutant] = {
    "a crew's permit before settlement": Mutant(
        "I11: crew and gateway never together",
        HANDING,
        "    if against is None and unsettled(db, order.point):\n        against = (UNSETTLED, None)\n",
        "",
        (f"{WORK}/test_settled_first.py",),
    ),
    "sent while a hand is out": Mutant(
        "P9: while a crew holds a permit the giving command waits",
        "controlplane/orders/hands.py",
        '    return db.execute(OUT, {"point": point}).one_or_none()\n',
        '    return db.execute(OUT, {"point": f"{point} "}).one_or_none()\n',
        (f"{WORK}/test_stops.py", *OF_REPORTS),
    ),
    "any device's account of a hand": Mutant(
        "P9: a hand is settled by the device that was permitted",
        WITNESS,
        "return bool(hand.order == order.id and hand.device == account.device)",
        "return bool(hand.order == order.id)",
        (*OF_REPORTS, f"{WORK}/test_crew_lives.py"),
    ),
    "left as it was not wanted": Mutant(
        "P9: a report proves what was wanted, or it is none",
        WITNESS,
        "    if (permitted or usual) and report.left is not BY_HAND.get(order.kind):\n",
        "    if (permitted or usual) and report.left is None:\n",
        OF_REPORTS,
    ),
    "acted after its permit and nobody told": Mutant(
        "P9: a hand that began after its permit's end is told of",
        WITNESS,
        'report.outcome == "done" and report.began_at > hand.until',
        'report.outcome == "done" and report.began_at is None',
        OF_REPORTS,
    ),
    "released by one person": Mutant(
        "P9: two persons end the permit of a crew that does not report",
        TWO,
        'first is not None and first["person"] != word.person and all(',
        "first is not None and all(",
        (f"{WORK}/test_doubted_indices.py", *OF_REPORTS),
    ),
    "photograph missing": Mutant(
        "F29: an act is completed with its photographs",
        NEEDS,
        "    needed = missing(order.kind, shots, sealed=sealed, tested=tightness.needed(db, order))\n",
        "    needed = missing(order.kind, shots, sealed=sealed, tested=tightness.needed(db, order))[:0]\n",
        (f"{WORK}/test_every_piece.py", f"{WORK}/test_evidence_of_reports.py"),
    ),
    "what is missing blocks nothing": Mutant(
        "F29: what an act requires is asked for",
        NEEDS,
        "    if blocking:\n        detail",
        "    if blocking and not findings:\n        detail",
        (f"{WORK}/test_evidence_of_reports.py",),
    ),
    "another meter's plate": Mutant(
        "F30: the plate is compared",
        NEEDS,
        "return meter is None or judge_serial(serial, meter.identity) is None",
        "return meter is None or bool(serial)",
        (*OF_REPORTS, f"{WORK}/test_doubted_indices.py"),
    ),
    "gas given back untested": Mutant(
        "LG12: gas is given back with a leak check that says tight",
        NEEDS,
        "    if isinstance(said, CrewReport) and tightness.needed(db, order):\n",
        "    if isinstance(said, CrewReport) and not said.serial:\n",
        (f"{WORK}/test_leak_checks.py",),
    ),
    "a revoked device believed": Mutant(
        "I10: a revoked device is believed no more",
        ENROLMENT,
        ".where(devices.c.approved_at.is_not(None), devices.c.revoked_at.is_(None))",
        ".where(devices.c.approved_at.is_not(None))",
        OF_ENROLMENT,
    ),
    "an unapproved device believed": Mutant(
        "I10: a device is believed once an operator has approved it",
        ENROLMENT,
        ".where(devices.c.approved_at.is_not(None), devices.c.revoked_at.is_(None))",
        ".where(devices.c.revoked_at.is_(None))",
        OF_ENROLMENT,
    ),
    "a code used twice": Mutant(
        "I10: a code enrols one device",
        ENROLMENT,
        "row is None or row.used_at is not None or row.expires_at",
        "row is None or row.expires_at",
        OF_ENROLMENT,
    ),
    "approved without comparing": Mutant(
        "I10: a device is approved by the fingerprint that it shows",
        ENROLMENT,
        "if not hmac.compare_digest(short_fingerprint(bytes.fromhex(row.public_key)), compared):",
        "if not compared:",
        OF_ENROLMENT,
    ),
    "evidence not durable": Mutant(
        "I7: a photograph is acknowledged when it is durable",
        STORE,
        "        os.fsync(self._file.fileno())\n        self._file.close()\n",
        "        self._file.close()\n",
        ("tests/power/test_names_last.py", *OF_EVIDENCE),
    ),
    "evidence under another's name": Mutant(
        "I9: what is kept is what its digest names",
        STORE,
        "        if self._digest.hexdigest() != digest:\n",
        "        if not digest:\n",
        OF_EVIDENCE,
    ),
}
