"""A spec that is not wholly right is refused whole, by file, line and key, with what is allowed."""

import pytest

from drivers.schema import SpecError, load
from protocols.types import Verb
from tests.drivers.spec_text import OTHER, line_of

GAS_METER = OTHER.replace('medium = "water"', 'medium = "gas"').replace('media = ["water"]', 'media = ["gas"]')


def refused(text: str, name: str = "zzz/meter") -> SpecError:
    with pytest.raises(SpecError) as caught:
        load(text, name)
    return caught.value


@pytest.mark.parametrize(
    ("good", "bad", "key", "says"),
    [
        ("format = 1", "format = 2", "format", "1 to 1"),
        ("format = 1", "format = true", "format", "1 to 1"),
        ("format = 1", 'format = "1"', "format", "whole number"),
        ('protocol = "mbus"', 'protocol = "mbuss"', "protocol", "did you mean mbus?"),
        ('title = "An', 'titel = "An', "title", "missing"),
        ('medium = "water"', 'medium = "watter"', "medium", "did you mean water?"),
        ('medium = "water"', "medium = 7", "medium", "a text"),
        ('enhanced_selection = "yes"', "enhanced_selection = true", "enhanced_selection", "a text"),
        ('fabrication_number = "yes"', 'fabrication_number = "no"', "enhanced_selection", "must go with it"),
        ('fabrication_number = "yes"', 'fabrication_nummer = "yes"', "fabrication_nummer", "fabrication_number?"),
        ('versions = ["2A"]', 'versions = ["2AB"]', "match.versions", "hex bytes"),
        ('versions = ["2A"]', "versions = []", "match.versions", "at least one"),
        ('versions = ["2A"]', "versions = [42]", "match.versions", "at least one text"),
        ('media = ["water"]', 'media = ["cold-water"]', "match.media", "did you mean cold_water?"),
        ('media = ["water"]', 'media = ["water", "water"]', "match.media", "twice"),
        ('media = ["water"]', "media = []", "match.media", "no medium"),
        ('media = ["water"]', 'media = [["water"]]', "match.media", "is not one of"),
        ('media = ["water"]', 'media = ["water", "gas"]', "match.media", "gas stands alone"),
        ('medium = "water"', 'medium = "gas"', "valve.verbs.open", "gas is never opened remotely"),
        ('versions = ["2A"]', 'versions = ["FF"]', "match.versions", "00 to FE"),
        ('versions = ["2A"]', 'versions = ["-1"]', "match.versions", "00 to FE"),
        ('manufacturer = "ZZZ"', 'manufacturer = "zzz"', "match.manufacturer", "three capital letters"),
        ('manufacturer = "ZZZ"', 'manufacturer = "ACME"', "match.manufacturer", "three capital letters"),
        ("response_s = 2.5", "response_s = -1", "timing.response_s", "0 to 60"),
        ("response_s = 2.5", "response_s = nan", "timing.response_s", "0 to 60"),
        ("response_s = 2.5", "response_s = true", "timing.response_s", "0 to 60"),
        ("travel_s = 30", "travel_s = 0", "timing.travel_s", "0.1 to 600"),
        ("travel_s = 30", 'travel_s = "30"', "timing.travel_s", "a number"),
        ("readback_every_s = 10", "readback_every_s = inf", "timing.readback_every_s", "0.2 to 60"),
        ("act_max_s = 60", "act_max_s = 30", "timing.act_max_s", "longer than travel_s"),
        ("act_max_s = 60", "act_max = 60", "timing.act_max_s", "missing"),
        ('vif = "13"', 'vif = "1"', "index.vif", "pairs of hex digits"),
        ('step = "0.001"', 'step = "litre"', "index.step", "decimal number"),
        ('step = "0.001"', 'step = "nan"', "index.step", "above 0"),
        ('step = "0.001"', 'step = "-1"', "index.step", "above 0"),
        ('step = "0.001"', 'step = "0"', "index.step", "above 0"),
        ('"14" = "closed"', '"14" = "closed", "014" = "open"', "valve.position.values.014", "there already"),
        ('"14" = "closed"', '"-14" = "closed"', "valve.position.values.-14", "no hexadecimal"),
        ('"14" = "closed"', '"0x14" = "closed"', "valve.position.values.0x14", "no hexadecimal"),
        ('"14" = "closed"', '"1_4" = "closed"', "valve.position.values.1_4", "no hexadecimal"),
        ('close = "0F 01 02"', 'close = "  "', "valve.verbs.close", "empty"),
        ('close = "0F 01 02"', f'close = "{"00" * 253}"', "valve.verbs.close", "a frame holds 252"),
        ('7 = "low_battery"', '7 = "low_battery", 07 = "tamper"', "alarms.bits.07", "there already"),
        ("storage = 0", "storage = -1", "index.storage", "0 to"),
        ('"14" = "closed"', '"14" = "close"', "valve.position.values.14", "did you mean closed?"),
        ('"14" = "closed"', '"14" = "unknown"', "valve.position.values.14", "is not one of"),
        ('"14" = "closed"', '"XY" = "closed"', "valve.position.values.XY", "no hexadecimal"),
        ('"14" = "closed", ', "", "valve.position", "no value means closed"),
        ('close = "0F 01 02"', 'shut = "0F 01 02"', "valve.verbs.shut", "arm, close, limit, open"),
        ('close = "0F 01 02"', 'close = "0F 01 0"', "valve.verbs.close", "pairs of hex digits"),
        ('close = "0F 01 02"', 'close = ""', "valve.verbs.close", "empty"),
        ('close = "0F 01 02"', 'close = "01 FD 1A 05"', "valve.verbs", "same bytes"),
        ('{ 3 = "leak"', '{ three = "leak"', "alarms.bits.three", "no bit number"),
        ('index = "123.456"', 'idx = "123.456"', "reads[0].idx", "did you mean index?"),
        ('position = "closed"', 'position = "shut"', "reads[0].position", "is not one of"),
        ('alarms = ["leak"', 'alarms = ["leek"', "reads[0].alarms", "there are: leak, low_battery"),
        ('alarms = ["leak", "low', 'alarms = ["low', "alarms.bits", "shows leak"),
        ('alarms = ["leak", "low_battery"]', 'alarms = "leak"', "reads[0].alarms", "list of texts"),
        ('verb = "limit"', 'verb = "dim"', "writes[1].verb", "is not one of"),
        ("[alarms]", "[alarm]", "alarm", "did you mean alarms?"),
    ],
)
def test_a_slip_is_told_by_line_key_and_what_is_allowed(good: str, bad: str, key: str, says: str) -> None:
    assert good in OTHER
    text = OTHER.replace(good, bad, 1)
    error = refused(text)
    assert (error.file, error.key) == ("meter.toml", key)
    assert says in str(error)
    assert 0 <= error.line <= len(text.splitlines())
    if (
        bad
        and says != "missing"
        and key not in ("valve.position", "valve.verbs", "valve.verbs.open", "alarms.bits", "enhanced_selection")
    ):
        assert error.line == line_of(text, bad)
    assert str(error).startswith(f"meter.toml:{error.line}" if error.line else "meter.toml: title")


@pytest.mark.parametrize("table", ["[timing]", "[match]", "[valve.position]", "[valve.verbs]"])
def test_a_table_that_is_left_out_is_missed(table: str) -> None:
    start = OTHER.index(table)
    end = OTHER.index("\n[", start)
    assert refused(OTHER[:start] + OTHER[end:]).key.split(".")[0] == table.strip("[]").split(".")[0]


@pytest.mark.parametrize("text", ["format = \n", "= 1", "format = 1\nformat = 1\n", "\x00"])
def test_what_is_no_toml_is_told_by_line(text: str) -> None:
    error = refused(text)
    assert error.line >= 1
    assert str(error).startswith("meter.toml:")


def test_a_verb_without_a_vector_is_refused() -> None:
    cut = OTHER[: OTHER.rindex("[[writes]]")]
    assert "open" in str(refused(cut))


def test_a_vector_of_a_verb_that_there_is_not_is_refused() -> None:
    assert "limit" in str(refused(OTHER.replace('limit = "81 10 FD 1A 07"\n', "")))


def test_a_valve_without_a_read_vector_is_refused() -> None:
    start, end = OTHER.index("[[reads]]"), OTHER.index("[[writes]]")
    assert refused(OTHER[:start] + OTHER[end:]).key == "reads"


def test_a_valve_that_anyone_could_have_is_refused() -> None:
    start, end = OTHER.index("[match]"), OTHER.index("[timing]")
    error = refused(OTHER[:start] + OTHER[end:])
    assert error.key == "match"
    assert "exactly whose" in str(error)


def test_I4_a_gas_meter_may_not_know_open() -> None:
    error = refused(GAS_METER)
    assert error.key == f"valve.verbs.{Verb.OPEN}"
    assert error.line == line_of(GAS_METER, 'open = "01')
    assert "gas is never opened remotely" in str(error)


@pytest.mark.parametrize(
    "media", ['["gas"]', '["gas", "water"]', '["water", "gas"]'], ids=["gas", "gas, water", "water, gas"]
)
@pytest.mark.parametrize("medium", ["water", "other", "gas"])
def test_I4_no_spec_that_claims_a_gas_meter_knows_open(medium: str, media: str) -> None:
    text = OTHER.replace('media = ["water"]', f"media = {media}").replace('medium = "water"', f'medium = "{medium}"')
    assert "gas" in str(refused(text))


@pytest.mark.parametrize("where", ["medium", "media"])
@pytest.mark.parametrize("word", ["valve", "other", "unknown", "breaker", "heat_outlet", "dual_water"])
def test_I4_only_water_is_opened_remotely(where: str, word: str) -> None:
    """A valve of its own, or a device that does not say what it measures, may stand in a gas pipe."""
    good, bad = {
        "medium": ('medium = "water"', f'medium = "{word}"'),
        "media": ('media = ["water"]', f'media = ["water", "{word}"]'),
    }[where]
    text = OTHER.replace(good, bad, 1)
    if word == "dual_water":
        load(text, "zzz/meter")
        return
    error = refused(text)
    assert (error.key, error.line) == ("valve.verbs.open", line_of(text, 'open = "01'))
    assert word in str(error)


def test_a_model_that_can_be_armed_must_tell_what_forbids_it() -> None:
    arming = _arming()
    error = refused(arming)
    assert error.key == "alarms"
    assert "must tell tamper" in str(error)
    told = arming.replace("bits = {", 'bits = { 0 = "tamper",')
    shown = told.replace("88 00 BB 16", "89 00 BC 16").replace('alarms = ["leak"', 'alarms = ["tamper", "leak"')
    load(shown, "zzz/meter")


def _arming() -> str:
    arming = OTHER.replace('"32" = "fault"', '"32" = "fault", "33" = "armed"').replace('"81 10 FD 1A 07"', '"A4 A4"')
    arming = arming.replace("limit = ", "arm = ").replace('verb = "limit"', 'verb = "arm"')
    return arming.replace("[alarms]", "[valve.arm]\ncontrol_mode = 3\nexpires_s = 7200\n\n[alarms]")


@pytest.mark.parametrize(
    ("good", "bad", "key", "says"),
    [
        ("control_mode = 3", "control_mode = 2", "valve.arm.control_mode", "in mode 2 a reconnect from afar opens"),
        ("control_mode = 3", "control_mode = 4", "valve.arm.control_mode", "arms in 1, 3, 5, 6"),
        ("control_mode = 3", "control_mode = 0", "valve.arm.control_mode", "is not known"),
        ("control_mode = 3", "control_mode = 7", "valve.arm.control_mode", "0 to 6"),
        ("control_mode = 3", "", "valve.arm.control_mode", "missing"),
        ("expires_s = 7200", "expires_s = 0", "valve.arm.expires_s", "1 to 2.592e+06"),
        ("expires_s = 7200", "expire_s = 7200", "valve.arm.expire_s", "did you mean expires_s?"),
        ("[valve.arm]\ncontrol_mode = 3\nexpires_s = 7200\n", "", "valve.arm", "missing"),
    ],
)
def test_I4_an_arm_says_in_which_mode_and_how_long(good: str, bad: str, key: str, says: str) -> None:
    error = refused(_arming().replace(good, bad))
    assert error.key == key
    assert says in str(error)


def test_a_model_that_knows_no_arm_says_nothing_of_one() -> None:
    error = refused(OTHER.replace("[alarms]", "[valve.arm]\ncontrol_mode = 3\n\n[alarms]"))
    assert error.key == "valve.arm"


@pytest.mark.parametrize("name", ["meter", "a/b/c", ""])
def test_a_spec_stands_in_its_makers_folder(name: str) -> None:
    refused(OTHER, name)


@pytest.mark.parametrize("end", range(0, len(OTHER), 37))
def test_a_file_cut_anywhere_is_refused_and_nothing_else_happens(end: int) -> None:
    refused(OTHER[:end])
