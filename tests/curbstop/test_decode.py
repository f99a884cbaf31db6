"""`curbstop decode`: for people, for programs, and for whatever is typed by mistake."""

import io
import json
from pathlib import Path

import pytest

from curbstop.cli import main
from protocols.mbus.frame import Long, encode

TELEGRAM = "681F1F680802727856341224400107550000000313153100DA023B13018B60043718021816"
VOLUME = {
    "quantity": "volume",
    "value": 12.565,
    "unit": "m3",
    "storage": 0,
    "tariff": 0,
    "subunit": 0,
    "function": "instantaneous",
    "raw": "0313153100",
    "reason": None,
}


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["decode", *arguments])
    out = capsys.readouterr()
    return code, out.out, out.err


def test_json_is_as_documented(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "--json", TELEGRAM)
    document = json.loads(out)
    assert code == 0
    assert document["header"] == {
        "id": "12345678",
        "manufacturer": "PAD",
        "version": 1,
        "medium": "water",
        "access_no": 0x55,
        "status": 0,
        "ci": 0x72,
        "address": 2,
    }
    assert document["records"][0] == VOLUME
    assert '"value":12.565,' in out


def test_people_get_a_sheet(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, TELEGRAM)
    assert code == 0
    assert out.splitlines() == [
        "12345678  PAD version 1, water, address 2, access 85, no alarm",
        "  volume       12.565 m3",
        "  volume flow   0.113 m3/h  maximum, storage 5",
        "  energy       218370 Wh    tariff 2, subunit 1",
    ]


def test_an_unknown_record_is_shown_with_its_bytes(capsys: pytest.CaptureFixture[str]) -> None:
    frame = encode(Long(0x08, 1, 0x78, bytes.fromhex("0C2ADDB4EBDD")))
    _, out, _ = run(capsys, frame.hex())
    assert "not decimal: DDEBB4DD [0c 2a dd b4 eb dd]" in out


def test_a_bad_frame_is_json_too_and_exits_1(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "--json", TELEGRAM[:-4] + "1916")
    assert code == 1
    assert json.loads(out) == {
        "error": {"code": "checksum", "offset": 35, "expected": "18", "message": "the checksum is 19"}
    }


def test_a_bad_frame_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, TELEGRAM[:-2])
    assert (code, out) == (1, "")
    assert err == "no valid telegram: the frame ends after 36 of 37 bytes, at byte 36 (expected: 37 bytes)\n"


def test_one_telegram_a_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "telegrams"
    file.write_text(f"{TELEGRAM}\n\nE5\n{TELEGRAM[:-4]}0016\n{TELEGRAM}\n")
    code, out, _ = run(capsys, "--json", str(file))
    assert code == 1
    assert [("error" in json.loads(line)) for line in out.splitlines()] == [False, False, True, False]


def test_one_telegram_over_several_lines(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "dump"
    file.write_text(TELEGRAM[:20] + "\n" + TELEGRAM[20:40] + "\n" + TELEGRAM[40:] + "\n")
    code, out, _ = run(capsys, "--json", str(file))
    assert code == 0
    assert len(out.splitlines()) == 1


def test_standard_input(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(TELEGRAM))
    assert run(capsys, "-")[0] == 0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "neither hex digits nor a file"),
        ("", "the input is empty"),
        ("68 1F xy", "line 1: '68 1F xy' is not pairs of hex digits"),
        ("é", "something else than hex digits"),
        ("681", "is not pairs of hex digits"),
    ],
)
def test_input_that_is_no_hex_exits_2_and_says_where(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, content: str | None, message: str
) -> None:
    file = tmp_path / "input"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    code, out, err = run(capsys, str(file))
    assert (code, out) == (2, "")
    assert message in err


def test_a_folder_is_no_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, _, err = run(capsys, str(tmp_path))
    assert code == 2
    assert "can't be read" in err
