"""The one table of roles and permissions. It grants; which client's objects are seen is the principal's scope."""

from enum import StrEnum, auto


class Permission(StrEnum):
    """What a route may declare that it needs."""

    CLIENTS_READ = auto()
    CLIENTS_WRITE = auto()
    POINTS_READ = auto()
    POINTS_WRITE = auto()
    METERS_READ = auto()
    METERS_WRITE = auto()
    GATEWAYS_READ = auto()
    GATEWAYS_WRITE = auto()
    GATEWAYS_ENROL = auto()
    ORDERS_READ = auto()
    ORDERS_REQUEST = auto()
    ORDERS_WITHDRAW = auto()
    ORDERS_APPROVE = auto()
    PROOF_READ = auto()
    STOPS_WRITE = auto()
    STOPS_END = auto()
    PAYMENTS_READ = auto()
    PAYMENTS_WRITE = auto()
    READINGS_READ = auto()
    EVIDENCE_READ = auto()
    EVIDENCE_WRITE = auto()
    SEALS_READ = auto()
    SEALS_WRITE = auto()
    EVENTS_READ = auto()
    FREEZE = auto()
    UNFREEZE = auto()
    RESUME = auto()
    CREWS_READ = auto()
    CREWS_WRITE = auto()
    FIELD_READ = auto()
    FIELD_WORK = auto()
    FIELD_RELEASE = auto()
    TOKENS_MANAGE = auto()
    PAGES_READ = auto()


class Role(StrEnum):
    """What a principal is to the house."""

    ADMIN = auto()
    OPERATOR = auto()
    SUPERVISOR = auto()
    PLANNER = auto()
    CLIENT_VIEWER = auto()
    CLIENT_REQUESTER = auto()
    VENDOR = auto()
    CREW = auto()
    AUDITOR = auto()
    INTEGRATION = auto()


P = Permission
_SEE_SUPPLY = frozenset({P.POINTS_READ, P.METERS_READ, P.ORDERS_READ, P.READINGS_READ, P.EVENTS_READ})
_SEE_FIELD = frozenset({P.CREWS_READ, P.FIELD_READ, P.EVIDENCE_READ, P.SEALS_READ})
_SEE_ALL = _SEE_SUPPLY | _SEE_FIELD | {P.CLIENTS_READ, P.GATEWAYS_READ, P.PAYMENTS_READ, P.PROOF_READ, P.PAGES_READ}
_ASK = frozenset({P.ORDERS_REQUEST, P.ORDERS_WITHDRAW, P.STOPS_WRITE, P.PAYMENTS_READ, P.PAYMENTS_WRITE})
_FIELD = frozenset({P.EVIDENCE_WRITE, P.SEALS_WRITE, P.CREWS_WRITE, P.FIELD_RELEASE})
_GATEWAYS = frozenset({P.GATEWAYS_WRITE, P.GATEWAYS_ENROL})
_OPERATE = _SEE_ALL | _ASK | _FIELD | _GATEWAYS | {P.POINTS_WRITE, P.METERS_WRITE, P.FREEZE, P.STOPS_END}

GRANTS: dict[Role, frozenset[Permission]] = {
    Role.ADMIN: frozenset(Permission),
    Role.OPERATOR: _OPERATE,
    Role.SUPERVISOR: _OPERATE | {P.UNFREEZE, P.RESUME, P.ORDERS_APPROVE, P.CLIENTS_WRITE},
    Role.PLANNER: _SEE_SUPPLY | {P.CREWS_READ, P.FIELD_READ, P.PAGES_READ},
    Role.CLIENT_VIEWER: _SEE_SUPPLY | {P.CLIENTS_READ, P.PAYMENTS_READ, P.EVIDENCE_READ, P.PROOF_READ, P.PAGES_READ},
    Role.CLIENT_REQUESTER: _SEE_SUPPLY | _ASK | {P.CLIENTS_READ, P.EVIDENCE_READ, P.PROOF_READ, P.PAGES_READ},
    Role.VENDOR: frozenset({P.POINTS_READ, P.ORDERS_READ}),
    Role.CREW: frozenset({P.GATEWAYS_ENROL, P.FIELD_READ, P.FIELD_WORK, P.EVIDENCE_READ, P.EVIDENCE_WRITE}),
    Role.AUDITOR: _SEE_ALL,
    Role.INTEGRATION: _SEE_SUPPLY | _ASK | {P.CLIENTS_READ, P.FIELD_READ, P.EVIDENCE_READ, P.PROOF_READ},
}
"""A crew sees and does what its approved device may, work order by work order; its role alone opens only the doors
for photographs, its own ones, and for the key of a gateway that it stands at. Planners and vendors see no photographs
and no dossiers: they show people's homes. Machines log in to no page."""

SCOPED = frozenset({Role.CLIENT_VIEWER, Role.CLIENT_REQUESTER, Role.VENDOR})
"""Roles that can't exist without a client to be confined to."""
HOUSE = frozenset({Role.ADMIN, Role.OPERATOR, Role.SUPERVISOR, Role.PLANNER, Role.CREW, Role.AUDITOR})
"""Roles of the house itself, that are never confined to one client."""


def may(role: Role, permission: Permission) -> bool:
    """Whether the role has the permission."""
    return permission in GRANTS[role]
