"""Every route against every role and a foreign tenant; made from the routes, so that no new one can hide."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts

from controlplane.access.deps import Posts, Requires
from controlplane.access.roles import Permission, Role, may
from controlplane.edge import API
from tests.controlplane.desk_clerk import Clerk, refused

LOG = {f"{API}/log/{part}" for part in ("checkpoint", "inclusion", "consistency")}
OPEN = {"/healthz", *LOG}
DOCUMENT = b"%PDF-1.7\nfor "
OF_THE_CALLER = {f"{API}/login-links"}
"""Makes a thing of whoever asks, and of nobody else."""
ANY_TOKEN = {f"{API}/openapi.json", f"{API}/asyncapi.json"}


@dataclass(frozen=True)
class Declared:
    """One method of one path, and what it declares."""

    method: str
    path: str
    calls: tuple[object, ...]

    @property
    def permission(self) -> Permission | None:
        found = [c.permission for c in self.calls if isinstance(c, Requires | Posts)]
        return found[0] if len(found) == 1 else None


def declared(clerk: Clerk) -> Iterator[Declared]:
    """Those that programs use; the pages' are held to the same in `web/test_acts.py`."""
    for context in iter_route_contexts(clerk.app.routes):
        dependant = getattr(context, "dependant", None)
        calls = tuple(d.call for d in dependant.dependencies) if dependant is not None else ()
        is_page = not str(context.path).startswith((API, *OPEN))
        for method in sorted((context.methods or set()) - {"HEAD"}) if not is_page else ():
            yield Declared(method, str(context.path), calls)


def sent(clerk: Clerk, who: str, route: Declared, ids: dict[str, str]) -> Any:
    """Send it with ids that are there, and a body that is none."""
    path = re.sub(r"{(\w+)}", lambda found: ids[found.group(1)], route.path).removeprefix(API)
    if route.path.endswith("/events"):
        path += "?after=-1"
    return clerk.send(who, route.method, path, {} if route.method in ("POST", "PATCH") else None)


def things(clerk: Clerk, client: str) -> dict[str, str]:
    """One of each, of one client."""
    point, gateway = clerk.point(client), clerk.gateway()
    key = clerk.waiting_key(gateway, f"another of {gateway}")
    meter = clerk.meter(point, gateway)
    order = clerk.order(point)["id"]
    payment = clerk.made("/payments", clerk.payment(point, f"ref-{point}"))["id"]
    protection = clerk.made(f"/supply-points/{point}/protections", {"act": "remove", "reason": "x"})["id"]
    hold = clerk.made(f"/supply-points/{point}/holds", {"reason": "x"})["id"]
    stops = {"protection": protection, "hold": hold}
    work = clerk.work(point)
    named = {**work, "client": client, "point": point, "gateway": gateway, "meter": meter, "order": order}
    number = f"S{order[-8:]}"
    clerk.made("/field/seals", {"numbers": [number]})
    field = {"sha256": clerk.photograph(DOCUMENT + client.encode()), "seal": number.upper()}
    return {**named, "payment": payment, "key": key, "token": "tok_none", **stops, **field}


def test_every_route_declares_exactly_one_permission(clerk: Clerk) -> None:
    routes = list(declared(clerk))
    assert len(routes) > 20
    for route in routes:
        if route.path not in OPEN | ANY_TOKEN:
            assert route.permission is not None, f"{route.method} {route.path}"


def test_every_post_takes_effect_once(clerk: Clerk) -> None:
    for route in declared(clerk):
        posts = any(isinstance(call, Posts) for call in route.calls)
        assert posts is (route.method == "POST"), f"{route.method} {route.path}"


def test_nothing_but_health_and_the_log_is_open(clerk: Clerk) -> None:
    for route in declared(clerk):
        path = re.sub(r"{\w+}", "x", route.path).removeprefix(API)
        answer = clerk.send(None, route.method, path)
        if route.path in OPEN:
            assert answer.status_code in ((200, 404, 422) if route.path in LOG else (200,))
        else:
            refused(answer, 401, "unauthenticated")
            assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("role", list(Role))
def test_a_role_gets_through_exactly_where_the_table_lets_it(clerk: Clerk, role: Role) -> None:
    ids = things(clerk, clerk.mine)
    for route in declared(clerk):
        if route.permission is None:
            continue
        answer = sent(clerk, role, route, ids)
        assert (answer.status_code == 403) is not may(role, route.permission), f"{route.method} {route.path}"
        assert answer.status_code < 500


@pytest.mark.parametrize("who", ["other-client_viewer", "other-client_requester", "other-integration", "other-vendor"])
def test_I10_what_belongs_to_another_client_is_not_found(clerk: Clerk, who: str) -> None:
    ids = things(clerk, clerk.mine)
    role = Role(who.removeprefix("other-"))
    bodies = {
        f"{API}/orders": {"supply_point": ids["point"], "kind": "suspend"},
        f"{API}/payments": clerk.payment(ids["point"], "another"),
        f"{API}/orders/{{order}}/withdraw": None,
        f"{API}/supply-points/{{point}}/protections": {"act": "suspend", "reason": "x"},
        f"{API}/supply-points/{{point}}/holds": {"reason": "x"},
    }
    before = len(clerk.news())
    seen = 0
    for route in declared(clerk):
        if route.permission is None or not may(role, route.permission) or route.path in OF_THE_CALLER:
            continue
        path = re.sub(r"{(\w+)}", lambda found: ids[found.group(1)], route.path).removeprefix(API)
        if "{" in route.path or route.method != "GET":
            answer = clerk.send(who, route.method, path, bodies.get(route.path), if_match='"1"')
            refused(answer, 404, "not_found")
            seen += 1
    assert seen >= 2
    assert len(clerk.news()) == before


@pytest.mark.parametrize("who", ["other-client_viewer", "other-integration"])
def test_I10_lists_hold_only_what_is_ones_own(clerk: Clerk, who: str) -> None:
    things(clerk, clerk.mine)
    own = things(clerk, clerk.other)
    for path, key, name in (
        ("/clients", "id", "client"),
        ("/supply-points", "id", "point"),
        ("/meters", "name", "meter"),
        ("/orders", "id", "order"),
        ("/payments", "id", "payment"),
    ):
        assert [item[key] for item in clerk.get(who, path).json()["items"]] == [own[name]], path
        assert len(clerk.get(Role.ADMIN, path).json()["items"]) == 2
