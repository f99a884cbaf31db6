"""One shape for all refusals; POSTs that take effect once; lists in pieces; the OpenAPI document; nothing is a 500."""

import ast
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError

import controlplane
from controlplane.access.gate import LARGEST_BODY, LOG
from controlplane.access.roles import Role
from controlplane.codes import CODES
from controlplane.edge import API, PROBLEM
from controlplane.examples import EXAMPLES
from controlplane.refusals import OWN
from protocols.uplink import codec
from tests.contract import crew_samples
from tests.controlplane.desk_clerk import Clerk, refused

POSTS = {
    "/clients": "NewClient",
    "/supply-points": "NewPoint",
    "/gateways": "NewGateway",
    "/gateways/{gateway}/keys": "NewGatewayKey",
    "/meters": "NewMeter",
    "/supply-points/{point}/protections": "NewProtection",
    "/supply-points/{point}/protections/{protection}/end": "Ending",
    "/supply-points/{point}/holds": "NewHold",
    "/orders": "NewOrder",
    "/field/seals": "NewSeals",
    "/payments": "NewPayment",
    "/field/crews": "NewCrew",
    "/freeze": "NewFreeze",
    "/tokens": "NewToken",
}
DECIDING = {
    "/orders/{order}/reject": "Rejection",
    "/supply-points/{point}/holds/{hold}/end": "Ending",
    "/gateways/{gateway}/keys/{key}/approve": "KeyApproval",
    "/gateways/{gateway}/keys/{key}/reject": "KeyRejection",
    "/gateways/{gateway}/revoke": "Revocation",
    "/gateways/{gateway}/configuration": "Configuring",
    "/halt/resume": "Resumption",
    "/field/seals/issue": "SealIssue",
    "/field/seals/{seal}/void": "SealVoiding",
    "/field/devices": "Enrolment",
    "/field/devices/{device}/approve": "Approval",
    "/field/devices/{device}/revoke": "DeviceRevocation",
    "/field/work-orders/{work_order}/arrive": "Arrival",
    "/field/work-orders/{work_order}/permit": "SignedBody",
    "/field/work-orders/{work_order}/report": "SignedBody",
    "/field/work-orders/{work_order}/abort": "SignedBody",
    "/field/work-orders/{work_order}/release": "Releasing",
    "/field/work-orders/{work_order}/end": "RepairEnding",
    "/field/work-orders/{work_order}/override": "Judging",
}
"""Posts about something that another test has to make first."""


def test_a_path_or_method_that_is_not_there_is_a_problem_document(clerk: Clerk) -> None:
    refused(clerk.get(Role.ADMIN, "/nothing"), 404, "not_found")
    refused(clerk.send(Role.ADMIN, "PUT", "/orders"), 405, "method_not_allowed")


def test_a_bad_body_names_the_field_and_repeats_nothing_of_what_was_sent(clerk: Clerk) -> None:
    answer = clerk.post(Role.ADMIN, "/clients", {"name": 5, "secret": "hunter2"})
    refused(answer, 422, "invalid_request")
    assert [e["where"] for e in answer.json()["errors"]] == ["body.name", "body.secret"]
    assert "hunter2" not in answer.text


@pytest.mark.parametrize(
    "raw",
    [b"{", b"\xff\xfe", b"[" * 50_000, b'{"name": ' + b"9" * 5000 + b"}", b'{"name": "\\ud800"}', b'{"\\ud800": 1}'],
)
def test_a_body_that_is_no_json_is_refused(clerk: Clerk, raw: bytes) -> None:
    answer = clerk.post(Role.ADMIN, "/clients", raw, content_type="application/json")
    assert answer.status_code in (400, 422)
    assert answer.json()["code"] in ("bad_request", "invalid_request")


def test_a_body_beyond_the_bound_is_refused_before_anybody_reads_it(clerk: Clerk) -> None:
    refused(clerk.post(Role.ADMIN, "/clients", b" " * (LARGEST_BODY + 1)), 413, "body_too_large")
    refused(clerk.post(Role.ADMIN, "/clients", {"name": "x"}, content_length="9" * 5000), 413, "body_too_large")


def test_a_failing_disk_is_told_as_unavailable(clerk: Clerk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(*_: object) -> None:
        raise OperationalError("INSERT", {"name": "user data"}, Exception("disk full"))

    monkeypatch.setattr(type(clerk.edge.writer), "run", fails)
    answer = clerk.post(Role.ADMIN, "/clients", {"name": "x"})
    refused(answer, 503, "unavailable")
    assert "user data" not in answer.text


def test_an_error_of_the_database_tells_nothing_of_what_was_in_it(clerk: Clerk) -> None:
    with clerk.engine.begin() as db, pytest.raises(IntegrityError) as error:
        db.execute(text("INSERT INTO clients (id, name) VALUES (:id, :name)"), {"id": "x", "name": "Mario Rossi"})
    assert "Mario" not in str(error.value)


# -- once


def test_a_post_without_a_key_is_refused(clerk: Clerk) -> None:
    refused(clerk.post(Role.ADMIN, "/clients", {"name": "x"}, idempotency_key=""), 400, "idempotency_key_required")
    refused(
        clerk.post(Role.ADMIN, "/clients", {"name": "x"}, idempotency_key="k" * 201), 400, "idempotency_key_required"
    )


def test_the_same_post_again_has_the_same_answer_and_one_effect(clerk: Clerk) -> None:
    first = clerk.post(Role.ADMIN, "/clients", {"name": "Once"}, idempotency_key="k")
    again = clerk.post(Role.ADMIN, "/clients", {"name": "Once"}, idempotency_key="k")
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    names = [c["name"] for c in clerk.get(Role.ADMIN, "/clients").json()["items"]]
    assert names.count("Once") == 1


def test_another_body_path_or_version_under_a_used_key_is_refused(clerk: Clerk) -> None:
    order = clerk.order(clerk.point())
    clerk.post(Role.ADMIN, "/clients", {"name": "Once"}, idempotency_key="k")
    refused(clerk.post(Role.ADMIN, "/clients", {"name": "Other"}, idempotency_key="k"), 422, "idempotency_key_reused")
    refused(clerk.post(Role.ADMIN, "/freeze", {"reason": "x"}, idempotency_key="k"), 422, "idempotency_key_reused")
    path = f"/orders/{order['id']}/withdraw"
    tag = f'"{order["version"]}"'
    assert clerk.post(Role.ADMIN, path, if_match=tag, idempotency_key="w").status_code == 200
    assert clerk.post(Role.ADMIN, path, if_match=tag, idempotency_key="w").status_code == 200
    refused(clerk.post(Role.ADMIN, path, if_match='"9"', idempotency_key="w"), 422, "idempotency_key_reused")


def test_I10_keys_are_a_principals_own(clerk: Clerk) -> None:
    clerk.post(Role.ADMIN, "/clients", {"name": "A"}, idempotency_key="k")
    other = clerk.post(Role.SUPERVISOR, "/clients", {"name": "B"}, idempotency_key="k")
    assert (other.status_code, other.json()["name"]) == (201, "B")


def test_a_refusal_leaves_no_trace_under_its_key_and_keys_end_after_seven_days(clerk: Clerk) -> None:
    point = clerk.point()
    bad = clerk.payment(point, settles=False)
    refused(clerk.post(Role.ADMIN, "/payments", bad, idempotency_key="k"), 422, "payment_does_not_settle")
    assert clerk.post(Role.ADMIN, "/payments", clerk.payment(point), idempotency_key="k").status_code == 201
    clerk.clock.wall += timedelta(days=7, seconds=1)
    assert clerk.post(Role.ADMIN, "/clients", {"name": "later"}, idempotency_key="k").status_code == 201


# -- lists


def test_lists_come_in_pieces_that_neither_repeat_nor_hide(clerk: Clerk) -> None:
    made = [clerk.point() for _ in range(7)]
    found: list[str] = []
    path = "/supply-points?limit=3"
    while path:
        document = clerk.get(Role.ADMIN, path).json()
        found += [item["id"] for item in document["items"]]
        path = f"/supply-points?limit=3&cursor={document['next']}" if document["next"] else ""
    assert found == sorted(made)


@pytest.mark.parametrize("cursor", ["x", "W10", "WzFd", "e30", "%00", "é", "WyJcdTAwMDAiXQ", "W1tbW1tb"])
def test_a_cursor_that_is_none_of_ours_is_refused(clerk: Clerk, cursor: str) -> None:
    refused(clerk.get(Role.ADMIN, f"/orders?cursor={cursor}"), 422, "bad_cursor")


# -- the OpenAPI document


def raised_codes() -> set[str]:
    """Every code that the source can put into a problem document."""
    found: set[str] = set()
    for path in Path(controlplane.__file__).parent.rglob("*.py"):
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.keyword) and node.arg == "code" and isinstance(node.value, ast.Constant):
                found.add(str(node.value.value))
    text = (Path(controlplane.__file__).parent / "problems.py").read_text()
    for node in ast.walk(ast.parse(text)):
        if (
            isinstance(node, ast.Assign)
            and ast.unparse(node.targets[0]) == "code"
            and isinstance(node.value, ast.Constant)
        ):
            found.add(str(node.value.value))
    return found


def test_the_document_lists_every_code(clerk: Clerk) -> None:
    document = clerk.get(Role.VENDOR, "/openapi.json").json()
    assert document["components"]["schemas"]["Problem"]["properties"]["code"]["enum"] == sorted(CODES)
    made = {
        "body_too_large",
        "internal",
        "invalid_request",
        "method_not_allowed",
        "unknown_gateway",
        "unknown_supply_point",
    }
    assert raised_codes() | made == set(CODES)


def test_the_document_says_what_every_caller_must_send_and_may_get(clerk: Clerk) -> None:
    document = clerk.get(Role.ADMIN, "/openapi.json").json()
    for path, verbs in document["paths"].items():
        for method, operation in verbs.items():
            if path == "/healthz":
                continue
            if path in LOG:
                assert operation["security"] == [], path
                assert not {"401", "403"} & set(operation["responses"]), path
                continue
            assert operation["security"], path
            assert {"401", "403", "503"} <= set(operation["responses"]), path
            names = {p["name"]: p["required"] for p in operation.get("parameters", [])}
            assert names.get("idempotency-key", False) is (method == "post"), path
    assert "HTTPValidationError" not in json.dumps(document)


def test_each_refusal_is_told_where_it_can_happen(clerk: Clerk) -> None:
    document = clerk.get(Role.ADMIN, "/openapi.json").json()
    told: set[str] = set()
    for verbs in document["paths"].values():
        for operation in verbs.values():
            for status, response in operation["responses"].items():
                refusal = response.get("content", {}).get(PROBLEM)
                if refusal is not None:
                    assert list(refusal["examples"]) == refusal["schema"]["allOf"][1]["properties"]["code"]["enum"]
                    assert {e["value"]["status"] for e in refusal["examples"].values()} == {int(status)}
                    told |= set(refusal["examples"])
    assert told == set(CODES) - {"method_not_allowed", "unprocessable"}


def test_the_table_of_refusals_names_only_operations_that_are_there(clerk: Clerk) -> None:
    paths = clerk.get(Role.ADMIN, "/openapi.json").json()["paths"]
    there = {f"{method.upper()} {path.removeprefix(API)}" for path, verbs in paths.items() for method in verbs}
    assert set(OWN) <= there
    assert all(code in CODES for statuses in OWN.values() for codes in statuses.values() for code in codes)


def test_every_body_has_an_example_that_is_taken(clerk: Clerk) -> None:
    schemas = clerk.get(Role.ADMIN, "/openapi.json").json()["components"]["schemas"]
    deciding = {*DECIDING.values(), "Rebinding", "Ending"}
    assert {name for name in schemas if name.startswith("New")} == set(EXAMPLES) - deciding
    ids = things(clerk)
    here: dict[str, object] = {"client": clerk.mine, "supply_point": ids["point"], "gateway": clerk.gateway()}
    here["clients"] = [clerk.mine]
    for path, name in POSTS.items():
        body = {**EXAMPLES[name], **{k: v for k, v in here.items() if k in EXAMPLES[name]}}
        assert clerk.post(Role.ADMIN, path.format(**ids), body).status_code in (200, 201), path


def things(clerk: Clerk) -> dict[str, str]:
    """What paths name."""
    point = clerk.point()
    protection = clerk.made(f"/supply-points/{point}/protections", {"act": "remove", "reason": "x"})["id"]
    return {"point": point, "protection": protection, "gateway": clerk.gateway()}


# -- whatever is sent

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=20)
    | st.datetimes().map(str),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def nearly(draw: st.DrawFn) -> tuple[str, Any]:
    """A body that is right but for some fields."""
    path = draw(st.sampled_from(sorted(POSTS | DECIDING)))
    body = json.loads(json.dumps(EXAMPLES[(POSTS | DECIDING)[path]]))
    for key in draw(st.sets(st.sampled_from(sorted(body)), max_size=2)):
        inner = body[key]
        if isinstance(inner, dict) and draw(st.booleans()):
            inner[draw(st.sampled_from(sorted(inner)))] = draw(VALUES)
        else:
            body[key] = draw(
                VALUES | st.sampled_from(["0001-01-01T00:00:00+14:00", "9999-12-31", 10**30, "\0", "0.00"])
            )
    return path, body


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(nearly())
def test_no_body_is_a_fault_of_ours(clerk: Clerk, sent: tuple[str, Any]) -> None:
    path, body = sent
    names = {"protection": "prt_none", "hold": "hld_none", "order": "ord_none", "gateway": "gw-none", "key": "key_none"}
    path = path.format(point=clerk.fixed, seal="S1", device="dev_none", work_order="wo_none", **names)
    raw = json.dumps(body).encode()
    answer = clerk.post(Role.ADMIN, path, raw, content_type="application/json", if_match='"1"')
    assert answer.status_code < 500, (path, body, answer.text)
    if answer.status_code >= 400:
        assert answer.json()["code"] in CODES


def test_the_uplink_is_told_to_whoever_has_a_token(clerk: Clerk) -> None:
    told = clerk.get(Role.VENDOR, "/asyncapi.json").json()
    assert told["channels"]["down-command"]["address"] == "curbstop/v1/{gateway}/down/command"
    assert told["info"]["version"] == clerk.get(Role.VENDOR, "/openapi.json").json()["info"]["version"]


def test_the_document_says_what_a_device_signs(clerk: Clerk) -> None:
    schemas = clerk.get(Role.ADMIN, "/openapi.json").json()["components"]["schemas"]
    within = schemas["SignedBody"]["properties"]["payload"]["contentSchema"]["oneOf"]
    assert {"$ref": "#/components/schemas/CrewReport"} in within
    for sample in crew_samples.SAMPLES:
        name = {"$ref": f"#/components/schemas/{type(sample).__name__}", "components": {"schemas": schemas}}
        jsonschema_rs.validator_for(name).validate(json.loads(codec.encode(sample)))
