"""What mosquitto is told: who gets in, what each may publish and hear, and how much of everything there is.

Pure text. Mosquitto takes any subscription and any publication with a friendly answer, and then delivers nothing that
these rights do not allow: what arrives is what counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from protocols.uplink.envelope import MAX_ENVELOPE
from protocols.uplink.topics import ROOT

CONTROL_PLANE = "control-plane"
LOOPBACK = "127.0.0.1"
TLS_PORT = 8883
MOST_CONNECTIONS = 1000
LARGEST_MESSAGE = MAX_ENVELOPE + 4096
LARGEST_PACKET = LARGEST_MESSAGE + 1024
IN_FLIGHT, QUEUED, QUEUED_BYTES = 100, 10_000, 64 * 1024 * 1024
LONGEST_KEEPALIVE_S = 120
FORGOTTEN_AFTER = "90d"
"""A session that nobody took up for so long is dropped: what it missed is said again by whoever signed it."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a house decides of its broker. `folder` is where the files stand at the broker."""

    folder: PurePath
    address: str = LOOPBACK
    port: int = TLS_PORT
    connections: int = MOST_CONNECTIONS
    user: str | None = None
    control_planes: Sequence[str] = field(default=(CONTROL_PLANE,))


def rights(control_planes: Sequence[str] = (CONTROL_PLANE,)) -> str:
    """Control planes hear all ways up and publish on all ways down; a gateway the other way round, on its own alone."""
    planes = (f"user {name}\ntopic read {ROOT}/+/up/+\ntopic write {ROOT}/+/down/+\n" for name in control_planes)
    return "".join(planes) + f"pattern read {ROOT}/%u/down/+\npattern write {ROOT}/%u/up/+"


def configuration(told: Told) -> str:
    """The text of mosquitto.conf: one listener, TLS with certificates of our authority and nothing else."""
    here = told.folder
    user = f"user {told.user}\n" if told.user is not None else ""
    return f"""# Written by `curbstop broker configure`. Man page: mosquitto.conf(5).
{user}persistence true
persistence_location {here}/
autosave_interval 60
persistent_client_expiration {FORGOTTEN_AFTER}
log_dest stderr
log_type error
log_type warning
log_type notice
sys_interval 0

# Who gets in: whoever has a certificate of our authority that was not revoked. Its name is the user name and the client
# id, whatever the client says: nobody speaks, listens or takes a session over as another.
listener {told.port} {told.address}
allow_anonymous false
cafile {here}/authority.pem
certfile {here}/broker.pem
keyfile {here}/broker.key
crlfile {here}/revoked.pem
tls_version tlsv1.3
require_certificate true
use_identity_as_username true
use_username_as_clientid true
allow_zero_length_clientid false
acl_file {here}/rights.acl

# How much of everything there is.
max_connections {told.connections}
max_packet_size {LARGEST_PACKET}
message_size_limit {LARGEST_MESSAGE}
max_inflight_messages {IN_FLIGHT}
max_queued_messages {QUEUED}
max_queued_bytes {QUEUED_BYTES}
max_keepalive {LONGEST_KEEPALIVE_S}
max_qos 1
retain_available false
set_tcp_nodelay true
"""
