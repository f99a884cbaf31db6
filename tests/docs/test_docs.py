"""What the documents show, runs; what they point to, is there."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from curbstop.broker.mosquitto import rights
from curbstop.cli import main, parser

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "firmware_specs").rglob("*.md")])
SHELL = re.compile(r"```\n(\$ .*?)```", re.DOTALL)


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_within_the_project_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), f"{name(page)} points to {target}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_what_is_shown_after_a_prompt_is_what_comes_out(page: Path) -> None:
    for block in SHELL.findall(page.read_text()):
        command, _, shown = block.partition("\n")
        words = shlex.split(command.removeprefix("$ "))
        assert words[0] == "curbstop"
        done = subprocess.run([sys.executable, "-m", *words], capture_output=True, text=True, check=True)
        assert done.stdout == shown


def test_make_targets_that_are_told_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    told = {t for page in PAGES for t in re.findall(r"^make ([a-z]+)", page.read_text(), re.MULTILINE)}
    assert told <= targets


def test_commands_that_are_told_exist() -> None:
    known = parser().format_help()
    for page in PAGES:
        if "adr" in page.parts or page.name in ("architecture.md", "control.md"):
            continue
        for command in re.findall(r"`curbstop ([a-z]+)", page.read_text()):
            assert re.search(rf"\b{command}\b", known), f"{name(page)} tells of curbstop {command}"


def test_the_brokers_rights_that_are_told_are_those_that_are_tested() -> None:
    (block,) = re.findall(r"```acl\n(.*?)\n```", (ROOT / "docs" / "operations.md").read_text(), re.DOTALL)
    assert block == rights()


def test_the_brokers_commands_that_are_told_do_what_is_told_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As another user than mosquitto's: what is written here is copied to the broker."""
    (block,) = re.findall(r"```broker\n(.*?)\n```", (ROOT / "docs" / "operations.md").read_text(), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    for line in block.splitlines():
        assert main(shlex.split(line)[1:]) == 0
    written = (tmp_path / "broker-files" / "broker" / "mosquitto.conf").read_text()
    assert "listener 8883 0.0.0.0" in written
    assert "keyfile /etc/mosquitto/curbstop/broker.key" in written
    handed = {path.name for path in (tmp_path / "broker-files" / "clients" / "cellar-12").iterdir()}
    assert handed == {"authority.pem", "client.pem", "client.key"}


def test_the_readmes_test_command_is_what_the_gate_calls() -> None:
    assert "make test" in (ROOT / "README.md").read_text()
    assert "make test" in (ROOT / ".ci" / "run").read_text()
