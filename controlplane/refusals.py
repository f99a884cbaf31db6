"""Which codes each operation can refuse with beside those that its shape tells: data, and one lookup.

The OpenAPI document is drawn from it; every refusal that a test of the API provokes is held to it.
"""

from typing import Any

ALWAYS: dict[str, tuple[str, ...]] = {
    "401": ("unauthenticated",),
    "403": ("forbidden",),
    "413": ("body_too_large",),
    "500": ("internal",),
    "503": ("unavailable",),
}
"""What any operation may answer."""
BY_PARAMETER: dict[str, dict[str, tuple[str, ...]]] = {
    "idempotency-key": {"400": ("idempotency_key_required",), "422": ("idempotency_key_reused",)},
    "If-Match": {"412": ("stale_version",), "428": ("if_match_required",)},
    "cursor": {"422": ("bad_cursor",)},
}
"""What a header or parameter brings with it."""
REQUIRED = frozenset({"idempotency-key", "If-Match"})

OWN: dict[str, dict[str, tuple[str, ...]]] = {
    "GET /orders/{order}/dossier": {"503": ("log_damaged",), "422": ("dossier_too_large", "not_in_log")},
    "GET /log/checkpoint": {"404": ("not_found",)},
    "GET /log/inclusion": {"422": ("not_in_log",)},
    "GET /log/consistency": {"422": ("not_in_log",)},
    "POST /tokens": {"409": ("name_taken",), "422": ("scope_required", "scope_forbidden", "unknown_client")},
    "DELETE /tokens/{token}": {"409": ("last_admin",)},
    "POST /supply-points": {"409": ("code_taken",), "422": ("unknown_client", "unknown_pack")},
    "POST /gateways": {"409": ("gateway_taken", "key_taken", "wrong_fingerprint"), "422": ("bad_key",)},
    "POST /gateways/{gateway}/keys": {"409": ("gateway_revoked", "key_taken", "keys_wait"), "422": ("bad_key",)},
    "POST /gateways/{gateway}/keys/{key}/approve": {
        "409": ("gateway_revoked", "not_waiting", "wrong_fingerprint", "unsettled")
    },
    "POST /gateways/{gateway}/keys/{key}/reject": {"409": ("not_waiting",)},
    "POST /gateways/{gateway}/revoke": {"409": ("gateway_revoked",)},
    "POST /meters": {
        "409": ("meter_taken", "point_taken"),
        "422": ("unknown_gateway", "unknown_supply_point", "wrong_medium"),
    },
    "PATCH /meters/{meter}": {
        "409": ("point_taken", "unsettled"),
        "422": ("unknown_gateway", "unknown_supply_point", "wrong_medium"),
    },
    "POST /orders": {
        "404": ("not_found",),
        "409": ("second_taking_order", "giving_already"),
        "422": ("not_gas", "deadline_passed", "notice_not_taken"),
    },
    "POST /orders/{order}/withdraw": {"409": ("ended", "due_after_stop", "illegal_transition")},
    "POST /orders/{order}/approve": {"403": ("person_required", "same_person"), "409": ("not_awaiting",)},
    "POST /orders/{order}/reject": {"403": ("person_required", "same_person"), "409": ("not_awaiting",)},
    "POST /supply-points/{point}/protections": {"422": ("until_passed",)},
    "POST /supply-points/{point}/protections/{protection}/end": {"409": ("ended",)},
    "POST /supply-points/{point}/holds": {"422": ("until_passed",)},
    "POST /supply-points/{point}/holds/{hold}/end": {"409": ("ended",)},
    "POST /payments": {
        "404": ("not_found",),
        "409": ("reference_taken",),
        "422": ("payment_does_not_settle", "payment_of_nothing"),
    },
    "PUT /field/evidence/{sha256}": {
        "400": ("evidence_cut",),
        "408": ("evidence_too_slow",),
        "413": ("evidence_too_large",),
        "415": ("evidence_type", "heic_not_taken"),
        "422": ("evidence_digest", "evidence_damaged", "evidence_moves", "evidence_pixels"),
        "429": ("evidence_quota",),
        "503": ("evidence_busy", "storage_full"),
    },
    "GET /field/evidence/{sha256}": {"503": ("evidence_lost",)},
    "POST /field/seals": {"409": ("seal_taken",), "422": ("bad_seal", "too_many_seals", "unknown_supply_point")},
    "POST /field/seals/issue": {
        "409": ("seal_gone",),
        "422": ("bad_seal", "too_many_seals", "unknown_crew", "unknown_seal"),
    },
    "POST /field/seals/{seal}/void": {"409": ("seal_gone",)},
    "POST /field/crews": {"422": ("unknown_client",)},
    "POST /field/devices": {"409": ("device_enrolled",), "422": ("bad_key", "bad_code")},
    "POST /field/devices/{device}/approve": {"409": ("device_revoked", "wrong_fingerprint")},
    "POST /field/devices/{device}/revoke": {"409": ("device_revoked",)},
    "GET /field/feed": {"409": ("no_device",)},
    "GET /field/work-orders/{work_order}": {"409": ("no_device",)},
    "POST /field/work-orders/{work_order}/accept": {"409": ("no_device", "closed", "taken", "illegal_transition")},
    "POST /field/work-orders/{work_order}/arrive": {
        "409": ("no_device", "closed", "not_accepted", "illegal_transition")
    },
    "POST /field/work-orders/{work_order}/permit": {
        "409": ("no_device", "closed", "not_accepted", "illegal_transition", "already_as_wanted", "wrong_serial"),
        "422": ("untrusted", "too_old"),
    },
    "POST /field/work-orders/{work_order}/report": {
        "409": (
            "account_replaced",
            *("no_device", "not_accepted", "not_arrived", "unsettled", "report_kept"),
            *("seal_applied", "seal_elsewhere", "seal_not_applied", "seal_not_issued", "seal_removed", "seal_void"),
        ),
        "422": (
            "untrusted",
            "not_as_wanted",
            "evidence_missing",
            "evidence_unknown",
            "unknown_shot",
            "bad_seal",
            "unknown_seal",
        ),
    },
    "POST /field/work-orders/{work_order}/abort": {
        "409": ("account_replaced", "no_device", "not_accepted"),
        "422": ("untrusted", "unknown_outcome", "evidence_missing", "evidence_unknown", "unknown_shot"),
    },
    "POST /field/work-orders/{work_order}/release": {"403": ("person_required",), "409": ("no_permit_out",)},
    "POST /field/work-orders/{work_order}/override": {"403": ("person_required",), "409": ("nothing_doubted",)},
    "POST /field/work-orders/{work_order}/end": {"409": ("no_repair", "closed")},
    "POST /gateways/{gateway}/configuration": {"409": ("gateway_revoked", "gateway_not_approved")},
    "DELETE /freeze": {"403": ("person_required",), "409": ("not_frozen",)},
    "POST /halt/resume": {"409": ("not_halted", "unsettled")},
}


def refusals(method: str, path: str, operation: dict[str, Any]) -> dict[str, list[str]]:
    """The codes that an operation can refuse with, by status; `path` is below the API's own."""
    names = {parameter["name"] for parameter in operation.get("parameters", [])}
    shape: dict[str, tuple[str, ...]] = {}
    if names or "requestBody" in operation:
        shape["422"] = ("invalid_request",)
    if "requestBody" in operation:
        shape["400"] = ("bad_request",)
    if "{" in path:
        shape["404"] = ("not_found",)
    if method != "GET":
        shape["409"] = ("conflict",)
    parts = [ALWAYS, shape, *(BY_PARAMETER.get(name, {}) for name in sorted(names)), OWN.get(f"{method} {path}", {})]
    found: dict[str, list[str]] = {}
    for part in parts:
        for status, codes in part.items():
            found.setdefault(status, []).extend(code for code in codes if code not in found.get(status, []))
    return dict(sorted(found.items()))
