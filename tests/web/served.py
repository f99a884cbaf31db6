"""A control plane as a process, with a small town in its registry, and people who use its API."""

import itertools
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import create_engine, insert

from controlplane.news import tell
from controlplane.orders.models import positions
from tests.curbstop.test_serve import first_token, free_port, ready, settings

PATIENCE_S = 20
LONG_AGO = (datetime.now(UTC) - timedelta(days=90)).date().isoformat()
SEEN = (("open", 4), ("closed", 65), ("armed", 7), ("limited", 30), ("fault", 90), ("moving", 1), ("open", 60 * 50))
"""What was last seen at the meters, and how many minutes ago; the last one's is old, and one more was never seen."""


@dataclass
class Served:
    """One that runs; `api` asks as the admin."""

    folder: Path
    port: int
    process: "subprocess.Popen[str]"
    token: str
    points: list[str] = field(default_factory=list)
    client: str = ""
    operator: str = ""
    supervisor: str = ""
    keys: Any = field(default_factory=lambda: itertools.count(1))

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def api(self, path: str, body: object = None, method: str = "POST", token: str = "", **headers: str) -> Any:
        sent = {"authorization": f"Bearer {token or self.token}", "idempotency-key": f"k{next(self.keys)}", **headers}
        answer = httpx.request(method, f"{self.base}/api/v1{path}", json=body, headers=sent, timeout=PATIENCE_S)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def person(self, name: str, role: str, client: str | None = None) -> str:
        """The secret of a new token."""
        made = self.api("/tokens", {"name": name, "role": role, "client": client, "person": name})
        return str(made["token"])

    def order(self, point: str, kind: str = "suspend", token: str = "") -> Any:
        notice = {"received_on": LONG_AGO, "channel": "post"}
        return self.api("/orders", {"supply_point": point, "kind": kind, "notice": notice}, token=token)

    def place(self) -> str:
        """A new supply point that no meter stands at: a crew's."""
        body = {"client": self.client, "code": f"Via Po {next(self.keys)}", "medium": "water", "zone": "south"}
        return str(self.api("/supply-points", body)["id"])

    def pay(self, point: str) -> None:
        """Somebody has paid: what would take supply away there stops."""
        paid = {"amount": "1.00", "currency": "EUR", "reference": f"r-{next(self.keys)}", "settles": True}
        self.api("/payments", {"supply_point": point, **paid})

    def town(self) -> None:
        """Eight meters, and what was last seen at each, as if a gateway had told."""
        self.client = self.api("/clients", {"name": "Acqua Demo"})["id"]
        self.api("/gateways", {"id": "riser-1"})
        for n in range(len(SEEN) + 1):
            place = {"client": self.client, "code": f"Via Roma {n + 1}", "medium": "gas" if n == 2 else "water"}
            point = self.api("/supply-points", {**place, "zone": "north"})["id"]
            plate = {"fabrication_number": str(n), "id": f"{n:08d}", "manufacturer": "CBS", "version": 1}
            meter = {"supply_point": point, "gateway": "riser-1", "name": f"cellar-{n + 1}"}
            self.api("/meters", {**meter, "identity": {**plate, "medium": 3 if n == 2 else 7}})
            self.points.append(point)
        engine = create_engine(f"sqlite:///{self.folder / 'control-plane.sqlite'}", connect_args={"timeout": 30})
        now = datetime.now(UTC)
        with engine.begin() as db:
            for n, (position, minutes) in enumerate(SEEN):
                row = {"meter": f"cellar-{n + 1}", "position": position, "at": now - timedelta(minutes=minutes)}
                db.execute(insert(positions).values(**row, source="riser-1", grade="read_back"))
            tell(db, now - timedelta(minutes=3), "alarm", "cellar-3", {"code": "gas_leak_check"}, None)
            tell(db, now - timedelta(minutes=20), "alarm", "cellar-2", {"code": "passing_valve"}, None)
        engine.dispose()


@contextmanager
def served(folder: Path, more: str = "") -> Iterator[Served]:
    """Run it while the context lasts."""
    port = free_port()
    command = [sys.executable, "-m", "curbstop", "serve", str(settings(folder, port, ""))]
    if more:
        (folder / "plane.toml").write_text((folder / "plane.toml").read_text() + more)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        token = first_token(process)
        ready(port)
        yield Served(folder, port, process, token)
    finally:
        process.send_signal(signal.SIGTERM)
        process.kill()
        process.communicate()
