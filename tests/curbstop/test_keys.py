"""`curbstop keys`: made private, shown by its public half, never overwritten."""

from pathlib import Path

import pytest

from curbstop.cli import main
from protocols.uplink.keys import spoken
from seams import keyfile


def test_a_key_is_made_and_shown(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "a.key"
    assert main(["keys", "new", str(file)]) == 0
    made = capsys.readouterr().out
    assert main(["keys", "show", str(file)]) == 0
    assert capsys.readouterr().out == made
    public = keyfile.load(file).public
    assert f"public key   {public.hex()}" in made
    assert f"fingerprint  {spoken(public)}" in made
    assert f'POST /api/v1/gateways/NAME/keys   {{"public_key": "{public.hex()}"}}' in made, "what to do next"
    assert file.read_text().strip() not in made, "the private half is never shown"
    assert file.stat().st_mode & 0o777 == 0o600


def test_what_can_not_be_used_exits_2_and_says_what_to_do(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "a.key"
    main(["keys", "new", str(file)])
    capsys.readouterr()
    assert main(["keys", "new", str(file)]) == 2
    assert "never overwritten" in capsys.readouterr().err
    file.chmod(0o644)
    assert main(["keys", "show", str(file)]) == 2
    assert "chmod 600" in capsys.readouterr().err
    assert main(["keys", "show", str(tmp_path / "none")]) == 2
