"""The demo, run as a user runs it: real processes, broker, line. Every promise holds; the JSON says what happened."""

import json
import subprocess
import sys

PATIENCE_S = 150


def run_demo() -> dict[str, object]:
    command = [sys.executable, "-m", "curbstop", "demo", "--once", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    document: dict[str, object] = json.loads(done.stdout)
    return document


def test_the_demo_keeps_every_promise() -> None:
    document = run_demo()
    promises, orders = document["promises"], document["orders"]
    assert isinstance(promises, dict)
    assert isinstance(orders, list)
    assert promises["broken"] == []
    assert [(o["kind"], o["channel"], o["state"], o["grade"]) for o in orders] == [
        ("suspend", "remote", "completed", "corroborated"),
        ("reactivate", "remote", "completed", "corroborated"),
        ("suspend", "remote", "withdrawn", None),
        ("suspend", "field", "planned", None),
        ("suspend", "field", "planned", None),
    ]
    for order in orders:
        assert set(order) == {"id", "kind", "medium", "channel", "state", "grade", "reason", "timeline", "dossier"}
        assert order["timeline"][0]["state"] == "entered"
        assert all(set(row) == {"at", "state", "grade", "actor", "reason"} for row in order["timeline"])
    overtaken = orders[2]
    assert "permitted" not in [row["state"] for row in overtaken["timeline"]]
    assert overtaken["reason"]["code"] == "stopped_payment"
    assert {"en", "it", "code"} == set(orders[4]["reason"])
