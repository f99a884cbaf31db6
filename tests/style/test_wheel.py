"""The wheel holds all that the program needs, and runs without the tree."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = """
from controlplane.policy.packs import installed as pack
from drivers.catalogue import installed
print(len(installed().names()), pack("italy-water").notice_days)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (made,) = folder.glob("*.whl")
    return made


def test_specs_packs_and_types_are_in_the_wheel(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for needed in (
        "firmware_specs/curbstop/mbus-water-valve.toml",
        "firmware_specs/generic/mbus-readonly.toml",
        "controlplane/policy/data/italy-water.toml",
        "protocols/py.typed",
        "curbstop/cli.py",
    ):
        assert needed in names
    assert not [n for n in names if n.startswith(("tests/", "docs/", ".ci"))]


def test_it_runs_from_the_wheel_alone(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{CODE}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["4", "40"]
