"""SIGHUP to a real gateway: what is not in order is said with file, line and key, and the running one stays."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.gateway.world import config_text


def said(process: "subprocess.Popen[str]", words: str) -> str:
    """The line that says it; the process ends, and so does the waiting, where it never comes."""
    assert process.stdout is not None
    for line in process.stdout:
        if words in line:
            return line
    raise AssertionError(f"it ended without saying {words!r}")


def test_sighup_takes_a_file_that_is_in_order_and_no_other(tmp_path: Path) -> None:
    config = tmp_path / "gateway.toml"
    (tmp_path / "password").write_text("secret")
    (tmp_path / "password").chmod(0o600)
    whole = config_text().replace('host = "localhost"', 'host = "127.0.0.1"\nport = 1')
    config.write_text(whole)
    command = [sys.executable, "-u", "-m", "curbstop", "gateway", str(config)]
    environment = {**os.environ, "NO_COLOR": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    ) as process:
        try:
            said(process, "broker lost")
            config.write_text(whole.replace("per_day = 20", "per_day = -1"))
            process.send_signal(signal.SIGHUP)
            assert "gateway.toml:8: caps.per_day: must be 0 to 100000, not -1" in said(process, "is not taken")
            config.write_text(whole.replace('"journal.sqlite"', '"other.sqlite"'))
            process.send_signal(signal.SIGHUP)
            assert "journal: changed only by a restart" in said(process, "is not taken")
            config.write_text(whole.replace("port = 5000", "port = 5001"))
            process.send_signal(signal.SIGHUP)
            assert "riser" in said(process, "configuration read anew")
            assert process.poll() is None
        finally:
            process.terminate()
    assert process.returncode == 0
