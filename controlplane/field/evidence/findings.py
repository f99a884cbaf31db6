"""What can be found about a report, each with a stable code and its words: data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Weight(StrEnum):
    """What follows from a finding."""

    TOLD = "told"
    """It is told to whoever reviews the order."""
    TWO_KEYS = "two_keys"
    """Two persons must say that it is right before the report counts."""
    BLOCKS = "blocks"
    """The order can't be completed with it."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code means, in Italian and English; `{...}` are the finding's own values."""

    weight: Weight
    it: str
    en: str


TOLD, TWO_KEYS, BLOCKS = Weight.TOLD, Weight.TWO_KEYS, Weight.BLOCKS
MEANINGS: Mapping[str, Meaning] = {
    "shot_missing": Meaning(BLOCKS, "Manca la fotografia: {shot}.", "The photograph is missing: {shot}."),
    "not_a_photograph": Meaning(
        BLOCKS, "Per {shot} serve una fotografia, non un documento.", "For {shot} a photograph is needed, no document."
    ),
    "serial_missing": Meaning(
        BLOCKS,
        "Manca la matricola: leggila sulla targa del contatore.",
        "The serial is missing: read it off the meter's plate.",
    ),
    "index_missing": Meaning(
        BLOCKS, "Manca la lettura: leggila sul totalizzatore.", "The index is missing: read it off the register."
    ),
    "seal_missing": Meaning(
        BLOCKS,
        "Manca il sigillo: applicalo e indicane il numero.",
        "The seal is missing: put one on, and name its number.",
    ),
    "place_missing": Meaning(
        BLOCKS,
        "Manca la posizione del dispositivo: attivala e firma di nuovo.",
        "The device's place is missing: switch it on, and sign anew.",
    ),
    "times_wrong": Meaning(
        BLOCKS,
        "Gli orari non possono essere giusti: regola l'orologio del dispositivo e firma di nuovo.",
        "The times can't be right: set the device's clock, and sign anew.",
    ),
    "leak_check_missing": Meaning(
        BLOCKS,
        "Manca l'esito della prova di tenuta: eseguila e indica leak_check, tight oppure leaking.",
        "The leak check's result is missing: do the check, and report leak_check as tight or leaking.",
    ),
    "leak_check_unknown": Meaning(
        BLOCKS,
        "L'esito della prova di tenuta è tight oppure leaking, non {told}.",
        "A leak check's result is tight or leaking, not {told}.",
    ),
    "used_before": Meaning(
        TOLD, "La stessa fotografia serve già un altro ordine.", "The same photograph serves another order already."
    ),
    "alike": Meaning(
        TOLD,
        "La fotografia è quasi identica a quella di un altro ordine.",
        "The photograph is nearly the same as one of another order.",
    ),
    "taken_early": Meaning(
        TOLD,
        "La fotografia è stata scattata prima dell'assegnazione dell'ordine.",
        "The photograph was taken before the order was assigned.",
    ),
    "taken_late": Meaning(
        TOLD, "La fotografia porta un orario futuro.", "The photograph bears a time that is yet to come."
    ),
    "time_unknown": Meaning(
        TOLD, "La fotografia non dice quando è stata scattata.", "The photograph does not say when it was taken."
    ),
    "blurred": Meaning(TOLD, "La fotografia è sfocata.", "The photograph is blurred."),
    "small": Meaning(TOLD, "La fotografia è troppo piccola.", "The photograph is too small."),
    "serial_mismatch": Meaning(
        TWO_KEYS,
        "La matricola letta ({told}) non è quella del contatore ({known}).",
        "The serial that was read ({told}) is not the meter's ({known}).",
    ),
    "index_below": Meaning(
        TWO_KEYS,
        "La lettura ({told}) è inferiore all'ultima ({known}).",
        "The index ({told}) is below the last one ({known}).",
    ),
    "index_rolled_over": Meaning(
        TWO_KEYS,
        "La lettura ({told}) torna solo se il totalizzatore è ripartito da zero dopo {known}.",
        "The index ({told}) fits only if the register began anew after {known}.",
    ),
    "index_above": Meaning(
        TWO_KEYS,
        "La lettura ({told}) supera quanto è plausibile ({most}) dopo l'ultima ({known}).",
        "The index ({told}) is above what is plausible ({most}) after the last one ({known}).",
    ),
    "index_unknown": Meaning(
        TOLD, "Nessuna lettura precedente con cui confrontare.", "There is no earlier reading to compare with."
    ),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found. `digest` is the photograph it is about; `other` names another order, for the house's eyes."""

    code: str
    digest: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    other: str | None = None

    def __post_init__(self) -> None:
        if self.code not in MEANINGS:
            raise ValueError(f"no such finding: {self.code}")

    @property
    def weight(self) -> Weight:
        """What follows from it."""
        return MEANINGS[self.code].weight

    def words(self, language: str) -> str:
        """What it says in Italian (`it`), else in English."""
        meaning = MEANINGS[self.code]
        return (meaning.it if language == "it" else meaning.en).format(**self.values)

    def document(self, *, house: bool) -> dict[str, object]:
        """Itself as JSON; another order is named to the house alone (I10)."""
        said = {"code": self.code, "weight": self.weight.value, "it": self.words("it"), "en": self.words("en")}
        other = {"other": self.other} if house and self.other is not None else {}
        return {**said, "digest": self.digest, **other}
