"""What the settings say of evidence: the door for files, and what is asked of a crew's account."""

from controlplane.field.evidence.examine import Examiner
from controlplane.field.evidence.intake import Intake, Pace
from controlplane.field.evidence.senders import Quota
from controlplane.field.evidence.store import Bounds, Store
from controlplane.field.work.needs import Kept
from controlplane.field.work.required import House
from controlplane.policy.facts import Act
from controlplane.settings import Settings


class FolderError(Exception):
    """The folder of evidence can't be used; the text says what to do."""


def intake_of(settings: Settings) -> Intake:
    """The door for evidence; FolderError where its folder can't be used."""
    told = settings.evidence
    bounds = Bounds(told.photograph_bytes, told.document_bytes, told.keep_free_bytes)
    store = Store(settings.evidence_folder, bounds, settings.replica)
    try:
        store.prepare()
    except OSError as error:
        where = f"the folder of evidence {store.folder} can't be used"
        raise FolderError(f"{where} ({error.strerror}); choose another with evidence.folder") from None
    return Intake(store, Examiner(), Pace(told.within_s, told.silent_s), Quota(told.files_per_day, told.bytes_per_day))


def needs_of(settings: Settings) -> Kept:
    """What this house asks of a crew's account."""
    told = settings.evidence
    return Kept(House(frozenset(Act(act) for act in told.sealed_acts), place=told.place_required))
