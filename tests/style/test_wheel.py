"""The wheel holds all that the program needs, and runs without the tree; a proof is checked with a part of it."""

import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.protocols.proof.house import KNOWN, suspended

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
        "controlplane/web/templates/situation/page.html",
        "controlplane/web/texts/it.toml",
        "controlplane/web/static/app.css",
        "controlplane/web/static/vendor/htmx.min.js",
        "controlplane/web/static/vendor/hx-sse.min.js",
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


NEEDED = ("cryptography", "msgspec", "cffi", "_cffi_backend")
VERIFY = """
import sys
sys.path[:0] = [{folder!r}]
def deny(event, _):
    if event.startswith(("socket.", "subprocess.", "os.exec", "os.fork")):
        raise SystemExit(f"{{event}} is not wanted here")
sys.addaudithook(deny)
from curbstop.cli import main
sys.exit(main(["verify", "dossier.zip", "--keys", "keys.txt"]))
"""


@pytest.fixture(scope="module")
def alone(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the wheel, two packages; beside them the two libraries that they need, and a dossier with keys."""
    folder = tmp_path_factory.mktemp("alone")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(folder, [n for n in packed.namelist() if n.startswith(("protocols/", "curbstop/"))])
    for name in NEEDED:
        spec = find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        found = Path(spec.origin)
        found = found.parent if found.name == "__init__.py" else found
        (folder / found.name).symlink_to(found)
    (folder / "dossier.zip").write_bytes(suspended().dossier("ord_1"))
    (folder / "keys.txt").write_text("".join(f"{key}\n" for key in KNOWN))
    return folder


def without_network() -> list[str]:
    """What runs a command in a network of its own, where this machine lets us."""
    unshare = ["unshare", "--map-root-user", "--net"]
    try:
        done = subprocess.run([*unshare, "true"], capture_output=True, check=False)
    except FileNotFoundError:
        return []
    return unshare if done.returncode == 0 else []


def test_I9_a_proof_is_checked_without_the_rest_of_the_product_and_without_a_network(alone: Path) -> None:
    python = [sys.executable, "-I", "-S", "-c", VERIFY.format(folder=str(alone))]
    done = subprocess.run([*without_network(), *python], cwd=alone, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("THE PROOF HOLDS (ord_1)")
    assert sorted(p.name for p in alone.iterdir() if p.is_dir() and not p.is_symlink()) == ["curbstop", "protocols"]
