"""The machine's clocks and chance."""

import secrets
import time
from datetime import UTC, datetime
from pathlib import Path

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class SystemClock:
    """Wall clock, and CLOCK_BOOTTIME, which runs through suspend and never jumps."""

    def now(self) -> datetime:
        """Return the wall clock in UTC."""
        return datetime.now(UTC)

    def boot(self) -> float:
        """Return seconds since the machine started, suspend included."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)


def machine_start() -> str:
    """Return what names this start of the machine; empty where the system does not say."""
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""


class SystemEntropy:
    """The operating system's chance."""

    def token(self, size: int) -> bytes:
        """Return `size` unpredictable bytes."""
        return secrets.token_bytes(size)

    def fraction(self) -> float:
        """Return a number in [0, 1)."""
        return secrets.randbits(53) / (1 << 53)
