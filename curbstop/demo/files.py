"""The files of one run, as installers and operators would write them: what each process is told, and nothing else."""

from dataclasses import dataclass
from pathlib import Path

from curbstop.demo.meters import BAUD, METERS, DemoMeter
from protocols.types import GatewayId

LOOPBACK = "127.0.0.1"
GATEWAY = GatewayId("demo-cellar")
CONTROL_PLANE = "control-plane"
POLL_EVERY_S = 10


@dataclass(frozen=True, slots=True)
class Ports:
    """Where who listens, on loopback."""

    broker: int
    line: int
    rest: int


def write_secret(path: Path, text: str) -> None:
    """Write a line that only we may read."""
    path.touch(mode=0o600)
    path.write_text(text + "\n")


def write_plane_file(folder: Path, ports: Ports, password: str) -> Path:
    """The control plane's own file."""
    write_secret(folder / "control-plane.password", password)
    path = folder / "control-plane.toml"
    path.write_text(f"""# The demo's control plane.
pack = "demo"
key_file = "control-plane.key"
database = "sqlite:///control-plane.sqlite"

[orders]
armed_look_s = 5.0
leak_watch_s = 12.0

[listen]
host = "{LOOPBACK}"
port = {ports.rest}

[broker]
host = "{LOOPBACK}"
port = {ports.broker}
username = "{CONTROL_PLANE}"
password_file = "control-plane.password"
""")
    return path


def write_gateway_file(folder: Path, ports: Ports, password: str, plane_key: str) -> Path:
    """The gateway's own file: one line, five meters. `plane_key` is the control plane's public key in hex."""
    write_secret(folder / "gateway.password", password)
    path = folder / "gateway.toml"
    text = f"""# The demo's gateway: one line, five meters.
id = "{GATEWAY}"
key_file = "gateway.key"
journal = "gateway.sqlite"
control_plane_keys = ["{plane_key}"]

[caps]
per_hour = 4
per_day = 8
share = 0.75
floor = 2

[broker]
host = "{LOOPBACK}"
port = {ports.broker}
password_file = "gateway.password"

[polling]
every_s = {POLL_EVERY_S}

[[lines]]
name = "riser"
host = "{LOOPBACK}"
port = {ports.line}
baud = {BAUD}
"""
    path.write_text(text + "".join(_meter_table(meter) for meter in METERS))
    return path


def _meter_table(meter: DemoMeter) -> str:
    who = meter.identity
    return f"""
[[meters]]
name = "{meter.name}"
line = "riser"
id = "{who.id}"
manufacturer = "{who.manufacturer}"
version = {who.version}
medium = "{meter.medium}"
fabrication_number = "{who.fabrication_number}"
response_s = {meter.response_s + 0.5 if meter.response_s >= 1 else 0.0}
"""
