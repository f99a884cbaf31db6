"""The files of one run, as installers and operators would write them: what each process is told, and nothing else."""

from dataclasses import dataclass
from pathlib import Path

from curbstop.demo.meters import BAUD, METERS, DemoMeter
from protocols.types import GatewayId
from seams.mqtt import Address

LOOPBACK = "127.0.0.1"
GATEWAY = GatewayId("demo-cellar")
CONTROL_PLANE, SECOND_PLANE = "control-plane", "control-plane-2"
"""Names of control planes at the broker: the second one's place is what is stolen in the demo."""
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


def broker_table(folder: Path, who: str, address: Address) -> str:
    """The lines about the broker in somebody's file, whose password, where there is one, is put beside it."""
    lines = ["[broker]", f'host = "{address.host}"', f"port = {address.port}"]
    if address.password:
        write_secret(folder / f"{who}.password", address.password)
        lines.append(f'password_file = "{who}.password"')
    named = {"ca_file": address.ca_file, "certificate_file": address.certificate_file, "key_file": address.key_file}
    lines += [f'{name} = "{path.resolve()}"' for name, path in named.items() if path is not None]
    return "\n".join(lines) + "\n"


def write_plane_file(folder: Path, ports: Ports, address: Address) -> Path:
    """The control plane's own file."""
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

{broker_table(folder, CONTROL_PLANE, address)}""")
    return path


def write_gateway_file(folder: Path, ports: Ports, address: Address, plane_key: str) -> Path:
    """The gateway's own file: one line, five meters. `plane_key` is the control plane's public key in hex."""
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

{broker_table(folder, "gateway", address)}
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
