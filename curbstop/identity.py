"""Who the control plane is towards others: at the broker, and as whoever signs the log."""

from pathlib import Path

from controlplane.proof.sequencer import Notary
from controlplane.settings import Settings
from protocols.ports import Entropy
from protocols.uplink.keys import SigningKey
from seams import keyfile
from seams.mqtt import Address


def notary(settings: Settings, house: SigningKey, entropy: Entropy) -> Notary:
    """Who signs the log: its own key, or the house's; KeyFileError where its file can't be used."""
    file = settings.log.key_file
    key = keyfile.load_or_make(settings.path(file), entropy) if file is not None else house
    return Notary(settings.log.name, key, key.public)


def broker(settings: Settings) -> Address:
    """Where the broker is, and who we are there; KeyFileError where the password's file can't be used."""
    told = settings.broker

    def path(name: str | None) -> Path | None:
        return settings.path(name) if name is not None else None

    password = path(told.password_file)
    return Address(
        host=told.host,
        port=told.port,
        username=told.username,
        client_id=told.username,
        password=keyfile.secret(password) if password is not None else "",
        ca_file=path(told.ca_file),
        certificate_file=path(told.certificate_file),
        key_file=path(told.key_file),
    ).check()
