"""The table of roles: every role stands in it, who only sees can't act, and only a few reach the dangerous verbs."""

import pytest

from controlplane.access.roles import GRANTS, HOUSE, SCOPED, Permission, Role, may


def holders(permission: Permission) -> set[Role]:
    return {role for role in Role if may(role, permission)}


def test_every_role_stands_in_the_table_and_every_permission_is_somebodys() -> None:
    assert set(GRANTS) == set(Role)
    assert all(holders(permission) for permission in Permission)


@pytest.mark.parametrize("role", [Role.CLIENT_VIEWER, Role.PLANNER, Role.AUDITOR, Role.VENDOR])
def test_who_only_sees_has_nothing_but_reading(role: Role) -> None:
    assert all(permission.endswith("_read") for permission in GRANTS[role])


def test_a_crews_role_opens_its_work_orders_and_the_doors_for_photographs_and_gateways_keys() -> None:
    own = {Permission.FIELD_READ, Permission.FIELD_WORK, Permission.EVIDENCE_READ, Permission.EVIDENCE_WRITE}
    own |= {Permission.GATEWAYS_ENROL}
    assert GRANTS[Role.CREW] == own
    assert holders(Permission.FIELD_WORK) == {Role.ADMIN, Role.CREW}


def test_photographs_of_homes_are_seen_by_few() -> None:
    operating = {Role.ADMIN, Role.SUPERVISOR, Role.OPERATOR}
    clients = {Role.CLIENT_VIEWER, Role.CLIENT_REQUESTER, Role.INTEGRATION}
    assert holders(Permission.EVIDENCE_READ) == operating | clients | {Role.AUDITOR, Role.CREW}
    assert holders(Permission.EVIDENCE_WRITE) == operating | {Role.CREW}
    assert holders(Permission.SEALS_WRITE) == operating
    assert holders(Permission.SEALS_READ) == operating | {Role.AUDITOR}


def test_dangerous_verbs_have_few_holders() -> None:
    assert holders(Permission.TOKENS_MANAGE) == {Role.ADMIN}
    assert holders(Permission.UNFREEZE) == {Role.ADMIN, Role.SUPERVISOR}
    assert holders(Permission.ORDERS_APPROVE) == {Role.ADMIN, Role.SUPERVISOR}
    assert holders(Permission.STOPS_END) == {Role.ADMIN, Role.SUPERVISOR, Role.OPERATOR}
    assert holders(Permission.RESUME) == {Role.ADMIN, Role.SUPERVISOR}
    assert holders(Permission.FIELD_RELEASE) == {Role.ADMIN, Role.SUPERVISOR, Role.OPERATOR}
    assert holders(Permission.CREWS_WRITE) == {Role.ADMIN, Role.SUPERVISOR, Role.OPERATOR}
    assert holders(Permission.GATEWAYS_WRITE) == {Role.ADMIN, Role.SUPERVISOR, Role.OPERATOR}
    assert holders(Permission.GATEWAYS_ENROL) == {Role.ADMIN, Role.SUPERVISOR, Role.OPERATOR, Role.CREW}
    assert holders(Permission.FREEZE) == {Role.ADMIN, Role.SUPERVISOR, Role.OPERATOR}


def test_I10_what_is_the_houses_own_is_never_granted_to_a_role_confined_to_a_client() -> None:
    own = {Permission.SEALS_READ, Permission.SEALS_WRITE, Permission.EVIDENCE_WRITE}
    own |= {Permission.GATEWAYS_READ, Permission.GATEWAYS_WRITE, Permission.TOKENS_MANAGE, Permission.FREEZE}
    assert not SCOPED & HOUSE
    assert all(not GRANTS[role] & own for role in Role if role not in HOUSE)
