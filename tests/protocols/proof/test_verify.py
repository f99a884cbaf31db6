"""The verdict on whole dossiers: what holds, and whatever does not. Each sabotage is told by its own name."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from protocols.proof import archive, checkpoint, dossier, entry, heads, tree
from protocols.proof.checkpoint import Note
from protocols.proof.contents import MANIFEST
from protocols.proof.dossier import Logged
from protocols.proof.heads import Head
from protocols.proof.known import Key, Keys, Role
from protocols.proof.log import Stand
from protocols.proof.verdict import Outcome, Verdict
from protocols.proof.verify import verify
from protocols.uplink import codec
from protocols.uplink.keys import SigningKey
from tests.protocols.proof import house as h
from tests.protocols.proof.house import KEYS, KNOWN, House, suspended

HOUSE = suspended()
WHOLE = HOUSE.dossier("ord_1")
STRANGER = SigningKey(b"\x63" * 32)
SEALED = codec.seal(h.command(7), h.HOUSE_KEY)[0]


def judged(raw: bytes, *published: bytes, known: Keys = KEYS) -> Verdict:
    return verify(raw, known, [checkpoint.read(note) for note in published])


def without(*roles: Role) -> Keys:
    return Keys(key for key in KNOWN if key.role not in roles)


def test_I9_a_proof_holds_with_public_keys_alone() -> None:
    verdict = judged(WHOLE)
    assert (verdict.outcome, verdict.failed, verdict.order) == (Outcome.HOLDS, (), "ord_1")
    assert {check.code for check in verdict.checks} == {"unchanged", "signed", "in_log", "accounts_fit"}
    assert verdict.story[0].en == (
        "Gateway gw-1 moved the valve of meter water-a (fabrication number 12345678), read it closed on "
        "2026-11-24 09:00:08 UTC, and signed it."
    )
    assert "12.345 m3" in verdict.story[1].it
    assert verdict.story[2].it == (
        "Secondo il registro, l'ordine ord_1 (sospensione) al punto di fornitura sp_1 è completato "
        "(prova: posizione riletta e indice osservato)."
    )
    assert all(one.known for one in verdict.signers)


def test_the_same_order_gives_the_same_file() -> None:
    assert HOUSE.dossier("ord_1") == WHOLE == suspended().dossier("ord_1")


def test_each_published_checkpoint_that_is_in_it_is_the_same_log() -> None:
    verdict = judged(WHOLE, *HOUSE.notes)
    assert verdict.outcome is Outcome.HOLDS
    assert [check.code for check in verdict.checks].count("published") == 2
    assert len(verdict.not_proven) == len(judged(WHOLE).not_proven) - 1


def test_a_running_order_is_incomplete() -> None:
    verdict = judged(HOUSE.dossier("ord_2"))
    assert verdict.outcome is Outcome.HOLDS
    running = House()
    running.tell("ord_9", "entered", "entered")
    running.tell("ord_9", "allowed", "planned")
    running.sign()
    verdict = judged(running.dossier("ord_9"))
    assert (verdict.outcome, verdict.failed) == (Outcome.INCOMPLETE, ("running",))


@pytest.mark.parametrize("role", [Role.LOG, Role.HOUSE, Role.GATEWAY])
def test_a_key_that_was_not_given_is_never_taken_from_the_file(role: Role) -> None:
    verdict = judged(WHOLE, known=without(role))
    assert verdict.outcome is Outcome.KEY_UNKNOWN
    assert set(verdict.failed) <= {"key_unknown", "log_key_unknown"}
    assert [one.known for one in verdict.signers] == [one.role != role for one in verdict.signers]


def test_a_key_that_no_document_needs_may_be_unknown() -> None:
    assert judged(WHOLE, known=without(Role.DEVICE)).outcome is Outcome.HOLDS


def test_no_keys_at_all_prove_nothing() -> None:
    assert judged(WHOLE, known=Keys()).outcome is Outcome.KEY_UNKNOWN
    assert judged(HOUSE.dossier("ord_1", claims=()), known=Keys()).outcome is Outcome.KEY_UNKNOWN


def test_keys_are_believed_in_their_own_role_and_name_only() -> None:
    gateway = next(key for key in KNOWN if key.role is Role.GATEWAY)
    for wrong in (Key(Role.GATEWAY, "gw-2", gateway.public), Key(Role.DEVICE, gateway.name, gateway.public)):
        verdict = judged(WHOLE, known=Keys([*(k for k in KNOWN if k is not gateway), wrong]))
        assert (verdict.outcome, verdict.failed) == (Outcome.BROKEN, ("signer_wrong", "signer_wrong"))


def test_one_key_may_have_several_names() -> None:
    """A log that went on under a new origin after a restore keeps its key."""
    for order in (1, -1):
        more = [Key(Role.LOG, "log.example/older", h.LOG_KEY.public), *KNOWN][::order]
        assert judged(WHOLE, known=Keys(more)).outcome is Outcome.HOLDS


def test_a_logs_key_that_was_given_for_another_log_is_not_known_here() -> None:
    """The log that goes on under a new origin is to be asked for by its name; nothing in the file is wrong."""
    older = Key(Role.LOG, "log.example/older", h.LOG_KEY.public)
    verdict = judged(WHOLE, known=Keys([older, *KNOWN[1:]]))
    assert (verdict.outcome, set(verdict.failed)) == (Outcome.KEY_UNKNOWN, {"key_unknown", "log_key_unknown"})
    assert any("you gave this key as that of log.example/older" in check.said.en for check in verdict.checks)


def test_documents_that_are_not_handed_out_leave_it_incomplete() -> None:
    verdict = judged(forged(documents=HOUSE.documents["ord_1"][1:]))
    assert (verdict.outcome, set(verdict.failed)) == (Outcome.INCOMPLETE, {"documents_missing", "command_missing"})
    verdict = judged(forged(documents=[]))
    gone = {"documents_missing", "executed_missing", "corroborated_missing"}
    assert (verdict.outcome, set(verdict.failed)) == (Outcome.INCOMPLETE, gone)


def test_another_key_of_a_known_name_is_told_apart() -> None:
    gateway = next(key for key in KNOWN if key.role is Role.GATEWAY)
    other = Key(Role.GATEWAY, gateway.name, STRANGER.public)
    verdict = judged(WHOLE, known=Keys([*(k for k in KNOWN if k is not gateway), other]))
    assert verdict.outcome is Outcome.KEY_UNKNOWN
    assert any("another key of that name" in check.said.en for check in verdict.checks)


def forged(sign: SigningKey = h.LOG_KEY, **changed: Any) -> bytes:
    """A dossier from other material, by whoever has this key."""
    return h.build(HOUSE.material("ord_1", **changed), sign)


def test_whoever_signs_with_a_key_of_their_own_is_not_believed() -> None:
    verdict = judged(forged(STRANGER))
    assert (verdict.outcome, verdict.failed) == (Outcome.KEY_UNKNOWN, ("key_unknown",))
    mine = Keys([Key(Role.LOG, h.ORIGIN, STRANGER.public)])
    assert judged(forged(STRANGER), known=mine).outcome is Outcome.KEY_UNKNOWN


ENTRIES = list(HOUSE.material("ord_1").entries)


@pytest.mark.parametrize("at", range(len(ENTRIES)))
def test_a_removed_entry_is_found(at: int) -> None:
    """Whoever holds even the log's key can't leave one out: the first, one between, or the newest."""
    left = [*ENTRIES[:at], *ENTRIES[at + 1 :]]
    verdict = judged(forged(entries=left))
    assert verdict.outcome is Outcome.BROKEN
    newest = at == len(ENTRIES) - 1
    assert ("newest_cut" in verdict.failed) or not newest
    assert ("history_gap" in verdict.failed) is not newest


@pytest.mark.parametrize("left", range(1, len(ENTRIES)))
def test_newest_rows_cut_are_found_even_with_their_documents(left: int) -> None:
    kept = ENTRIES[:left]
    named = {d.digest for e in kept for d in entry.decode(e.leaf).documents}
    documents = [raw for raw in HOUSE.documents["ord_1"] if entry.document("", raw).digest in named]
    verdict = judged(forged(entries=kept, documents=documents))
    assert verdict.outcome is Outcome.BROKEN
    assert "newest_cut" in verdict.failed


def test_newest_rows_cut_with_the_head_of_an_older_checkpoint_are_an_older_file_and_say_so() -> None:
    """Nobody can take back what was handed out: it is as of its checkpoint, and compared with a newer one is open."""
    older = House()
    older.tell("ord_1", "entered", "entered")
    older.tell("ord_1", "denied_by_rule", "rejected", because=h.PAID)
    older.sign()
    raw = older.dossier("ord_1")
    older.tell("ord_1", "late_proof", "executed")
    newer = older.sign()
    verdict = judged(raw, newer)
    assert (verdict.outcome, verdict.failed) == (Outcome.INCOMPLETE, ("not_comparable",))


def test_reordered_entries_are_found() -> None:
    for at in range(len(ENTRIES) - 1):
        swapped = [*ENTRIES[:at], ENTRIES[at + 1], ENTRIES[at], *ENTRIES[at + 2 :]]
        assert "history_gap" in judged(forged(entries=swapped)).failed


def rewritten(at: int, change: Callable[[entry.Entry], entry.Entry]) -> House:
    """A house that tells one entry otherwise, chains and signs everything anew, and kept the old first checkpoint."""
    other = House(documents=HOUSE.documents)
    for index, raw in enumerate(HOUSE.log.entries):
        told = entry.decode(raw)
        mine = other.told.setdefault(told.order, [])
        previous = tree.leaf_hash(mine[-1].leaf).hex() if mine else told.previous
        told = replace(change(told) if index == at else told, previous=previous)
        leaf = entry.encode(told)
        mine.append(Logged(leaf, other.log.append(leaf), ()))
        other.heads |= heads.put(other.heads.get, Head(told.order, len(mine), tree.leaf_hash(leaf)))
        other.minutes = index + 1
        if index + 1 in (5, 12):
            other.sign()
    return other


def another_actor(told: entry.Entry) -> entry.Entry:
    return replace(told, actor="somebody-else")


def test_a_rewritten_history_is_another_log() -> None:
    """Whoever has the log's key can write a whole other log; a checkpoint that was published shows it."""
    other = rewritten(2, another_actor)
    assert judged(other.dossier("ord_1")).outcome is Outcome.HOLDS
    for note in HOUSE.notes:
        verdict = judged(other.dossier("ord_1"), note)
        assert (verdict.outcome, verdict.failed) == (Outcome.BROKEN, ("fork",))


def test_a_rewritten_history_beside_a_true_old_checkpoint_is_found_without_any_other_file() -> None:
    other = rewritten(2, another_actor)
    other.notes[0] = HOUSE.notes[0]
    verdict = judged(other.dossier("ord_1"))
    assert (verdict.outcome, verdict.failed) == (Outcome.BROKEN, ("rewritten",))


def test_a_second_checkpoint_of_one_size_is_a_fork_and_both_are_named() -> None:
    other = rewritten(11, another_actor)
    assert other.notes[0].split(b"\ntime")[0] == HOUSE.notes[0].split(b"\ntime")[0]
    verdict = judged(WHOLE, other.notes[1])
    assert (verdict.outcome, verdict.failed) == (Outcome.BROKEN, ("fork",))
    told = next(check.said for check in verdict.checks if check.code == "fork")
    for root in (HOUSE.log.root(), other.log.root()):
        assert root.hex() in told.en
        assert root.hex() in told.it


def test_two_published_checkpoints_of_one_size_are_a_fork_wherever_they_came_from() -> None:
    house = suspended()
    house.tell("ord_3", "entered", "entered")
    one = house.sign()
    house.log.entries.pop()
    stand = Stand(h.ORIGIN, 13, b"\x01" * 32, heads.root(house.heads.get), house.now)
    two = checkpoint.sign(stand.checkpoint(), (h.ORIGIN, h.LOG_KEY, h.LOG_KEY.public))
    verdict = judged(WHOLE, one, two)
    assert "fork" in verdict.failed
    assert verdict.outcome is Outcome.BROKEN


def test_other_heads_under_the_same_root_are_a_fork_too() -> None:
    stand = HOUSE.stand()
    other = Stand(stand.origin, stand.size, stand.root, b"\x05" * 32, stand.at)
    note = checkpoint.sign(other.checkpoint(), (h.ORIGIN, h.LOG_KEY, h.LOG_KEY.public))
    assert judged(WHOLE, note).failed == ("fork",)


def test_a_checkpoint_that_says_nothing_of_this_log_is_not_compared() -> None:
    stand = HOUSE.stand()
    foreign = Stand("log.example/other", stand.size, stand.root, stand.heads, stand.at)
    for made, name, key, code in (
        (foreign, "log.example/other", h.LOG_KEY, "other_log"),
        (stand, h.ORIGIN, STRANGER, "checkpoint_key_unknown"),
    ):
        note = checkpoint.sign(made.checkpoint(), (name, key, key.public))
        verdict = judged(WHOLE, note)
        assert verdict.failed == (code,)
        assert verdict.outcome in (Outcome.INCOMPLETE, Outcome.KEY_UNKNOWN)
    read = checkpoint.read(HOUSE.notes[1])
    spoilt = Note(read.text + b"x\n", read.checkpoint, read.signatures)
    assert verify(WHOLE, KEYS, [spoilt]).failed == ("checkpoint_forged",)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"head": [b"\x00" * 32]}, "newest_cut"),
        ({"head": []}, "newest_cut"),
        ({"growth": []}, "rewritten"),
        ({"growth": [[]]}, "rewritten"),
        ({"growth": [[b"\x01" * 32] * 3]}, "rewritten"),
        ({"documents": [*HOUSE.documents["ord_1"], SEALED]}, "documents"),
        ({"photographs": [b"a photograph"]}, "photographs"),
        ({"entries": [Logged(e.leaf, e.index, e.path[1:]) for e in ENTRIES]}, "not_in_log"),
        ({"entries": [Logged(e.leaf, e.index + 1, e.path) for e in ENTRIES]}, "not_in_log"),
        ({"checkpoints": HOUSE.notes[:1], "growth": []}, "not_in_log"),
    ],
)
def test_material_that_does_not_fit_is_told_by_its_name(changed: dict[str, Any], code: str) -> None:
    verdict = judged(forged(**changed))
    assert verdict.outcome is Outcome.BROKEN
    assert code in verdict.failed


def signed_again(change: Callable[[dict[str, bytes]], dict[str, bytes]], key: SigningKey = h.LOG_KEY) -> bytes:
    """The whole dossier with changed files, listed and signed anew: what only the log's key can do."""
    opened = dossier.open_(WHOLE)
    files = change({n: f for n, f in opened.files.items() if n != MANIFEST})
    return h.manifested(opened.manifest, files, key)


@pytest.mark.parametrize("name", ["report.en.html", "report.it.html"])
def test_a_report_that_says_something_else_or_is_missing_is_found(name: str) -> None:
    assert judged(signed_again(lambda files: {**files, name: files[name].replace(b"ord_1", b"ord_x")})).failed == (
        "report",
    )
    assert judged(signed_again(lambda files: {k: v for k, v in files.items() if k != name})).failed == ("report",)


def test_no_changed_byte_of_any_file_holds_even_where_the_logs_key_signs_for_it() -> None:
    """But for what it may claim: how keys were enrolled. Everything else is bound by more than the manifest."""
    names = [n for n in archive.read(WHOLE) if n not in ("manifest.json", "keys.json")]
    for name in names:
        size = len(archive.read(WHOLE)[name])
        for at in range(0, size, max(1, size // 25)):

            def change(files: dict[str, bytes], name: str = name, at: int = at) -> dict[str, bytes]:
                broken = bytearray(files[name])
                broken[at] ^= 1
                return {**files, name: bytes(broken)}

            assert judged(signed_again(change)).outcome is not Outcome.HOLDS
