"""The gateway's file: what is wrong with it is told by file, line and key, with the nearest allowed word."""

from pathlib import Path

import pytest

from drivers.catalogue import installed
from drivers.toml_lines import TomlError
from gateway.config import Config, load, parse_config
from protocols.types import Capability
from tests.gateway.world import A, config_text

GOOD = config_text()


def read(text: str) -> Config:
    return parse_config(text, Path("/etc/curbstop/gateway.toml"), installed())


def line_of(text: str, needle: str) -> int:
    return next(n for n, line in enumerate(text.splitlines(), 1) if needle in line)


def test_a_good_file_is_read_whole() -> None:
    config = read(GOOD)
    assert config.id == "cellar"
    assert config.journal == Path("/etc/curbstop/journal.sqlite")
    assert config.key_file == Path("/etc/curbstop/g.key")
    assert config.broker.password_file == Path("/etc/curbstop/password")
    assert (config.caps.per_hour, config.caps.per_day, config.caps.share, config.caps.floor) == (10, 20, 1.0, 2)
    assert (config.lines[0].baud, config.broker.port) == (2400, 1883)
    meter = config.meters[0]
    assert (meter.name, meter.spec.name, meter.address) == (A, "curbstop/mbus-water-valve", None)
    assert config.meters[1].response_s == 2.5


@pytest.mark.parametrize("cap", ["per_hour = 10", "per_day = 20", "share = 1.0", "floor = 2"])
def test_I5_no_cap_has_a_default(cap: str) -> None:
    key = cap.split(" ", maxsplit=1)[0]
    with pytest.raises(TomlError, match=rf"gateway\.toml:\d+: caps\.{key}: is missing"):
        read(GOOD.replace(cap + "\n", ""))


@pytest.mark.parametrize(
    ("old", "new", "key", "says"),
    [
        ("per_hour = 10", "per_huor = 10", "caps.per_hour", "is missing"),
        ("per_hour = 10", "per_hour = -1", "caps.per_hour", "must be 0 to"),
        ("per_hour = 10", "per_hour = true", "caps.per_hour", "must be 0 to"),
        ("per_hour = 10", 'per_hour = "10"', "caps.per_hour", "a whole number"),
        ("share = 1.0", "share = 1.5", "caps.share", "must be 0 to 1"),
        ("share = 1.0", "share = nan", "caps.share", "must be 0 to 1"),
        ("floor = 2", "floor = 2\nfloors = 3", "caps.floors", "did you mean floor?"),
        ('id = "cellar"', 'id = "Cellar"', "id", "a-z"),
        ('id = "cellar"', 'id = ""', "id", "must not be empty"),
        ('host = "localhost"', 'hots = "localhost"', "broker.host", "is missing"),
        ('password_file = "password"', "", "broker.password_file", "is missing"),
        ("every_s = 600.0", "every_s = 0", "polling.every_s", "must be 1 to"),
        ("port = 5000", "port = 70000", "lines[0].port", "must be 1 to 65535"),
        ("port = 5000", "port = 5000\nbaud = 2401", "lines[0].baud", "is not one of 300, 600"),
        ("port = 5000", "port = 5000\nbuad = 2400", "lines[0].buad", "did you mean baud?"),
        ("port = 5000", "port = 5000\nslack_s = 11", "lines[0].slack_s", "must be 0 to 10"),
        ('line = "riser"', 'line = "risre"', "meters[0].line", "did you mean riser?"),
        ('medium = "water"', 'medium = "watr"', "meters[0].medium", "did you mean water?"),
        ('manufacturer = "CBS"', 'manufacturer = "cb"', "meters[0].id", "cb"),
        ('id = "00000011"', 'id = "1"', "meters[0].id", "1"),
        ('id = "00000011"', 'id = "0000001f"', "meters[0].id", "1f"),
        ("version = 1", "version = 255", "meters[0].version", "must be 0 to 254"),
        ("version = 1", "version = 77", "meters[0].spec", "no spec claims"),
        ("version = 1", 'version = 1\nspec = "curbstop/mbus-watter"', "meters[0].spec", "there are:"),
        ("version = 1", 'version = 1\nspec = "curbstop/mbus-water"', "meters[0].spec", "does not claim"),
        ("version = 1", "version = 1\naddress = 5", "meters[0].address", "never by a primary"),
        ('fabrication_number = "00000011"', "", "meters[0].fabrication_number", "is missing"),
        ('name = "A"', 'name = "B"', "meters[1].name", "there twice"),
        ('id = "cellar"', 'id = "cellar"\nmax_skew_s = 100', "max_skew_s", "must be 0.5 to 60"),
        ('id = "cellar"', 'id = "cellar"\nmax_skwe_s = 5', "max_skwe_s", "did you mean max_skew_s?"),
    ],
)
def test_a_bad_file_is_told_by_file_line_and_key(old: str, new: str, key: str, says: str) -> None:
    text = GOOD.replace(old, new, 1)
    assert text != GOOD
    with pytest.raises(TomlError) as caught:
        read(text)
    assert caught.value.key == key
    assert says in str(caught.value)
    assert str(caught.value).startswith("gateway.toml:")
    assert 1 <= caught.value.line <= len(text.splitlines())


def test_the_line_is_the_one_where_the_word_stands() -> None:
    text = GOOD.replace("port = 5000", "port = 5000\nbuad = 2400")
    with pytest.raises(TomlError) as caught:
        read(text)
    assert caught.value.line == line_of(text, "buad")


@pytest.mark.parametrize("keys", ["[]", '["00"]', '["zz"]', "[7]"])
def test_I3_keys_of_the_control_plane_are_pinned_and_real(keys: str) -> None:
    text = "\n".join(
        f"control_plane_keys = {keys}" if line.startswith("control_plane_keys") else line for line in GOOD.splitlines()
    )
    with pytest.raises(TomlError, match="control_plane_keys"):
        read(text)


def test_two_names_for_one_meter_are_refused() -> None:
    text = GOOD.replace("00000012", "00000011")
    with pytest.raises(TomlError, match="there twice"):
        read(text)


def test_no_lines_or_no_meters_is_said() -> None:
    with pytest.raises(TomlError, match=r"\[\[meters\]\]|meters: is missing"):
        read(GOOD.split("[[meters]]", maxsplit=1)[0])


def test_what_is_no_toml_is_told_with_its_line() -> None:
    with pytest.raises(TomlError, match=r"gateway\.toml:3: "):
        read('id = "cellar"\n\nthis is not toml\n')


def test_I4_a_meter_can_do_what_its_spec_says_and_no_more() -> None:
    reads_only = GOOD.replace("version = 1", 'version = 1\nspec = "generic/mbus-readonly"', 1)
    assert read(reads_only).meters[0].spec.capabilities == {Capability.READ}


def test_a_file_is_loaded_from_disk(tmp_path: Path) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text(GOOD)
    assert load(path, installed()).key_file == tmp_path / "g.key"
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "none.toml", installed())
