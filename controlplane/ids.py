"""Names of things we make: a word for the kind, then time and chance, so that they sort by age and can't be guessed."""

from datetime import UTC, datetime, timedelta

from protocols.ports import Clock, Entropy

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32: no letter that is taken for another when an operator reads it aloud."""
TIME_LETTERS, CHANCE_BYTES, CHANCE_LETTERS = 9, 5, 8
EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


def new_id(kind: str, clock: Clock, entropy: Entropy) -> str:
    """Return for example `ord_0k3f9x2mz7q1w8e4r`."""
    millis = int((clock.now() - EPOCH) / timedelta(milliseconds=1))
    chance = int.from_bytes(entropy.token(CHANCE_BYTES), "big")
    return f"{kind}_{_letters(millis, TIME_LETTERS)}{_letters(chance, CHANCE_LETTERS)}"


def _letters(number: int, count: int) -> str:
    return "".join(ALPHABET[number >> 5 * n & 31] for n in reversed(range(count)))
