"""What the town's processes are told: the files that operators and installers would write, with short terms.

Every number here is a setting that the product offers.
"""

from dataclasses import dataclass
from pathlib import Path

from protocols.uplink.keys import SigningKey
from seams import keyfile
from seams.clock import SystemEntropy
from tests.e2e import servers
from tests.e2e.kills.street import BAUD, identity, name_of

GATEWAYS, EACH = 10, 2
LOOPBACK = "127.0.0.1"
POLL_EVERY_S = 2


@dataclass(frozen=True, slots=True)
class Place:
    """Where everything of one run is."""

    folder: Path
    broker: int
    rest: int
    lines: tuple[int, ...]
    plane_key: SigningKey
    keys: tuple[SigningKey, ...]

    @property
    def database(self) -> Path:
        """The control plane's database."""
        return self.folder / "plane" / "plane.sqlite"

    def journal(self, number: int) -> Path:
        """A gateway's journal."""
        return self.folder / gateway(number) / "journal.sqlite"


def gateway(number: int) -> str:
    """The id of the gateway with this running number."""
    return f"cellar-{number}"


def write(folder: Path, lines: tuple[int, ...]) -> Place:
    """Make keys and files, in a folder for each process."""
    for name in ("plane", "broker", *(gateway(n) for n in range(len(lines)))):
        (folder / name).mkdir()
    entropy, keys = SystemEntropy(), tuple[SigningKey, ...]()
    plane_key = keyfile.make(folder / "plane" / "plane.key", entropy)
    keys = tuple(keyfile.make(folder / gateway(n) / "gateway.key", entropy) for n in range(len(lines)))
    place = Place(folder, servers.free_port(), servers.free_port(), lines, plane_key, keys)
    (folder / "broker" / "broker.conf").write_text(f"listener {place.broker} {LOOPBACK}\nallow_anonymous true\n")
    (folder / "plane" / "plane.toml").write_text(_plane(place))
    for number in range(len(lines)):
        mine = folder / gateway(number)
        (mine / "gateway.password").touch(mode=0o600)
        (mine / "gateway.password").write_text("any\n")
        (mine / "gateway.toml").write_text(_gateway(place, number))
    return place


def _plane(place: Place) -> str:
    windows = ("client_per_hour", "client_per_day", "zone_per_hour", "zone_per_day", "gateway_per_hour")
    many = "".join(f"{window} = 100000\n" for window in (*windows, "gateway_per_day"))
    return f"""pack = "demo"
key_file = "plane.key"
database = "sqlite:///plane.sqlite"
[listen]
port = {place.rest}
[broker]
host = "{LOOPBACK}"
port = {place.broker}
[orders]
command_ttl_s = 25.0
command_grace_s = 1.0
look_due_s = 15.0
observe_min_s = 1.0
observe_max_s = 5.0
{many}"""


def _gateway(place: Place, number: int) -> str:
    head = f"""id = "{gateway(number)}"
key_file = "gateway.key"
journal = "journal.sqlite"
control_plane_keys = ["{place.plane_key.public.hex()}"]
[caps]
per_hour = 10000
per_day = 10000
share = 1.0
floor = 1000
[broker]
host = "{LOOPBACK}"
port = {place.broker}
password_file = "gateway.password"
[polling]
every_s = {POLL_EVERY_S}
[[lines]]
name = "riser"
host = "{LOOPBACK}"
port = {place.lines[number]}
baud = {BAUD}
"""
    return head + "".join(_meter(n) for n in range(number * EACH, (number + 1) * EACH))


def _meter(number: int) -> str:
    who = f'id = "{identity(number)}"\nfabrication_number = "{identity(number)}"\nmanufacturer = "CBS"\nversion = 1'
    return f'[[meters]]\nname = "{name_of(number)}"\nline = "riser"\nmedium = "water"\n{who}\n'
