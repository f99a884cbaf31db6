"""Settings: strict, without secrets, on loopback by default; an error names the file and the key."""

from pathlib import Path

import pytest

from controlplane.field.work.needs import Kept
from controlplane.field.work.required import House
from controlplane.orders.context import OrderSettings
from controlplane.policy.facts import Act
from controlplane.settings import OrderNumbers, Settings, SettingsError, load
from curbstop.evidence import needs_of

TEXT = 'pack = "demo"\nkey_file = "k"\n[broker]\nhost = "b"\n'


def read(folder: Path, text: str, **environment: str) -> Settings:
    path = folder / "plane.toml"
    path.write_text(text)
    return load(path, environment)


def test_what_is_not_said_is_safe(tmp_path: Path) -> None:
    found = read(tmp_path, TEXT)
    assert found.listen.host == "127.0.0.1"
    assert found.broker.password_file is None
    assert found.database_url == f"sqlite:///{tmp_path / 'control-plane.sqlite'}"
    assert found.path("k") == tmp_path / "k"


def test_evidence_is_beside_the_database_unless_said_otherwise(tmp_path: Path) -> None:
    assert read(tmp_path, TEXT).evidence_folder == tmp_path / "evidence"
    assert str(read(tmp_path, f'database = "sqlite:////srv/c.sqlite"\n{TEXT}').evidence_folder) == "/srv/evidence"
    assert read(tmp_path, f'database = "postgresql://h/c"\n{TEXT}').evidence_folder == tmp_path / "evidence"
    assert read(tmp_path, TEXT + '[evidence]\nfolder = "e"\n').evidence_folder == tmp_path / "e"


def test_a_house_says_which_acts_need_a_seal_and_whether_a_report_needs_its_place(tmp_path: Path) -> None:
    assert needs_of(read(tmp_path, TEXT)) == Kept()
    told = needs_of(read(tmp_path, TEXT + '[evidence]\nsealed_acts = ["suspend"]\nplace_required = true\n'))
    assert told.house == House(frozenset({Act.SUSPEND}), place=True)
    with pytest.raises(SettingsError, match="sealed_acts"):
        read(tmp_path, TEXT + '[evidence]\nsealed_acts = ["deliver_notice"]\n')


def test_other_databases_are_left_as_they_are(tmp_path: Path) -> None:
    url = "postgresql+psycopg://localhost/curbstop"
    assert read(tmp_path, f'database = "{url}"\n{TEXT}').database_url == url
    assert read(tmp_path, f'database = "sqlite:////srv/c.sqlite"\n{TEXT}').database_url == "sqlite:////srv/c.sqlite"


def test_the_environment_stands_above_the_file(tmp_path: Path) -> None:
    found = read(tmp_path, TEXT, CURBSTOP_LISTEN_PORT="9000", CURBSTOP_PACK="italy-water", CURBSTOP_BROKER_HOST="c")
    assert (found.listen.port, found.pack, found.broker.host) == (9000, "italy-water", "c")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('pack = "demo"\nkey_file = "k"\n', "broker"),
        (TEXT + "prot = 1\n", "prot"),
        (TEXT + 'port = "1883"\n', "broker.port"),
        (TEXT + "[listen]\nport = 70000\n", "listen.port"),
        (TEXT + "[orders]\npermit_validity_s = 31\n", "orders.permit_validity_s"),
        ('folder = "x"\n' + TEXT, "folder"),
        ("pack = x", "line 1"),
        ("broker = 3\n", "broker"),
    ],
)
def test_a_mistake_is_told_by_file_and_key(tmp_path: Path, text: str, key: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        read(tmp_path, text)
    assert "plane.toml" in str(refusal.value)
    assert key in str(refusal.value)


def test_a_misspelt_variable_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="CURBSTOP_PAKC"):
        read(tmp_path, TEXT, CURBSTOP_PAKC="x")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.toml"):
        load(tmp_path / "none.toml", {})


def test_the_numbers_are_those_of_orders() -> None:
    numbers = OrderNumbers()
    assert {n: getattr(numbers, n) for n in numbers.__struct_fields__} == {
        name: getattr(OrderSettings(), name) for name in OrderSettings.__dataclass_fields__
    }


def test_the_name_of_the_tests_vectors_is_no_setting_and_a_misspelt_one_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "plane.toml"
    path.write_text('pack = "demo"\nkey_file = "k"\n[broker]\nhost = "127.0.0.1"\n')
    assert load(path, {"CURBSTOP_VECTORS": "anywhere"}).listen.port == 8080
    with pytest.raises(SettingsError, match="CURBSTOP_PAKC"):
        load(path, {"CURBSTOP_PAKC": "demo"})
