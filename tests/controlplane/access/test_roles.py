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


def test_a_crews_role_alone_opens_nothing() -> None:
    assert GRANTS[Role.CREW] == frozenset()


def test_dangerous_verbs_have_few_holders() -> None:
    assert holders(Permission.TOKENS_MANAGE) == {Role.ADMIN}
    assert holders(Permission.UNFREEZE) == {Role.ADMIN, Role.SUPERVISOR}
    assert holders(Permission.ORDERS_APPROVE) == {Role.ADMIN, Role.SUPERVISOR}
    assert holders(Permission.STOPS_END) == {Role.ADMIN, Role.SUPERVISOR, Role.OPERATOR}
    assert holders(Permission.RESUME) == {Role.ADMIN, Role.SUPERVISOR}
    assert holders(Permission.FREEZE) == {Role.ADMIN, Role.SUPERVISOR, Role.OPERATOR}


def test_I10_what_is_the_houses_own_is_never_granted_to_a_role_confined_to_a_client() -> None:
    own = {Permission.GATEWAYS_READ, Permission.GATEWAYS_WRITE, Permission.TOKENS_MANAGE, Permission.FREEZE}
    assert not SCOPED & HOUSE
    assert all(not GRANTS[role] & own for role in Role if role not in HOUSE)
