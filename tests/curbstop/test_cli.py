"""The command line as a whole: every command is there, and loads no more than it needs."""

import re
import subprocess
import sys

import pytest

from curbstop.cli import COMMANDS, main, parser

LOADED = "import sys; from curbstop.cli import parser; parser({command!r}); print(*sys.modules)"


def test_the_table_names_all_commands_that_the_groups_add() -> None:
    added = re.findall(r"^    ([a-z]+) ", parser().format_help(), re.MULTILINE)
    assert sorted(added) == sorted(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_that_is_loaded_alone_is_the_same(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    shown = []
    for line in (parser(command), parser()):
        with pytest.raises(SystemExit) as ended:
            line.parse_args([command, "--help"])
        assert ended.value.code == 0
        shown.append(capsys.readouterr().out)
    assert shown[0] == shown[1]


@pytest.mark.parametrize(
    ("command", "strangers"),
    [
        ("gateway", {"fastapi", "sqlalchemy", "uvicorn", "amqtt", "httpx", "controlplane.app"}),
        ("demo", {"fastapi", "sqlalchemy", "uvicorn", "gateway.app"}),
        ("decode", {"fastapi", "sqlalchemy", "cryptography", "asyncio"}),
    ],
)
def test_a_command_loads_no_more_than_it_needs(command: str, strangers: set[str]) -> None:
    code = LOADED.format(command=command)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) & strangers == set()


def test_a_command_that_nobody_knows_is_told_with_those_that_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["close"])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert "'close'" in said
    assert "gateway" in said
