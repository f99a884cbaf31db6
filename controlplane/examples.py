"""An example of each body that can be sent, as the OpenAPI document shows it. A test sends them all."""

EXAMPLES: dict[str, dict[str, object]] = {
    "NewClient": {"name": "Acqua Pubblica S.p.A."},
    "NewPoint": {
        "client": "cli_0k3f9x2mz7q1w8e4r",
        "code": "PDR-00880000123456",
        "medium": "water",
        "zone": "Firenze centro",
        "protections": [{"act": "suspend", "reason": "water bonus", "until": None}],
    },
    "NewGateway": {
        "id": "cellar-12",
        "public_key": "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    },
    "NewMeter": {
        "supply_point": "pt_0k3f9x2mz7q1w8e4r",
        "gateway": "cellar-12",
        "name": "via-roma-3-int-2",
        "identity": {
            "fabrication_number": "26110001",
            "id": "26110001",
            "manufacturer": "CBS",
            "version": 1,
            "medium": 7,
        },
    },
    "Rebinding": {"gateway": "cellar-13"},
    "NewOrder": {
        "supply_point": "pt_0k3f9x2mz7q1w8e4r",
        "kind": "suspend",
        "grounds": "default",
        "notice": {"received_on": "2026-03-02", "channel": "registered letter"},
        "not_before": None,
        "deadline": "2026-06-30T12:00:00Z",
    },
    "NewHold": {"reason": "the customer disputes the bill", "until": "2026-04-30T12:00:00Z"},
    "NewPayment": {
        "supply_point": "pt_0k3f9x2mz7q1w8e4r",
        "amount": "120.50",
        "currency": "EUR",
        "reference": "RF18539007547034",
        "settles": True,
    },
    "NewProtection": {"act": "suspend", "reason": "water bonus", "until": None},
    "Rejection": {"reason": "not on the list we were sent"},
    "Revocation": {"reason": "stolen from its cabinet"},
    "Ending": {"reason": "the bonus has ended"},
    "Resumption": {
        "stops_sent_again": True,
        "crews_reported": True,
        "note": "billing sent all payments since Sunday again",
    },
    "NewSeals": {"range": {"prefix": "CB", "first": 1, "last": 500, "digits": 6}},
    "SealIssue": {"numbers": ["CB000001", "CB000002"], "crew": "crew-12"},
    "SealVoiding": {"reason": "broken while it was put on"},
    "NewFreeze": {"reason": "a wrong list was sent to us"},
    "NewToken": {"name": "billing", "role": "client_requester", "client": "cli_0k3f9x2mz7q1w8e4r"},
}
