"""The demo, run as a user runs it: real processes, broker, line. Every promise holds; the JSON says what happened.

The two whole runs go side by side, and beside the shorter tests: they mostly wait for valves and windows.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from curbstop.cli import main
from curbstop.demo import law
from tests.e2e import servers

PATIENCE_S = 150
MORE = {"embedded": (), "mosquitto": ("--json",)}
"""One run is for people and one for programs: both say the same stories."""
README = Path(__file__).resolve().parents[2] / "README.md"
Demo = subprocess.Popen[str]


def start(*words: str) -> Demo:
    command = [sys.executable, "-m", "curbstop", "demo", *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@contextmanager
def started(*words: str) -> Iterator[Demo]:
    demo = start(*words)
    try:
        yield demo
    finally:
        demo.kill()
        demo.communicate()


@pytest.fixture(scope="module", autouse=True)
def runs() -> Iterator[dict[str, Demo]]:
    had = [broker for broker in MORE if broker == "embedded" or servers.obtain(broker) is not None]
    demos = {broker: start("--once", "--broker", broker, *MORE[broker]) for broker in had}
    yield demos
    for demo in demos.values():
        demo.kill()
        demo.communicate()


def processes_of(demo: Demo) -> dict[str, int]:
    """Its children, by the command they run."""
    task = Path(f"/proc/{demo.pid}/task/{demo.pid}/children")
    found = {}
    for child in task.read_text().split():
        words = Path(f"/proc/{child}/cmdline").read_bytes().decode().split("\0")
        if "curbstop" in words:
            found[words[words.index("curbstop") + 1]] = int(child)
    return found


def until_announced(demo: Demo) -> list[str]:
    assert demo.stdout is not None
    lines = []
    for line in demo.stdout:
        lines.append(line)
        if "announced itself, signed" in line:
            return lines
    raise AssertionError("".join(lines))


def ends(process: int) -> bool:
    """Whether a process is gone, or goes soon: one that is nobody's child is reaped a moment later."""
    end = time.monotonic() + 5
    while time.monotonic() < end:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize(
    ("words", "number", "code"), [((), signal.SIGINT, 0), (("--once",), signal.SIGTERM, 128 + signal.SIGTERM)]
)
def test_a_stop_leaves_no_process_and_no_file_behind(words: tuple[str, ...], number: signal.Signals, code: int) -> None:
    """Interrupted, `--once` has not kept its promises, and must not say so."""
    with started(*words) as demo:
        until_announced(demo)
        children = processes_of(demo)
        assert set(children) == {"serve", "gateway"}
        folder = Path(Path(f"/proc/{children['serve']}/cmdline").read_bytes().decode().split("\0")[-2]).parent
        assert folder.exists()
        demo.send_signal(number)
        _, complaint = demo.communicate(timeout=PATIENCE_S)
        assert (demo.returncode, complaint) == (code, "")
        assert all(ends(child) for child in children.values())
        assert not folder.exists()


@pytest.mark.parametrize(("which", "named"), [("serve", "the control plane"), ("gateway", "the gateway")])
def test_a_process_that_falls_is_named_and_all_is_stopped(which: str, named: str) -> None:
    with started("--once") as demo:
        until_announced(demo)
        children = processes_of(demo)
        os.kill(children[which], signal.SIGKILL)
        _, complaint = demo.communicate(timeout=PATIENCE_S)
        assert demo.returncode == 1
        assert complaint.startswith(f"curbstop demo: {named} was ended by signal 9")
        assert "Traceback" not in complaint
        assert all(ends(child) for child in children.values())


def test_output_that_nobody_reads_any_more_ends_it() -> None:
    with started("--once") as demo:
        until_announced(demo)
        children = processes_of(demo)
        assert demo.stdout is not None
        demo.stdout.close()
        demo.wait(PATIENCE_S)
        assert demo.returncode == 1
        assert demo.stderr is not None
        assert demo.stderr.read() == "curbstop demo: nobody reads its output any more; all is stopped\n"
        assert all(ends(child) for child in children.values())


def test_a_broker_that_is_not_installed_is_said_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("curbstop.demo.mosquitto.WHERE", str(tmp_path))
    assert main(["demo", "--broker", "mosquitto"]) == 1
    said = capsys.readouterr().err
    assert "apt-get install mosquitto" in said
    assert said.count("\n") == 1


def output_of(demo: Demo) -> str:
    said, complaint = demo.communicate(timeout=PATIENCE_S)
    assert (demo.returncode, complaint) == (0, ""), said[-3000:] + complaint[-3000:]
    return said


def plain(line: str) -> str:
    """A line without what differs from run to run: numbers, and how wide they were."""
    return " ".join(re.sub(r"[0-9]+", "N", line).split())


def test_the_demo_keeps_every_promise_and_shows_what_the_readme_shows(runs: dict[str, Demo]) -> None:
    said = output_of(runs["embedded"])
    assert "  broken  " not in said
    (block,) = re.findall(r"```timeline\n(.*?)```", README.read_text(), re.DOTALL)
    shown = [plain(line) for line in block.splitlines() if line.strip()]
    assert len(shown) > 40
    assert set(shown) - {plain(line) for line in said.splitlines()} == set()


@pytest.mark.needs("mosquitto")
def test_over_mosquitto_it_keeps_every_promise_too_and_tells_a_program(runs: dict[str, Demo]) -> None:
    document = json.loads(output_of(runs["mosquitto"]))
    assert document["promises"]["broken"] == []
    *orders, of_today = document["orders"]
    known = [(o["kind"], o["medium"], o["channel"], o["state"], o["grade"]) for o in orders]
    assert known == [
        ("suspend", "water", "remote", "completed", "corroborated"),
        ("reactivate", "water", "remote", "completed", "corroborated"),
        ("suspend", "water", "remote", "withdrawn", None),
        ("suspend", "water", "field", "completed", "corroborated"),
        ("suspend", "water", "field", "completed", "witnessed"),
        ("reactivate", "water", "field", "completed", "witnessed"),
        ("suspend", "gas", "remote", "completed", "read_back"),
        ("reactivate", "gas", "remote", "completed", "corroborated"),
        ("suspend", "water", "field", "withdrawn", None),
    ]
    armed = [step["state"] for step in orders[7]["timeline"] if (step["reason"] or {}).get("code") == "armed"]
    assert "dispatched" in armed
    entered = datetime.fromisoformat(of_today["timeline"][0]["at"])
    assert (of_today["state"], of_today["reason"]["code"]) == law.stands_by(entered)[:2]
    the_shape_is_as_promised([*orders, of_today])
    overtaken = orders[2]
    assert [step["state"] for step in overtaken["timeline"]][-2:] == ["dispatched", "withdrawn"]
    assert overtaken["reason"]["code"] == "stopped_payment"
    assert {"en", "it", "code"} == set(orders[4]["reason"])
    a_crew_went(orders, document["feed"])


def a_crew_went(orders: list[dict[str, Any]], feed: list[dict[str, Any]]) -> None:
    """What the feed told of C, D, D's way back and G, in order; and whose word their orders stand on."""
    told = {o["id"]: [entry["type"] for entry in feed if entry["order"] == o["id"]] for o in orders}
    stuck, without_valve, way_back, overtaken = orders[3], orders[4], orders[5], orders[8]
    assert told[stuck["id"]][0] == "created"
    assert told[stuck["id"]][-1] == "done"
    assert told[without_valve["id"]][-2:] == ["stopped", "done"]
    assert told[way_back["id"]][-1] == "done"
    assert told[overtaken["id"]][-1] == "stopped"
    assert "permitted" not in [step["state"] for step in overtaken["timeline"]]
    assert all(not told[o["id"]] for o in orders if o["channel"] == "remote")
    (offered,) = [entry for entry in feed if entry["order"] == stuck["id"] and entry["type"] == "created"]
    assert [(t["verb"], t["outcome"], t["why"]) for t in offered["tried"]] == [("close", "failed", "not_as_wanted")]
    witnessed = [next(s for s in o["timeline"] if s["state"] == "executed") for o in (stuck, without_valve, way_back)]
    assert {step["grade"] for step in witnessed} == {"witnessed"}
    (device,) = {step["actor"] for step in witnessed}
    assert device.startswith("dev_")


def the_shape_is_as_promised(orders: list[dict[str, Any]]) -> None:
    for order in orders:
        assert set(order) == {"id", "kind", "medium", "channel", "state", "grade", "reason", "timeline", "dossier"}
        assert order["dossier"]["file"].endswith(f"{order['kind']}-{order['id']}.zip")
        running = order["state"] not in ("completed", "withdrawn")
        told = (order["dossier"]["verdict"], order["dossier"]["exit_code"], order["dossier"]["failed"])
        assert told == (("incomplete", 3, ["running"]) if running else ("holds", 0, []))
        assert order["timeline"][0]["state"] == "entered"
        assert all(set(row) == {"at", "state", "grade", "actor", "reason"} for row in order["timeline"])
