"""Packs are read strictly: what is missing, unknown or no such value is refused by its key, never skipped."""

import re
from datetime import date
from importlib.resources import files

import pytest

from controlplane.policy.packs import PackError, Person, installed, load

GOOD = (files("controlplane.policy") / "data" / "italy-water.toml").read_text()


def test_the_installed_packs_say_since_when_and_how_sure_they_are() -> None:
    for name in ("italy-water", "demo"):
        pack = installed(name)
        assert pack.in_force == date(2020, 1, 1)
        for parameters in (pack.notice, pack.protection, pack.days):
            assert parameters.citation
            assert parameters.confidence in ("high", "medium", "low", "none")


def test_water_in_italy_is_closed_to_suspension_not_to_limiting() -> None:
    assert installed("italy-water").days_acts == {"suspend", "remove"}


def test_in_the_demonstration_every_day_is_open() -> None:
    calendar = installed("demo").calendar
    assert not any(calendar.forbidden(date(2026, month, day)) for month in range(1, 13) for day in range(1, 29))


def test_an_unknown_pack_is_named() -> None:
    with pytest.raises(PackError, match="'atlantis'; installed are demo, italy-water"):
        installed("atlantis")


BAD = {
    "a key that is missing": ("days = 40\n", "", "days"),
    "a key that is misspelt": ("weekdays =", "weekday =", "weekday"),
    "a key too many": ("days = 40", "days = 40\nworking = true", "working"),
    "a table too many": ("[notice]", "[weather]\n[notice]", "weather"),
    "an act that is misspelt": ('"suspend"', '"suspned"', "suspned"),
    "an act that takes nothing away": ('"suspend"', '"reactivate"', "acts"),
    "a weekday that is none": ('"friday"', '"venerdi"', "weekdays"),
    "a word where a truth stands": ("holidays = true", 'holidays = "no"', "holidays"),
    "text where a number stands": ("days = 40", 'days = "40"', "days"),
    "a term below nothing": ("days = 40", "days = -1", "days"),
    "a zone that is none": ("Europe/Rome", "Europe/Roma", "zone"),
    "a zone outside of the zones": ("Europe/Rome", "../../etc", "zone"),
    "a saint on no day": ("eves = true", 'eves = true\npatron = "13-40"', "patron"),
    "a saint without a day": ("eves = true", 'eves = true\npatron = "6"', "patron"),
    "no citation": (re.search(r'^citation = ".*"', GOOD, re.MULTILINE)[0], 'citation = ""', "citation"),  # type: ignore[index]
    "a confidence that is none": ('confidence = "high"', 'confidence = "sure"', "confidence"),
    "no day left": ('"friday"', '"monday", "tuesday", "wednesday", "thursday", "friday"', "no day"),
    "no date": ("in_force = 2020-01-01", 'in_force = "soon"', "in_force"),
    "no TOML": ("[notice]", "[notice", "line"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_pack_is_refused_by_its_key(case: str) -> None:
    old, new, said = BAD[case]
    assert old in GOOD
    with pytest.raises(PackError) as refused:
        load(GOOD.replace(old, new, 1), "mine")
    assert str(refused.value).startswith("mine: ")
    assert said in str(refused.value)


def test_a_legal_term_is_optional_cited_and_only_for_what_takes_away() -> None:
    assert load(GOOD, "x").term is None
    term = '\n[legal_term]\nacts = ["suspend"]\nopen_days = 5\ncitation = "TIMG 6.2"\nconfidence = "medium"\n'
    found = load(GOOD + term, "x").term
    assert found is not None
    assert (found.days, found.source.citation) == (5, "TIMG 6.2")
    with pytest.raises(PackError, match="legal_term"):
        load(GOOD + term.replace('"suspend"', '"reactivate"'), "x")
    with pytest.raises(PackError, match="open_days"):
        load(GOOD + term.replace("= 5", "= 0"), "x")


def test_R21_a_technician_opens_gas_unless_the_pack_says_the_customer_and_by_what_right() -> None:
    default = load(GOOD, "x").reopening
    assert (default.by, "LG12" in default.source.citation) == (Person.TECHNICIAN, True)
    told = '\n[reopening]\ncompleted_by = "customer"\ncitation = "a contract"\nconfidence = "low"\n'
    found = load(GOOD + told, "x").reopening
    assert (found.by, found.source.citation, found.source.confidence) == (Person.CUSTOMER, "a contract", "low")
    for bad in (told.replace('"customer"', '"neighbour"'), told.replace('citation = "a contract"\n', "")):
        with pytest.raises(PackError, match=r"reopening|neighbour"):
            load(GOOD + bad, "x")
