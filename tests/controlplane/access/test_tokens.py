"""Tokens: shown once, kept as a hash, one refusal for all that is wrong, and never without an admin."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from controlplane.access.models import tokens
from controlplane.access.roles import Role
from controlplane.access.service import first_token
from controlplane.db import make_engine
from controlplane.migrations.upgrade import upgrade
from simulators.chance import SeededEntropy
from tests.controlplane.desk_clerk import Clerk, refused
from tests.controlplane.house import Hands


def test_the_first_start_makes_one_admin_token_and_no_later_one_does() -> None:
    engine = make_engine("sqlite://")
    upgrade(engine)
    with engine.begin() as db:
        first = first_token(db, Hands(), SeededEntropy(1))
        assert first is not None
        assert first_token(db, Hands(), SeededEntropy(2)) is None
        (row,) = db.execute(select(tokens)).all()
        assert (row.role, row.client) == ("admin", None)
        assert first.split(".")[1] not in str(row)
    engine.dispose()


def test_a_secret_is_in_the_first_answer_only_and_never_in_the_database(clerk: Clerk, tmp_path: Path) -> None:
    body = {"name": "new", "role": "auditor"}
    first = clerk.post(Role.ADMIN, "/tokens", body, idempotency_key="k").json()
    again = clerk.post(Role.ADMIN, "/tokens", body, idempotency_key="k").json()
    assert first["token"] is not None
    assert again["token"] is None
    assert again["id"] == first["id"]
    secret = first["token"].split(".")[1].encode()
    files = [f.read_bytes() for f in tmp_path.iterdir()]
    assert files
    assert all(secret not in content for content in files)
    assert "hash" not in clerk.get(Role.ADMIN, "/tokens").text


@pytest.mark.parametrize(
    "wrong", ["", "Bearer", "Basic abc", "Bearer x", "Bearer tok_00000000000000000." + "0" * 64, "Bearer é"]
)
def test_whatever_is_wrong_with_a_token_the_refusal_is_one(clerk: Clerk, wrong: str) -> None:
    headers = {b"authorization": wrong.encode("latin-1")}
    answer = clerk.loop.run(clerk.http.get("/api/v1/orders", headers=headers))
    refused(answer, 401, "unauthenticated")


def test_another_tokens_secret_opens_nothing(clerk: Clerk) -> None:
    mine, other = clerk.tokens[Role.ADMIN].split("."), clerk.tokens[Role.VENDOR].split(".")
    clerk.tokens["mixed"] = f"{mine[0]}.{other[1]}"
    refused(clerk.get("mixed", "/orders"), 401, "unauthenticated")


def test_a_revoked_or_expired_token_is_none(clerk: Clerk) -> None:
    until = (clerk.clock.now() + timedelta(hours=1)).isoformat()
    made = clerk.made("/tokens", {"name": "short", "role": "auditor", "expires_at": until})
    clerk.tokens["short"] = made["token"]
    assert clerk.get("short", "/orders").status_code == 200
    clerk.clock.run(3601)
    refused(clerk.get("short", "/orders"), 401, "unauthenticated")
    listed = {t["name"]: t["id"] for t in clerk.get(Role.ADMIN, "/tokens").json()["items"]}
    assert clerk.send(Role.ADMIN, "DELETE", f"/tokens/{listed['auditor']}").status_code == 204
    assert clerk.send(Role.ADMIN, "DELETE", f"/tokens/{listed['auditor']}").status_code == 204
    refused(clerk.get(Role.AUDITOR, "/orders"), 401, "unauthenticated")
    refused(clerk.send(Role.ADMIN, "DELETE", "/tokens/tok_none"), 404, "not_found")


def test_the_last_admin_can_not_be_revoked(clerk: Clerk) -> None:
    (admin,) = [t["id"] for t in clerk.get(Role.ADMIN, "/tokens").json()["items"] if t["role"] == "admin"]
    refused(clerk.send(Role.ADMIN, "DELETE", f"/tokens/{admin}"), 409, "last_admin")
    soon = (clerk.clock.now() + timedelta(hours=1)).isoformat()
    clerk.made("/tokens", {"name": "second admin", "role": "admin", "expires_at": soon})
    assert clerk.send(Role.ADMIN, "DELETE", f"/tokens/{admin}").status_code == 204


def test_scope_and_name_are_held_to_their_words(clerk: Clerk) -> None:
    def code(**body: object) -> str:
        return str(clerk.post(Role.ADMIN, "/tokens", body).json().get("code"))

    assert code(name="a", role="client_viewer") == "scope_required"
    assert code(name="a", role="admin", client=clerk.mine) == "scope_forbidden"
    assert code(name="a", role="client_viewer", client="cli_none") == "unknown_client"
    assert code(name=Role.ADMIN, role="auditor") == "name_taken"
