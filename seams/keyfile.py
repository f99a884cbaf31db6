"""Ed25519 seeds in files that only their owner may read; any other file is refused."""

import os
import stat
from pathlib import Path

from protocols.ports import Entropy
from protocols.uplink.keys import KEY_SIZE, SigningKey
from seams.folder import sync_folder

PRIVATE = 0o600


class KeyFileError(Exception):
    """A key file that can't be used; the text says which and what to do."""


def make(path: Path, entropy: Entropy) -> SigningKey:
    """Write a new key to `path`, readable by its owner alone; KeyFileError if something stands there."""
    seed = entropy.token(KEY_SIZE)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    except FileExistsError:
        raise KeyFileError(f"{path}: exists already; a key is never overwritten") from None
    except OSError as error:
        raise KeyFileError(f"{path}: can't be written ({error.strerror})") from None
    with os.fdopen(descriptor, "w") as file:
        os.fchmod(descriptor, PRIVATE)
        file.write(seed.hex() + "\n")
        file.flush()
        os.fsync(descriptor)
    sync_folder(path.parent)
    return SigningKey(seed)


def _read(path: Path) -> tuple[str, int]:
    try:
        return path.read_text(encoding="utf-8").strip(), stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        raise KeyFileError(f"{path}: can't be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise KeyFileError(f"{path}: holds no text") from None


def load(path: Path) -> SigningKey:
    """Read the key at `path`; KeyFileError if it is missing, readable by others, or no key."""
    text, mode = _read(path)
    if mode & 0o077:
        raise KeyFileError(f"{path}: others may read it (mode {mode:04o}); run: chmod 600 {path}")
    try:
        seed = bytes.fromhex(text)
    except ValueError:
        seed = b""
    if len(seed) != KEY_SIZE:
        raise KeyFileError(f"{path}: holds no key; 64 hex digits are expected")
    return SigningKey(seed)


def secret(path: Path) -> str:
    """Read a password's one line; KeyFileError if it is missing, empty, or readable by others."""
    text, mode = _read(path)
    if mode & 0o077:
        raise KeyFileError(f"{path}: others may read it (mode {mode:04o}); run: chmod 600 {path}")
    if not text:
        raise KeyFileError(f"{path}: holds no password")
    return text


def load_or_make(path: Path, entropy: Entropy) -> SigningKey:
    """Read the key at `path`, or make it where there is none yet."""
    return load(path) if path.exists() else make(path, entropy)
