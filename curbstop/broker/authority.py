"""A certificate authority for one broker: who may connect is who holds a certificate of it that was not revoked.

It signs three kinds: the broker's own (it serves and never connects), control planes' and gateways' (they connect and
never serve). The common name is the user name at the broker. Each certificate is kept under `issued` before it is
handed out, so that whatever was made can be revoked. Commands are believed for their signatures alone.
"""

import ipaddress
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from seams import keyfile

AUTHORITY_DAYS, CLIENT_DAYS = 7305, 3652
"""An authority lasts twenty years, a certificate ten: one that ends keeps a cellar from being told to open."""
CLOCKS_DIFFER = timedelta(days=1)
"""So far a gateway's clock may be behind when its certificate is new."""
PUBLIC = 0o644


class AuthorityError(Exception):
    """What can't be issued or revoked; the text says what to do."""


class Kind(StrEnum):
    """Whom a certificate is for; it stands in its subject."""

    BROKER = "broker"
    CONTROL_PLANE = "control-plane"
    GATEWAY = "gateway"


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a certificate names. `hosts`: where a broker is reached, names or addresses."""

    name: str
    kind: Kind
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Authority:
    """The authority in a folder."""

    folder: Path
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def root(self) -> bytes:
        """Its own certificate in PEM: what everybody trusts."""
        return _pem(self.certificate)

    def issue(self, holder: Holder, now: datetime, days: int = CLIENT_DAYS) -> tuple[bytes, bytes]:
        """Make a key and its certificate, both in PEM; AuthorityError where the name is another kind's already."""
        self.check(holder)
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(_subject(holder), self.certificate.subject, key.public_key(), now, timedelta(days=days))
        usage = ExtendedKeyUsageOID.SERVER_AUTH if holder.kind is Kind.BROKER else ExtendedKeyUsageOID.CLIENT_AUTH
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=True)
        if holder.hosts:
            names = x509.SubjectAlternativeName([_host(host) for host in holder.hosts])
            builder = builder.add_extension(names, critical=False)
        made = builder.add_extension(_usage(signs=False), critical=True).sign(self.key, hashes.SHA256())
        write(self.folder / "issued" / f"{made.serial_number:x}.pem", _pem(made), PUBLIC)
        return private_pem(key), _pem(made)

    def check(self, holder: Holder) -> None:
        """AuthorityError where the name is another kind's: who has it would have that one's rights."""
        if self.kind_of(holder.name) not in (None, holder.kind):
            detail = f"{holder.name!r} is the name of a {self.kind_of(holder.name)} here: a {holder.kind} needs another"
            raise AuthorityError(detail)

    def kind_of(self, name: str) -> Kind | None:
        """What this name was first issued for; None where it never was."""
        return next((kind for _, kind in self._of(name)), None)

    def revoke(self, name: str, now: datetime) -> tuple[bytes, int]:
        """End every certificate of this name: the new list, and how many it ends. AuthorityError where there is none.

        The list has no end of its own that could come too soon: an old list would keep everybody out.
        """
        before = {entry.serial_number: entry for entry in self._revoked()}
        ending = [c.serial_number for c, _ in self._of(name) if c.serial_number not in before]
        if not ending:
            raise AuthorityError(f"no certificate of {name!r} is valid here: nothing was revoked")
        new = [_entry(serial, now) for serial in ending]
        made = self._list([*before.values(), *new], now)
        _replace(self.folder / "revoked.pem", made)
        return made, len(ending)

    @property
    def revoked(self) -> bytes:
        """The list of what was revoked, in PEM."""
        return (self.folder / "revoked.pem").read_bytes()

    def _revoked(self) -> Iterable[x509.RevokedCertificate]:
        return x509.load_pem_x509_crl(self.revoked)

    def _list(self, entries: Iterable[x509.RevokedCertificate], now: datetime) -> bytes:
        ends = self.certificate.not_valid_after_utc
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.certificate.subject)
        builder = builder.last_update(now - CLOCKS_DIFFER).next_update(ends)
        for entry in entries:
            builder = builder.add_revoked_certificate(entry)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def _issued(self) -> Iterator[x509.Certificate]:
        for path in sorted((self.folder / "issued").glob("*.pem")):
            yield x509.load_pem_x509_certificate(path.read_bytes())

    def _of(self, name: str) -> list[tuple[x509.Certificate, Kind]]:
        return [(c, _kind(c)) for c in self._issued() if _common_name(c) == name]


def make(folder: Path, now: datetime) -> Authority:
    """Make an authority in a new folder; AuthorityError where one stands there."""
    try:
        (folder / "issued").mkdir(parents=True)
    except FileExistsError:
        raise AuthorityError(f"{folder}: an authority stands here already; it is never overwritten") from None
    folder.chmod(0o700)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "curbstop broker authority")])
    builder = _builder(name, name, key.public_key(), now, timedelta(days=AUTHORITY_DAYS))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    made = Authority(folder, builder.add_extension(_usage(signs=True), critical=True).sign(key, hashes.SHA256()), key)
    write(folder / "authority.key", private_pem(key), keyfile.PRIVATE)
    write(folder / "authority.pem", made.root, PUBLIC)
    write(folder / "revoked.pem", made._list([], now), PUBLIC)  # noqa: SLF001 - its first list
    return made


def load(folder: Path) -> Authority:
    """Read the authority in a folder; AuthorityError, KeyFileError or OSError where it is none or not private."""
    key = serialization.load_pem_private_key(keyfile.private(folder / "authority.key"), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise AuthorityError(f"{folder / 'authority.key'}: is no key of an authority made here")
    return Authority(folder, x509.load_pem_x509_certificate((folder / "authority.pem").read_bytes()), key)


def private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """A private key in PEM, not encrypted: its file's mode protects it."""
    form, none = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, form, none)


def write(path: Path, data: bytes, mode: int) -> None:
    """Write a new file, durable when this returns; AuthorityError where one stands there."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    except FileExistsError:
        raise AuthorityError(f"{path}: exists already; it is never overwritten") from None
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, mode)
        file.write(data)
        file.flush()
        os.fsync(descriptor)


def _replace(path: Path, data: bytes) -> None:
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    write(fresh, data, PUBLIC)
    fresh.replace(path)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, lasts: timedelta
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    return (
        builder.serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCKS_DIFFER)
        .not_valid_after(now + lasts)
    )


def _subject(holder: Holder) -> x509.Name:
    unit = x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, holder.kind.value)
    return x509.Name([unit, x509.NameAttribute(NameOID.COMMON_NAME, holder.name)])


def _common_name(certificate: x509.Certificate) -> str:
    return str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def _kind(certificate: x509.Certificate) -> Kind:
    return Kind(str(certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)[0].value))


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _entry(serial: int, now: datetime) -> x509.RevokedCertificate:
    return x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now).build()


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
