"""`curbstop broker`: what it writes is private where it must be, never overwritten, and each name is one kind's."""

import stat
from pathlib import Path

import pytest
from cryptography import x509

from curbstop.broker.mosquitto import Told, configuration, rights
from curbstop.cli import main


def modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "house"
    assert main(["broker", "configure", str(made), "--host", "broker.example", "--user", "root"]) == 0
    return made


def test_keys_are_their_owners_alone(folder: Path) -> None:
    assert main(["broker", "issue", str(folder), "cellar-12"]) == 0
    found = modes(folder)
    assert {name for name in found if name.endswith(".key")} == {"authority.key", "broker.key", "client.key"}
    assert all(mode == 0o600 for name, mode in found.items() if name.endswith(".key"))
    assert {path.name for path in (folder / "clients").iterdir()} == {"control-plane", "cellar-12"}
    assert stat.S_IMODE((folder / "authority").stat().st_mode) == 0o700


def test_it_listens_on_loopback_and_lets_nobody_in_without_a_certificate(folder: Path) -> None:
    text = (folder / "broker" / "mosquitto.conf").read_text()
    listeners = [line for line in text.splitlines() if line.startswith("listener ")]
    assert listeners == ["listener 8883 127.0.0.1"]
    for line in ("allow_anonymous false", "require_certificate true", "use_identity_as_username true"):
        assert line in text.splitlines()
    assert "listener 9 0.0.0.0" in configuration(Told(folder, "0.0.0.0", 9))  # noqa: S104 - what somebody asked for
    assert rights(["one", "two"]).count("user ") == 2


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["configure", "{}", "--host", "x"], "never overwritten"),
        (["issue", "{}", "control-plane"], "is the name of a control-plane here"),
        (["issue", "{}", "broker"], "is the name of a broker here"),
        (["issue", "{}", "Cellar+"], "can't name a gateway"),
        (["issue", "{}", "cellar", "--control-plane"], "no rights of a control plane"),
        (["issue", "{}", "control-plane", "--control-plane"], "exists already"),
        (["revoke", "{}", "cellar"], "nothing was revoked"),
        (["issue", "{}/none", "cellar"], "can't be read"),
    ],
)
def test_what_cant_be_done_is_said_and_changes_nothing(
    folder: Path, words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and "issued" not in path.parts}
    assert main(["broker", *(word.format(folder) for word in words)]) == 2
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1
    assert all(path.read_bytes() == data for path, data in before.items())


def test_an_authority_whose_key_others_may_read_issues_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "authority" / "authority.key").chmod(0o640)
    assert main(["broker", "issue", str(folder), "cellar"]) == 2
    assert "chmod 600" in capsys.readouterr().err


def test_what_is_revoked_stays_revoked_and_the_list_outlives_every_certificate(folder: Path) -> None:
    for name in ("a", "b"):
        assert main(["broker", "issue", str(folder), name]) == 0
    for name in ("a", "b"):
        assert main(["broker", "revoke", str(folder), name]) == 0
    listed = x509.load_pem_x509_crl((folder / "broker" / "revoked.pem").read_bytes())
    assert len(list(listed)) == 2
    ends = [
        x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc
        for path in (folder / "authority" / "issued").glob("*.pem")
    ]
    assert listed.next_update_utc is not None
    assert all(listed.next_update_utc > end for end in ends)
