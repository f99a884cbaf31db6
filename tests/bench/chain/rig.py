"""The command chain's rig: broker, lines, control plane and gateway, each a process, and who enters orders."""

import http.client
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from protocols.uplink.keys import short_fingerprint
from seams import keyfile
from seams.clock import SystemEntropy
from tests.bench.chain.line import BAUD, identity
from tests.e2e import servers

GATEWAY, PLANE, FLOOR = "bench-cellar", "control-plane", "floor"
PATIENCE_S = 60.0
LOOK_EVERY_S = 0.05
NOTICE = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Rig:
    """What runs, and where its notes will be once it has stopped."""

    folder: Path
    port: int
    token: str
    broker: str
    broker_port: int
    passwords: dict[str, str]

    def notes(self, name: str) -> list[Any]:
        """What a process has noted."""
        return [tuple(row) for row in json.loads((self.folder / f"{name}.json").read_text())]


class Client:
    """One kept connection to the API."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._http = http.client.HTTPConnection("127.0.0.1", rig.port, timeout=PATIENCE_S)

    def post(self, path: str, body: dict[str, object]) -> dict[str, object]:
        """POST, and insist on 201."""
        headers = {"authorization": f"Bearer {self._rig.token}", "idempotency-key": secrets.token_hex(16)}
        status, document = self._ask("POST", f"/api/v1/{path}", json.dumps(body), headers)
        assert status == 201, document
        return document

    def get(self, path: str) -> dict[str, object]:
        """GET, and insist on 200."""
        status, document = self._ask("GET", f"/api/v1/{path}", None, {"authorization": f"Bearer {self._rig.token}"})
        assert status == 200, document
        return document

    def trivial(self) -> None:
        """POST to what takes none: the server answers 405 without looking anywhere."""
        assert self._ask("POST", "/healthz", "{}", {})[0] == 405

    def _ask(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> tuple[int, dict[str, object]]:
        self._http.request(method, path, body, {**headers, "content-type": "application/json"})
        answer = self._http.getresponse()
        return answer.status, json.loads(answer.read())


@contextmanager
def running(folder: Path, lines: int, each: int) -> Iterator[Rig]:
    """Start everything, register every meter, and wait until the gateway has read them all."""
    passwords = {name: secrets.token_hex(16) for name in (PLANE, GATEWAY, FLOOR)}
    for name, word in passwords.items():
        (folder / f"{name}.password").touch(mode=0o600)
        (folder / f"{name}.password").write_text(word + "\n")
    with ExitStack() as stack:
        stack.push(lambda _kind, error, _trace: _add_logs(error, folder))
        kind, broker_port = _broker(stack, folder, passwords)
        ports = _lines(stack, folder, lines, each)
        port = servers.free_port()
        (folder / "plane.toml").write_text(_plane_file(port, broker_port))
        key = keyfile.make(folder / "plane.key", SystemEntropy())
        edge = keyfile.make(folder / "gateway.key", SystemEntropy())
        (folder / "gateway.toml").write_text(_gateway_file(key.public.hex(), broker_port, ports, each))
        _traced(stack, folder, "serve", "plane")
        rig = Rig(folder, port, _token(folder / "plane.log"), kind, broker_port, passwords)
        _await(lambda: _listens(port), "the control plane does not listen")
        client = Client(rig)
        _register(client, edge.public.hex(), len(ports) * each)
        _traced(stack, folder, "gateway", "gateway")
        _await(lambda: _all_read(client, len(ports) * each), "the gateway has not read its meters")
        yield rig


def _broker(stack: ExitStack, folder: Path, passwords: dict[str, str]) -> tuple[str, int]:
    kind = "mosquitto" if servers.obtain("mosquitto") is not None else "amqtt (embedded)"
    port, place = servers.free_port(), folder / "broker"
    place.mkdir()
    files = [str(folder / f"{name}.password") for name in passwords]
    _process(stack, folder / "broker.log", ["tests.bench.chain.broker", kind, str(port), str(place), *files])
    _await(lambda: _listens(port), "the broker does not listen")
    return kind, port


def _lines(stack: ExitStack, folder: Path, lines: int, each: int) -> list[int]:
    told = folder / "ports.json"
    arguments = [str(lines), str(each), str(told), str(folder / "line.json")]
    _process(stack, folder / "line.log", ["tests.bench.chain.line", *arguments])
    _await(lambda: told.exists() and told.read_text().endswith("]"), "the lines do not listen")
    ports: list[int] = json.loads(told.read_text())
    return ports


def _traced(stack: ExitStack, folder: Path, command: str, name: str) -> None:
    arguments = [str(folder / f"{name}.json"), command, str(folder / f"{name}.toml")]
    _process(stack, folder / f"{name}.log", ["tests.bench.chain.trace", *arguments])


def _process(stack: ExitStack, log: Path, module: list[str]) -> None:
    file = stack.enter_context(log.open("wb"))
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen([sys.executable, "-m", *module], stdout=file, stderr=file, env=environment)
    stack.callback(_stop, process)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    process.wait(PATIENCE_S)


def _add_logs(error: BaseException | None, folder: Path) -> None:
    """What the processes have said belongs to what went wrong."""
    if error is None:
        return
    for log in sorted(folder.glob("*.log")):
        error.add_note(f"{log.name}: {log.read_text()[-2000:]}")


def _await(reached: Callable[[], object], otherwise: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while not reached():
        assert time.monotonic() < end, otherwise
        time.sleep(LOOK_EVERY_S)


def _listens(port: int) -> bool:
    try:
        http.client.HTTPConnection("127.0.0.1", port).connect()
    except OSError:
        return False
    return True


def _token(log: Path) -> str:
    def shown() -> list[str]:
        return [line.split()[2] for line in log.read_text().splitlines() if line.startswith("admin token")]

    _await(shown, f"no token was shown: {log.read_text() if log.exists() else ''}")
    return shown()[0]


def _register(client: Client, key: str, meters: int) -> None:
    owner = client.post("clients", {"name": "Bench"})["id"]
    client.post("gateways", {"id": GATEWAY, "public_key": key, "fingerprint": short_fingerprint(bytes.fromhex(key))})
    for number in range(meters):
        point = {"client": owner, "code": f"P{number}", "medium": "water", "zone": "bench"}
        who = {"fabrication_number": identity(number), "id": identity(number)}
        told = {**who, "manufacturer": "CBS", "version": 1, "medium": 7}
        meter = {"supply_point": client.post("supply-points", point)["id"], "gateway": GATEWAY}
        client.post("meters", {**meter, "name": f"m{number}", "identity": told})


def points(client: Client) -> list[str]:
    """The supply points, in the order of their meters' numbers."""
    found: dict[str, str] = {}
    after: object = None
    while True:
        page = client.get("meters?limit=100" + (f"&cursor={after}" if after else ""))
        items = page["items"]
        assert isinstance(items, list)
        found.update({item["name"]: item["supply_point"] for item in items})
        if (after := page["next"]) is None:
            return [found[f"m{number}"] for number in range(len(found))]


def suspend(client: Client, point: str) -> str:
    """Enter an order that takes supply away; its id."""
    served = (datetime.now(UTC) - NOTICE).date().isoformat()
    notice = {"received_on": served, "channel": "registered_letter"}
    body: dict[str, object] = {"supply_point": point, "kind": "suspend", "grounds": "default", "notice": notice}
    return str(client.post("orders", body)["id"])


def _all_read(client: Client, meters: int) -> bool:
    try:
        return bool(client.get(f"meters/m{meters - 1}/readings")["items"])
    except AssertionError:
        return False


def _plane_file(port: int, broker_port: int) -> str:
    return f"""pack = "demo"
key_file = "plane.key"
[listen]
port = {port}
[broker]
host = "127.0.0.1"
port = {broker_port}
password_file = "{PLANE}.password"
[orders]
client_per_hour = 10000
client_per_day = 10000
zone_per_hour = 10000
zone_per_day = 10000
gateway_per_hour = 10000
gateway_per_day = 10000
"""


def _gateway_file(key: str, broker_port: int, ports: list[int], each: int) -> str:
    head = f"""id = "{GATEWAY}"
key_file = "gateway.key"
journal = "journal.sqlite"
control_plane_keys = ["{key}"]
[caps]
per_hour = 10000
per_day = 10000
share = 1.0
floor = 1000
[broker]
host = "127.0.0.1"
port = {broker_port}
password_file = "{GATEWAY}.password"
[polling]
every_s = 86400
"""
    lines = "".join(
        f'[[lines]]\nname = "l{number}"\nhost = "127.0.0.1"\nport = {port}\nbaud = {BAUD}\n'
        for number, port in enumerate(ports)
    )
    return head + lines + "".join(_meter(number, number // each) for number in range(len(ports) * each))


def _meter(number: int, line: int) -> str:
    who = f'id = "{identity(number)}"\nfabrication_number = "{identity(number)}"\nmanufacturer = "CBS"\nversion = 1'
    return f'[[meters]]\nname = "m{number}"\nline = "l{line}"\nmedium = "water"\n{who}\n'
