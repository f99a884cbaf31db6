"""All tables of all slices, in one metadata."""

from controlplane.access import models as access
from controlplane.credit import models as credit
from controlplane.db import metadata
from controlplane.field.enrolment import models as enrolment
from controlplane.field.evidence import models as evidence
from controlplane.field.evidence.seals import models as seals
from controlplane.field.work import models as work
from controlplane.idempotency import idempotency
from controlplane.news import news
from controlplane.orders import models as orders
from controlplane.outbox import outbox
from controlplane.proof import models as proof
from controlplane.registry import models as registry
from controlplane.remote import models as remote
from controlplane.replicas import models as replicas
from controlplane.telemetry import models as telemetry

__all__ = [
    "access",
    "credit",
    "enrolment",
    "evidence",
    "idempotency",
    "metadata",
    "news",
    "orders",
    "outbox",
    "proof",
    "registry",
    "remote",
    "replicas",
    "seals",
    "telemetry",
    "work",
]
