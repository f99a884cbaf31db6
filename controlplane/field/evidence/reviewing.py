"""Reviews the photographs of a report, in its transaction: gathers what is known of them, and has it judged."""

from collections.abc import Iterable

from sqlalchemy import Connection

from controlplane.field.evidence.findings import Finding
from controlplane.field.evidence.judging import Report, Standards, judge
from controlplane.field.evidence.likeness import twins
from controlplane.field.evidence.senders import Sender
from controlplane.field.evidence.service import sent
from controlplane.field.evidence.shots import View, missing
from controlplane.problems import UnprocessableError


def review(
    db: Connection,
    report: Report,
    order: str,
    sender: Sender,
    *,
    needed: Iterable[View] | None = None,
    standards: Standards | None = None,
) -> tuple[Finding, ...]:
    """What is found about a report of an order by a sender.

    UnprocessableError (`evidence_unknown`) for a digest that this sender has not put: bytes come before the report.
    `needed` are the shots that are missing, where it is not those of the completed act.
    """
    digests = [shot.digest for shot in report.shots]
    facts = sent(db, digests, sender)
    unknown = [digest for digest in dict.fromkeys(digests) if digest not in facts]
    if unknown:
        detail = f"put the photographs first: nothing has come of {', '.join(unknown[:5])}"
        raise UnprocessableError(detail, code="evidence_unknown")
    alike = {
        digest: twins(db, digest, about.likeness if about is not None else None, order)
        for digest, about in facts.items()
    }
    needed = missing(report.act, report.shots, sealed=report.sealed) if needed is None else needed
    return judge(report, facts, alike, needed, standards)
