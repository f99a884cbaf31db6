"""What each forger can write, and what finds it: one guard taken away lets one of these through."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from protocols.ports import Signer
from protocols.proof import archive, checkpoint, dossier, entry, heads, tree
from protocols.proof.contents import KEYS as KEYS_FILE
from protocols.proof.contents import MANIFEST, PROOFS
from protocols.proof.dossier import Logged
from protocols.proof.heads import Head
from protocols.proof.known import Keys
from protocols.proof.log import Stand
from protocols.proof.verdict import Outcome
from protocols.proof.verify import verify
from protocols.uplink import codec, envelope
from protocols.uplink.keys import SigningKey
from tests.protocols.proof import house as h
from tests.protocols.proof.house import KEYS, House, by_hand, suspended

HOUSE = suspended()
WHOLE = HOUSE.dossier("ord_1")
OPENED = dossier.open_(WHOLE)
FILES = {name: file for name, file in OPENED.files.items() if name != MANIFEST}
SEALED = OPENED.files[MANIFEST]
OTHERWISE = tuple(replace(claim, how="compared by two persons") for claim in h.CLAIMS)


def under_the_true_manifest(raw: bytes, manifest: bytes) -> bytes:
    return archive.write({**archive.read(raw), MANIFEST: manifest})


@pytest.mark.parametrize(
    "changed",
    [
        {"claims": OTHERWISE},
        {"claims": h.CLAIMS[:2]},
        {"documents": HOUSE.documents["ord_1"][1:]},
        {"checkpoints": HOUSE.notes[1:], "growth": []},
    ],
)
def test_whoever_has_the_file_can_make_its_report_anew_but_not_its_manifest(changed: dict[str, Any]) -> None:
    raw = HOUSE.dossier("ord_1", **changed)
    assert verify(under_the_true_manifest(raw, SEALED), KEYS).outcome is Outcome.BROKEN


def test_whoever_has_the_file_cant_take_a_photograph_out_of_it_or_put_it_in() -> None:
    with_it, without = (by_hand().dossier("ord_1", photographs=p) for p in ([h.PHOTOGRAPH], []))
    for one, other in ((with_it, without), (without, with_it)):
        raw = under_the_true_manifest(one, archive.read(other)[MANIFEST])
        assert verify(raw, KEYS).outcome is Outcome.BROKEN


@pytest.mark.parametrize(
    "otherwise",
    [
        lambda sealed: json.dumps(sealed).encode(),
        lambda sealed: json.dumps({**sealed, "more": 1}, separators=(",", ":")).encode(),
        lambda sealed: json.dumps(sealed, separators=(",", ":")).encode() + b"\n",
        lambda sealed: json.dumps(
            {**sealed, "signatures": [*sealed["signatures"], {"keyid": "x", "sig": ""}]}, separators=(",", ":")
        ).encode(),
        lambda sealed: json.dumps({**sealed, "signatures": []}, separators=(",", ":")).encode(),
    ],
)
def test_the_manifests_envelope_has_one_form_that_anybody_could_else_change(
    otherwise: Callable[[dict[str, Any]], bytes],
) -> None:
    raw = archive.write({**FILES, MANIFEST: otherwise(json.loads(SEALED))})
    assert verify(raw, KEYS).outcome is Outcome.BROKEN


def test_a_manifest_with_a_wrong_signature_is_broken_even_where_no_key_was_given() -> None:
    forged = json.loads(SEALED)
    forged["signatures"][0]["sig"] = "A" * 86 + "=="
    raw = archive.write({**FILES, MANIFEST: json.dumps(forged, separators=(",", ":")).encode()})
    for known in (KEYS, Keys()):
        assert verify(raw, known).failed[0] == "signature_wrong"
        assert verify(raw, known).outcome is Outcome.BROKEN


def test_a_checkpoint_with_a_wrong_signature_is_broken_even_where_no_key_was_given() -> None:
    text, _, line = HOUSE.notes[-1].partition(b"\n\n")
    stand = replace_stand(size=11)
    forged = checkpoint.text(stand.checkpoint()) + b"\n" + line
    assert text != forged
    raw = HOUSE.dossier("ord_1", checkpoints=[HOUSE.notes[0], forged])
    for known in (KEYS, Keys()):
        verdict = verify(raw, known)
        assert "checkpoint_signature" in verdict.failed
        assert verdict.outcome is Outcome.BROKEN


def replace_stand(**changed: Any) -> Stand:
    now = HOUSE.stand()
    told = {"origin": now.origin, "size": now.size, "root": now.root, "heads": now.heads, "at": now.at}
    return Stand(**{**told, **changed})


def by_the_log(manifest: dossier.Manifest, files: dict[str, bytes]) -> bytes:
    return h.manifested(manifest, files, h.LOG_KEY)


@pytest.mark.parametrize("name", [KEYS_FILE, PROOFS])
def test_not_even_the_logs_key_can_sign_for_a_part_in_another_form(name: str) -> None:
    files = {**FILES, name: json.dumps(json.loads(FILES[name])).encode()}
    assert verify(by_the_log(OPENED.manifest, files), KEYS).failed == ("file",)


@pytest.mark.parametrize("name", ["extra.txt", "documents/extra.json", "checkpoints/extra.txt", "photographs/extra"])
def test_not_even_the_logs_key_can_sign_for_a_file_too_many(name: str) -> None:
    like = {"documents": HOUSE.documents["ord_1"][0], "checkpoints": HOUSE.notes[0]}
    content = like.get(name.partition("/")[0], b"x")
    assert verify(by_the_log(OPENED.manifest, {**FILES, name: content}), KEYS).failed == ("file",)


def test_not_even_the_logs_key_can_sign_for_a_manifest_in_another_form() -> None:
    payload = json.dumps(json.loads(OPENED.payload)).encode()
    sealed = envelope.seal(codec.payload_type(dossier.Manifest), payload, h.LOG_KEY)
    assert verify(archive.write({**FILES, MANIFEST: sealed}), KEYS).failed == ("file",)


@pytest.mark.parametrize("changed", [{"log": "log.example/other"}, {"order": "ord_2"}])
def test_the_manifest_names_the_log_and_the_order_that_are_in_it(changed: dict[str, str]) -> None:
    assert verify(by_the_log(replace(OPENED.manifest, **changed), FILES), KEYS).outcome is Outcome.BROKEN


def test_a_checkpoint_of_another_log_does_not_stand_among_those_of_this_one() -> None:
    other = replace_stand(origin="log.example/other", size=5)
    note = checkpoint.sign(other.checkpoint(), ("log.example/other", h.LOG_KEY, h.LOG_KEY.public))
    verdict = verify(HOUSE.dossier("ord_1", checkpoints=[note, HOUSE.notes[1]]), KEYS)
    assert "checkpoint_foreign" in verdict.failed


def test_a_checkpoint_without_heads_and_time_is_no_checkpoint_of_this_product() -> None:
    plain = checkpoint.Checkpoint(h.ORIGIN, 12, HOUSE.log.root())
    for lines in ((), ("heads AAAA", "time 2026-11-24T09:12:00Z"), ("time x", "heads y"), ("heads x", "time y")):
        one = checkpoint.Checkpoint(plain.origin, plain.size, plain.root, lines)
        note = checkpoint.sign(one, (h.ORIGIN, h.LOG_KEY, h.LOG_KEY.public))
        verdict = verify(HOUSE.dossier("ord_1", checkpoints=[note], growth=[]), KEYS)
        assert verdict.failed == ("checkpoint_foreign",)


@pytest.mark.parametrize("time", ["2026-11-24T9:12:00Z", "2026-11-24T09:12:00+00:00", "2026-11-24T09:12:00Z "])
def test_a_checkpoints_time_is_written_in_one_way(time: str) -> None:
    lines = (HOUSE.stand().checkpoint().extensions[0], f"time {time}")
    one = checkpoint.Checkpoint(h.ORIGIN, 12, HOUSE.log.root(), lines)
    note = checkpoint.sign(one, (h.ORIGIN, h.LOG_KEY, h.LOG_KEY.public))
    assert verify(HOUSE.dossier("ord_1", checkpoints=[note], growth=[]), KEYS).failed == ("checkpoint_foreign",)


def logged(leaves: list[bytes], places: list[int]) -> House:
    """A log whose key has signed these leaves, the order's n-th at the n-th place."""
    house = House(documents=HOUSE.documents)
    for index in range(len(leaves)):
        house.log.append(leaves[places.index(index)])
    house.told["ord_1"] = [Logged(leaf, at, ()) for leaf, at in zip(leaves, places, strict=True)]
    house.heads |= heads.put(house.heads.get, Head("ord_1", len(leaves), tree.leaf_hash(leaves[-1])))
    house.sign()
    return house


LEAVES = [told.leaf for told in HOUSE.told["ord_1"]]


def test_the_logs_key_can_log_an_order_whole_and_that_holds() -> None:
    assert verify(logged(LEAVES, list(range(8))).dossier("ord_1"), KEYS).outcome is Outcome.HOLDS


def test_entries_that_were_logged_in_another_order_than_they_tell_do_not_hold() -> None:
    house = logged(LEAVES, [0, 2, 1, 3, 4, 5, 6, 7])
    assert verify(house.dossier("ord_1"), KEYS).failed == ("not_in_log",)


@pytest.mark.parametrize("changed", [{"sequence": 9}, {"previous": "00" * 32}])
def test_an_entrys_number_and_its_predecessor_must_both_be_right(changed: dict[str, Any]) -> None:
    last = entry.encode(replace(entry.decode(LEAVES[-1]), **changed))
    house = logged([*LEAVES[:-1], last], list(range(8)))
    assert verify(house.dossier("ord_1"), KEYS).failed == ("history_gap",)


class Liar:
    """Signs with a key of its own, and says that it was another's."""

    def __init__(self, whose: SigningKey) -> None:
        self.keyid = whose.keyid

    def sign(self, message: bytes) -> bytes:
        return SigningKey(b"z" * 32).sign(message)


@pytest.mark.parametrize("whose", [h.HOUSE_KEY, h.GATEWAY_KEY], ids=["house", "gateway"])
def test_not_even_the_logs_key_can_make_up_what_a_gateway_or_the_house_has_signed(whose: SigningKey) -> None:
    """Entered in the log, listed in a manifest that the log's key signed, under the fingerprint of the true key."""

    def key(of: SigningKey) -> Signer:
        return Liar(of) if of is whose else of

    house = h.by_wire(
        (h.CLOSE, key(h.HOUSE_KEY)), (h.GRANT, key(h.HOUSE_KEY)), (h.CLOSED, key(h.GATEWAY_KEY)), grade="read_back"
    )
    verdict = verify(house.dossier("ord_1"), KEYS)
    assert verdict.outcome is Outcome.BROKEN
    assert "signature_wrong" in verdict.failed


@pytest.mark.parametrize("whose", [h.HOUSE_KEY, h.DEVICE_KEY], ids=["house", "device"])
def test_nor_what_a_crews_device_has_signed(whose: SigningKey) -> None:
    def key(of: SigningKey) -> Signer:
        return Liar(of) if of is whose else of

    house = by_hand((h.CREW_GRANT, key(h.HOUSE_KEY)), (h.report(), key(h.DEVICE_KEY)))
    verdict = verify(house.dossier("ord_1"), KEYS)
    assert verdict.outcome is Outcome.BROKEN
    assert "signature_wrong" in verdict.failed
