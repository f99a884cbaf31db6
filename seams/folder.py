"""Making a file's name last: what was created or renamed is found after a power loss once its folder was synced."""

import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Make names in a folder durable; OSError where the disk refuses."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
