"""Entries: one encoding, fixed to the byte, and a chain that nothing can leave."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import MalformedError
from protocols.proof import entry
from protocols.proof.entry import Because, Break, Document, Entry, Rule, Step
from protocols.proof.tree import leaf_hash
from protocols.uplink.parts import GENESIS

AT = datetime(2026, 11, 24, 18, 55, 37, 250_000, tzinfo=UTC)
WHY = Because(code="paid", en="Paid.", it="Pagato: è a posto.", rule=Rule(pack="p", id="r", citation="art. 5"))
STEP = Step(event="stop", before="entered", after="withdrawn", grade=None, because=WHY, version=2)
GOLDEN = (
    '{"order":"ord_1","act":"suspend","point":"sp_1","client":"cl_1","sequence":1,"previous":"' + "0" * 64 + '",'
    '"at":"2026-11-24T18:55:37.250000Z","actor":"house","step":{"event":"stop","before":"entered","after":"withdrawn",'
    '"grade":null,"because":{"code":"paid","en":"Paid.","it":"Pagato: è a posto.","rule":{"pack":"p","id":"r",'
    '"citation":"art. 5"}},"version":2},"documents":[{"kind":"receipt","digest":"' + "ab" * 32 + '"}],'
    '"facts":{"grounds":"default"}}'
).encode()


def told(**changed: Any) -> Entry:
    made: dict[str, Any] = {
        "order": "ord_1",
        "act": "suspend",
        "point": "sp_1",
        "client": "cl_1",
        "sequence": 1,
        "previous": GENESIS,
        "at": AT,
        "actor": "house",
        "step": STEP,
        "documents": (Document(kind="receipt", digest="ab" * 32),),
        "facts": {"grounds": "default"},
    }
    return Entry(**{**made, **changed})


def test_the_bytes_of_a_leaf_are_fixed() -> None:
    assert entry.encode(told()) == GOLDEN
    assert entry.decode(GOLDEN) == told()


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (b'"order":"ord_1"', b'"order": "ord_1"'),
        (b'"sequence":1', b'"sequence":1.0'),
        (b'"sequence":1', b'"sequence":0'),
        (b".250000Z", b".25Z"),
        (b".250000Z", b".250000+00:00"),
        (b".250000Z", b".250000+01:00"),
        (b".250000Z", b".250000"),
        ("è".encode(), b"\\u00e8"),
        ("è".encode(), b"\xff"),
        (b'"grade":null,', b""),
        (b'"facts":{', b'"more":1,"facts":{'),
        (b"ord_1", b"ord\\n1"),
        (b"ord_1", b""),
        (b'"actor":"house"', b'"actor":"house","actor":"house"'),
        (GOLDEN, GOLDEN + b"\n"),
        (GOLDEN, b""),
        (GOLDEN, b"[" * 100_000),
    ],
)
def test_an_entry_written_in_another_way_is_refused(was: bytes, becomes: bytes) -> None:
    assert was in GOLDEN
    with pytest.raises(MalformedError):
        entry.decode(GOLDEN.replace(was, becomes, 1))


@pytest.mark.parametrize(
    "changed",
    [
        {"step": None, "documents": ()},
        {"at": AT.astimezone(timezone(timedelta(hours=1)))},
        {"sequence": 0},
        {"actor": "a\nb"},
        {"facts": {"a": "x" * 1001}},
        {"documents": (Document(kind="receipt", digest="ab"),)},
        {"facts": {f"f{n}": "x" * 1000 for n in range(20)}, "documents": tuple(told().documents) * 101},
    ],
)
def test_nothing_is_written_that_could_not_be_read_back(changed: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no entry"):
        entry.encode(told(**changed))


@given(st.binary(max_size=100))
def test_any_bytes_at_all_are_read_or_refused(raw: bytes) -> None:
    for tried in (raw, GOLDEN[:40] + raw, GOLDEN + raw):
        try:
            assert entry.encode(entry.decode(tried)) == tried
        except MalformedError:
            continue


@dataclass
class Life:
    """A chain of steps, to be spoilt."""

    leaves: list[bytes]

    @classmethod
    def of(cls, *states: str, **about: str) -> "Life":
        leaves: list[bytes] = []
        for before, after in zip(("entered", *states), states, strict=False):
            step = Step(event="step", before=before, after=after, grade=None, because=None, version=len(leaves))
            previous = leaf_hash(leaves[-1]).hex() if leaves else GENESIS
            leaves.append(entry.encode(told(step=step, sequence=len(leaves) + 1, previous=previous, **about)))
        return cls(leaves)

    def broken_at(self) -> Break | None:
        return entry.broken_at(self.leaves, [entry.decode(leaf) for leaf in self.leaves])


STATES = ("entered", "planned", "dispatched", "permitted", "executed", "completed")


def test_a_whole_history_is_one() -> None:
    assert Life.of(*STATES).broken_at() is None
    assert Life([]).broken_at() == Break(0, "empty")


@pytest.mark.parametrize("at", range(len(STATES) - 1))
def test_an_entry_taken_out_moved_or_doubled_breaks_it(at: int) -> None:
    whole = Life.of(*STATES).leaves
    swapped = [*whole[:at], whole[at + 1], whole[at], *whole[at + 2 :]]
    for leaves in ([*whole[:at], *whole[at + 1 :]], swapped, [*whole[: at + 1], *whole[at:]]):
        found = Life(leaves).broken_at()
        assert found is not None
        assert found.code == "gap"


def test_an_entry_of_another_order_or_one_that_starts_elsewhere_breaks_it() -> None:
    whole = Life.of(*STATES).leaves
    for about in ({"order": "ord_2"}, {"act": "limit"}, {"point": "sp_2"}, {"client": "cl_2"}):
        decoded = [entry.decode(leaf) for leaf in whole]
        decoded[3] = msgspec.structs.replace(decoded[3], **about)
        assert entry.broken_at(whole, decoded) == Break(4, "other_order")
    assert Life.of("entered", "planned").broken_at() is None
    jumped = [entry.decode(leaf) for leaf in whole]
    jumped[2] = msgspec.structs.replace(jumped[2], step=STEP)
    assert entry.broken_at(whole, jumped) == Break(3, "state")
