"""A device has one spec or none; nothing is served by accident."""

from hashlib import sha256
from importlib.resources import files
from pathlib import Path

import pytest

from drivers.catalogue import Catalogue, CatalogueError, installed, texts
from drivers.schema import Spec, load
from protocols.types import Identity, Medium
from tests.drivers.drive import GENERIC, VALVE, WATER, WHO


def claiming(name: str, maker: str, versions: str, media: str) -> Spec:
    text = f"""
format = 1
protocol = "mbus"
title = "a meter"
medium = "water"
[match]
manufacturer = "{maker}"
versions = [{versions}]
media = [{media}]
[timing]
"""
    return load(text, name)


@pytest.mark.parametrize(("version", "spec"), [(1, VALVE), (2, WATER)])
@pytest.mark.parametrize("medium", [Medium.WATER, Medium.COLD_WATER])
def test_the_reference_meters_are_known_by_maker_version_and_medium(version: int, medium: int, spec: Spec) -> None:
    found = installed().match(Identity("00000001", "CBS", version, medium))
    assert found == spec


@pytest.mark.parametrize(
    "who",
    [
        Identity("12345678", "CBS", 3, 7),
        Identity("12345678", "CBS", 3, Medium.OTHER),
        Identity("12345678", "CBS", 1, Medium.GAS),
        Identity("12345678", "CBS", 1, Medium.HEAT_OUTLET),
        Identity("12345678", "CBT", 1, 7),
        Identity("12345678", "cbs", 1, 7),
    ],
)
def test_a_device_that_nobody_claims_is_refused_and_told_what_to_do(who: Identity) -> None:
    with pytest.raises(CatalogueError, match=r"no spec claims .* generic/mbus-readonly"):
        installed().match(who)


def test_the_generic_spec_is_never_chosen_by_match() -> None:
    assert GENERIC.match is None
    catalogue, claimed = installed(), 0
    for version in range(256):
        for medium in range(256):
            try:
                assert catalogue.match(Identity("1", "CBS", version, medium)) != GENERIC
                claimed += 1
            except CatalogueError:
                continue
    assert claimed == 5


@pytest.mark.parametrize("order", [0, 1])
def test_two_specs_may_never_claim_one_device(order: int) -> None:
    one = claiming("a/one", "ZZZ", '"01", "02"', '"water"')
    other = claiming("b/other", "ZZZ", '"02", "03"', '"cold_water", "water"')
    with pytest.raises(CatalogueError, match=r"ZZZ version 02 medium 07"):
        Catalogue([one, other] if order else [other, one])


def test_neighbours_that_share_no_device_live_together() -> None:
    one = claiming("a/one", "ZZZ", '"01"', '"water"')
    media = claiming("a/media", "ZZZ", '"01"', '"cold_water"')
    maker = claiming("b/maker", "ZZY", '"01"', '"water"')
    both = Catalogue([one, media, maker])
    assert both.match(Identity("1", "ZZZ", 1, 7)) is one
    assert both.match(Identity("1", "ZZZ", 1, Medium.COLD_WATER)) is media
    assert both.match(Identity("1", "ZZY", 1, 7)) is maker


def test_a_name_that_there_is_not_is_told_with_those_that_there_are() -> None:
    with pytest.raises(CatalogueError, match=r"curbstop/mbus-wter.*curbstop/mbus-water, .*generic/mbus-readonly"):
        installed().by_name("curbstop/mbus-wter")


def test_match_does_not_ask_for_the_number_of_the_single_meter() -> None:
    assert installed().match(Identity("99999999", WHO.manufacturer, 1, 7, "1")) == VALVE


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_digest_is_that_of_the_files_own_bytes(tmp_path: Path, end: str) -> None:
    text = files("firmware_specs").joinpath("curbstop/mbus-water.toml").read_text(encoding="utf-8")
    file = tmp_path / "curbstop" / "mbus-water.toml"
    file.parent.mkdir()
    file.write_bytes(text.replace("\n", end).encode())
    ((name, found),) = texts(tmp_path).items()
    assert load(found, name).digest == sha256(file.read_bytes()).hexdigest()
