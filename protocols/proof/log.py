"""What the log's checkpoints say beside size and root: the root of all orders' heads, and when it was said.

Two extension lines of a C2SP checkpoint, in this order: `heads <base64>` and `time <RFC 3339, UTC, whole seconds>`.
"""

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from datetime import UTC, datetime

from protocols.errors import MalformedError
from protocols.proof.checkpoint import Checkpoint
from protocols.proof.tree import HASH_SIZE

TIME = "%Y-%m-%dT%H:%M:%SZ"
HEADS, AT = "heads ", "time "
LINES = 2


@dataclass(frozen=True, slots=True)
class Stand:
    """How the log stood: `size` entries under `root`, all orders' heads under `heads`, `at` by the log's own clock."""

    origin: str
    size: int
    root: bytes
    heads: bytes
    at: datetime

    def checkpoint(self) -> Checkpoint:
        """Return it as the log signs it; `at` is cut to whole seconds."""
        at = self.at.astimezone(UTC).strftime(TIME)
        lines = (f"{HEADS}{b64encode(self.heads).decode()}", f"{AT}{at}")
        return Checkpoint(self.origin, self.size, self.root, lines)


def stand(checkpoint: Checkpoint) -> Stand:
    """Return what a checkpoint of this product's log says; MalformedError where it is another's."""
    lines = checkpoint.extensions
    if len(lines) != LINES or not lines[0].startswith(HEADS) or not lines[1].startswith(AT):
        raise _foreign(checkpoint)
    try:
        heads = b64decode(lines[0].removeprefix(HEADS), validate=True)
        at = datetime.strptime(lines[1].removeprefix(AT), TIME).replace(tzinfo=UTC)
    except (Base64Error, ValueError):
        raise _foreign(checkpoint) from None
    found = Stand(checkpoint.origin, checkpoint.size, checkpoint.root, heads, at)
    if len(heads) != HASH_SIZE or found.checkpoint() != checkpoint:
        raise _foreign(checkpoint)
    return found


def _foreign(checkpoint: Checkpoint) -> MalformedError:
    said = f"the checkpoint of {checkpoint.size} entries does not name the orders' heads and its time"
    return MalformedError("checkpoint_lines", said, expected="a line 'heads BASE64' and a line 'time RFC 3339'")
