"""`curbstop keys`: made private, shown by its public half, never overwritten."""

from pathlib import Path

import pytest

from curbstop.cli import main
from protocols.uplink.keys import SigningKey, fingerprint, short_fingerprint, spoken
from seams import keyfile
from tests.gateway.world import PLANE_KEY, config_text


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


PLANE = SigningKey(b"p" * 32).public


def test_I3_a_control_planes_key_is_pinned_only_by_a_fingerprint_that_was_heard(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for heard in (spoken(PLANE), spoken(PLANE).upper().replace("-", " "), short_fingerprint(PLANE)):
        assert main(["keys", "pin", PLANE.hex(), heard]) == 0
        assert f'control_plane_keys = ["{PLANE.hex()}"]' in capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    "heard",
    [spoken(SigningKey(b"x" * 32).public), "", "-", spoken(PLANE)[:-1], spoken(PLANE) + "0", fingerprint(PLANE), "é"],
)
def test_I3_another_fingerprint_pins_nothing(heard: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "pin", PLANE.hex(), heard]) == 1
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert spoken(PLANE) in said.err


@pytest.mark.parametrize("key", ["", "zz", PLANE.hex()[2:], PLANE.hex() + "00"])
def test_what_is_no_key_is_not_pinned(key: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "pin", key, spoken(PLANE)]) == 2
    assert "64 hex digits" in capsys.readouterr().err


def test_a_gateway_says_whom_it_believes_before_it_runs(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text(config_text())
    assert main(["gateway", str(path), "--check"]) == 0
    assert f"believes a control plane whose key is {spoken(PLANE_KEY.public)}" in capsys.readouterr().out
