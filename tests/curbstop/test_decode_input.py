"""`curbstop decode`: slips of the hand, and files in which one telegram is bad."""

import io
import json
from pathlib import Path

import pytest

from curbstop.cli import main

GOOD = "681F1F680802727856341224400107550000000313153100DA023B13018B60043718021816"


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["decode", *arguments])
    out = capsys.readouterr()
    return code, out.out, out.err


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (GOOD[:-1], "neither hex digits nor a file (73 hex digits are an odd number)"),
        (GOOD.replace("68", "6O", 1), "('O' at character 2 is no hex digit)"),
        (GOOD * 60 + "x", "('x' at character 4441 is no hex digit)"),
        ("", "can't be read"),
    ],
)
def test_a_slip_is_told_where(capsys: pytest.CaptureFixture[str], typed: str, says: str) -> None:
    code, out, err = run(capsys, typed)
    assert (code, out) == (2, "")
    assert says in err
    assert len(err) < 250


def test_standard_input_that_is_no_text(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xff\x00"), encoding="utf-8"))
    code, out, err = run(capsys, "-")
    assert (code, out) == (2, "")
    assert "standard input: holds something else than hex digits" in err


@pytest.mark.parametrize("bad", [GOOD[:40], "FFFF", GOOD[:-4] + "0016", "680404680801"])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_bad_telegram_hides_no_other(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, bad: str, place: int
) -> None:
    lines = [GOOD, GOOD]
    lines.insert(place, bad)
    file = tmp_path / "telegrams.hex"
    file.write_text("\n".join(lines))
    code, out, _ = run(capsys, "--json", str(file))
    assert code == 1
    assert [n for n, line in enumerate(out.splitlines()) if "error" in json.loads(line)] == [place]
    assert len(out.splitlines()) == 3


@pytest.mark.parametrize("width", [2, 6, 32, 74])
def test_a_dump_of_any_width_is_one_telegram(capsys: pytest.CaptureFixture[str], tmp_path: Path, width: int) -> None:
    file = tmp_path / "dump"
    file.write_text("\n".join(GOOD[n : n + width] for n in range(0, len(GOOD), width)))
    code, out, _ = run(capsys, "--json", str(file))
    assert code == 0
    assert len(json.loads(out)["records"]) == 3
