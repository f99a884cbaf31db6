"""`curbstop verify` as people and scripts call it: words, exit codes, and no traceback whatever they give it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from curbstop.cli import main
from protocols.proof import archive
from protocols.proof.entry import Because
from tests.protocols.proof import house as h
from tests.protocols.proof.house import House, suspended

HOUSE = suspended()
WHOLE = HOUSE.dossier("ord_1")


@pytest.fixture
def given(tmp_path: Path) -> Path:
    (tmp_path / "dossier.zip").write_bytes(WHOLE)
    (tmp_path / "other.zip").write_bytes(WHOLE[:-1])
    (tmp_path / "keys.txt").write_text("".join(f"{key}\n" for key in h.KNOWN))
    for number, note in enumerate(HOUSE.notes):
        (tmp_path / f"checkpoint-{number}.txt").write_bytes(note)
    return tmp_path


def call(folder: Path, *words: str) -> int:
    return main(["verify", *(str(folder / w) if "." in w else w for w in words)])


def test_a_whole_dossier_holds_and_says_what_happened(given: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(given, "dossier.zip", "--keys", "keys.txt", "--checkpoint", "checkpoint-0.txt") == 0
    told = capsys.readouterr().out
    assert told.startswith("THE PROOF HOLDS (ord_1)\n")
    for words in (
        "What happened\n  Gateway gw-1 moved the valve of meter water-a",
        "read it closed on 2026-11-24 09:00:08 UTC",
        "[holds] the log is the published one: The log is the one whose checkpoint of 5 entries you gave.",
        "Who signed",
        "What is not proven\n  - Whether the debt was right",
        "Who was at home",
        "because a command was sent or acknowledged",
    ):
        assert words in told


def test_it_speaks_italian(given: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(given, "dossier.zip", "--keys", "keys.txt", "--lang", "it") == 0
    told = capsys.readouterr().out
    assert told.startswith("LA PROVA REGGE (ord_1)\n")
    assert "ha mosso la valvola del contatore water-a (matricola 12345678), l'ha letta chiusa" in told
    assert "Se il debito fosse giusto" in told


def test_without_keys_it_says_whose_are_unknown_and_how_to_get_them(
    given: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(given, "dossier.zip") == 3
    told = capsys.readouterr().out
    assert told.startswith("NOT PROVEN: signed by keys that you do not know")
    assert "HOLDS" not in told
    for key in h.KNOWN[:3]:
        assert key.keyid in told
        assert f"  {key}\n" in told


def test_a_changed_file_does_not_hold_and_its_story_is_not_told(
    given: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (given / "dossier.zip").write_bytes(WHOLE[:-1])
    assert call(given, "dossier.zip", "--keys", "keys.txt") == 1
    assert "THE PROOF DOES NOT HOLD" in capsys.readouterr().out
    (given / "dossier.zip").write_bytes(h.build(HOUSE.material("ord_1", head=[])))
    assert call(given, "dossier.zip", "--keys", "keys.txt") == 1
    told = capsys.readouterr().out
    assert "some are missing here" in told
    assert "moved the valve" not in told


def test_a_fork_is_shown_as_one(given: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = suspended()
    other.notes.clear()
    other.tell("ord_7", "entered", "entered")
    fork = House()
    for number in range(13):
        fork.tell(f"ord_{number}", "entered", "entered")
    (given / "fork.txt").write_bytes(fork.sign())
    other.sign()
    (given / "dossier.zip").write_bytes(other.dossier("ord_1"))
    assert call(given, "dossier.zip", "--keys", "keys.txt", "--checkpoint", "fork.txt") == 1
    assert "FORK: the log has signed two different histories of 13 entries" in capsys.readouterr().out
    (given / "neighbour.zip").write_bytes(fork.dossier("ord_3"))
    assert call(given, "dossier.zip", "--keys", "keys.txt", "--checkpoint", "neighbour.zip") == 1
    assert "FORK" in capsys.readouterr().out


def test_a_neighbours_dossier_shows_that_both_were_told_of_one_log(
    given: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    later = suspended()
    later.tell("ord_8", "entered", "entered")
    later.tell("ord_8", "denied_by_rule", "rejected")
    later.sign()
    (given / "neighbour.zip").write_bytes(later.dossier("ord_8"))
    assert call(given, "dossier.zip", "--keys", "keys.txt", "--checkpoint", "neighbour.zip") == 0
    assert "whose checkpoint of 12 entries you gave" in capsys.readouterr().out
    (given / "neighbour.zip").write_bytes(later.dossier("ord_8", checkpoints=later.notes[-1:], growth=[]))
    assert call(given, "dossier.zip", "--keys", "keys.txt", "--checkpoint", "neighbour.zip") == 3
    assert "The checkpoint of 14 entries can't be compared" in capsys.readouterr().out


def test_programs_get_one_json_object(given: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(given, "dossier.zip", "--keys", "keys.txt", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["outcome"], told["exit_code"], told["order"]) == ("holds", 0, "ord_1")
    assert {check["code"] for check in told["checks"]} == {"unchanged", "signed", "in_log", "accounts_fit"}
    assert {one["role"] for one in told["signers"] if one["known"]} == {"log", "house", "gateway", "device"}
    assert set(told["story"][0]) == {"en", "it"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["missing.zip"], "can't be read"),
        (["."], "can't be read"),
        (["dossier.zip", "--keys", "missing.txt"], "can't be read"),
        (["dossier.zip", "--keys", "dossier.zip"], "not text"),
        (["dossier.zip", "--keys", "checkpoint-0.txt"], "line 1"),
        (["dossier.zip", "--checkpoint", "keys.txt"], "neither a checkpoint nor a dossier"),
        (["dossier.zip", "--checkpoint", "other.zip"], "neither a checkpoint nor a dossier"),
    ],
)
def test_what_cant_be_used_is_said_with_what_was_expected(
    given: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert call(given, *words) == 2
    told = capsys.readouterr()
    assert said in told.err
    assert told.out == ""


def test_nothing_in_a_file_can_speak_to_the_terminal(given: Path, capsys: pytest.CaptureFixture[str]) -> None:
    house = House()
    house.tell("ord_1", "entered", "entered")
    trick = Because(code="x", en="\x1b[2J\rTHE PROOF HOLDS\n\u202e", it="\x1b[2J", rule=None)
    house.tell("ord_1", "refused", "rejected", because=trick)
    house.sign()
    (given / "dossier.zip").write_bytes(house.dossier("ord_1"))
    for language in ("en", "it"):
        call(given, "dossier.zip", "--lang", language)
        told = capsys.readouterr().out
        assert "[2J" in told
        assert all(letter.isprintable() or letter == "\n" for letter in told)
        assert "\nTHE PROOF HOLDS" not in told


def test_a_terminal_that_knows_few_letters_gets_the_verdict_too(given: Path) -> None:
    command = [sys.executable, "-X", "utf8=0", "-m", "curbstop", "verify", str(given / "dossier.zip"), "--lang", "it"]
    done = subprocess.run(
        [*command, "--keys", str(given / "keys.txt")],
        capture_output=True,
        check=False,
        env={"PYTHONIOENCODING": "ascii", "PATH": ""},
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"LA PROVA REGGE")


def test_the_dossier_is_a_zip_that_people_can_open() -> None:
    assert {"report.en.html", "report.it.html"} <= set(archive.read(WHOLE))
