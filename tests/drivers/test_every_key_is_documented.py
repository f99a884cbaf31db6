"""The README beside the specs explains every key that the loader asks for, and none that it does not."""

import re
from importlib.resources import files
from pathlib import Path

import pytest

from drivers.catalogue import installed
from drivers.schema import load
from drivers.toml_lines import Table
from protocols.types import Verb
from tests.drivers.drive import GAS_VALVE, VALVE
from tests.drivers.spec_text import OTHER

README = files("firmware_specs").joinpath("README.md").read_text(encoding="utf-8")
KEYS = README.split("## Keys")[1].split("\n## ")[0]
PROFILE = " ".join(README.split("## The reference profile")[1].split())


def plain(path: str) -> str:
    return re.sub(r"\[\d+\]", "", path)


def named_by_files(path: str) -> bool:
    """Tables whose keys are the model's own values, verbs and bits."""
    return path.startswith(("valve.position.values.", "valve.verbs.", "alarms.bits."))


def test_no_key_is_undocumented_and_none_documented_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: set[str] = set()
    done = Table.done

    def listening(table: Table) -> None:
        asked.update(plain(table._full(key)) for key in table._asked)
        done(table)

    monkeypatch.setattr(Table, "done", listening)
    load(OTHER, "zzz/meter")
    load(files("firmware_specs").joinpath("curbstop/mbus-gas-valve.toml").read_text(encoding="utf-8"), "zzz/gas")
    asked |= {"valve.position", "valve.verbs"}
    documented = set(re.findall(r"^\| `([a-z_.]+)`", KEYS, re.MULTILINE))
    assert {key for key in asked if not named_by_files(key)} == documented


def test_the_prose_tells_the_bytes_of_the_reference_spec() -> None:
    assert VALVE.valve is not None
    for verb, data in VALVE.valve.verbs.items():
        assert re.search(rf"\| {verb} \| `{data[:2:-1].hex().upper()}` \| `{data.hex(' ').upper()}` \|", PROFILE)
    assert GAS_VALVE.valve is not None
    assert set(GAS_VALVE.valve.verbs) == {Verb.CLOSE, Verb.ARM}
    for verb, data in GAS_VALVE.valve.verbs.items():
        assert f"| {verb} | `{data[:2:-1].hex().upper()}` | `{data.hex(' ').upper()}` |" in PROFILE
    arm = GAS_VALVE.valve.arm
    assert arm is not None
    assert arm.expires_s is not None
    assert f"in control mode {arm.control_mode} of IEC 62056-6-2 class 70" in PROFILE
    assert f"ends the arm itself after {arm.expires_s / 3600:.0f} h" in PROFILE
    words = {"armed": "ready for reconnection (armed)"}
    for code, position in VALVE.valve.position.values.items():
        assert f"`{code:02X}` {words.get(position, position)}" in PROFILE
    assert VALVE.alarms is not None
    bits = ", ".join(f"{'bit ' if n == 0 else ''}{n} {name.split('_')[0]}" for n, name in VALVE.alarms.bits.items())
    assert bits in PROFILE.replace("low battery", "low")
    assert f"travels {VALVE.timing.travel_s:.0f} s; after {VALVE.timing.act_max_s:.0f} s" in PROFILE


def test_all_installed_names_stand_in_files_of_their_makers() -> None:
    found = [f"{p.parent.name}/{p.stem}" for p in _files()]
    assert sorted(found) == installed().names()


def _files() -> list[Path]:
    return list(Path(str(files("firmware_specs"))).rglob("*.toml"))
