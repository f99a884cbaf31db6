"""The metrics: a scrape of a real process parses, and no label holds anything of a meter."""

import asyncio
import http.client
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from drivers.catalogue import installed
from drivers.toml_lines import TomlError
from gateway.config import parse_config
from gateway.status.metrics import text
from gateway.status.scrape import Scrape
from protocols.types import Verb
from tests.gateway.status.test_status import gathered
from tests.gateway.world import IDENTITIES, A, World, config_text, play

LABELS = {"line", "cap", "state", "le"}
PATIENCE_S = 30.0


def test_no_label_names_a_meter(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.start()
        await world.plane.born.wait()
        await asyncio.sleep(120)
        await world.receipt(await world.plane.send(world.plane.command(A, Verb.CLOSE)))
        gatherer = gathered(world, tmp_path)
        for late_s in (0.0004, 0.0004, 0.3):
            gatherer.pulse.beat(late_s, 0.0)
        families = list(text_string_to_metric_families(text(gatherer).decode()))
        samples = [sample for family in families for sample in family.samples]
        labels = {label for sample in samples for label in sample.labels}
        values = {value for sample in samples for value in sample.labels.values()}
        assert labels <= LABELS
        names = {*IDENTITIES, *(who.id for who in IDENTITIES.values())}
        assert not names & values
        told = {(s.name, *s.labels.values()): s.value for s in samples}
        assert told["curbstop_cap_used", "hour"] == 1
        assert told["curbstop_line_up", "riser"] == 1
        assert told["curbstop_line_answers_total", "riser"] > 4
        assert (told["curbstop_meters",], told["curbstop_clock_trusted",]) == (4, 1)
        assert told["curbstop_loop_lag_seconds_bucket", "0.001"] == 2
        assert told["curbstop_loop_lag_seconds_count",] == 3

    play(story, tmp_path)


@pytest.mark.parametrize(
    ("request_head", "status"),
    [
        (b"GET /metrics HTTP/1.1\r\n\r\n", b"200"),
        (b"GET / HTTP/1.1\r\n\r\n", b"404"),
        (b"POST /metrics x\r\n\r\n", b"404"),
    ],
)
def test_nothing_else_is_served(request_head: bytes, status: bytes) -> None:
    assert Scrape(0, lambda: b"x 1\n")._answer(request_head).split(b" ")[1] == status


def test_where_no_port_is_named_nothing_is_served_and_a_bad_one_is_told(tmp_path: Path) -> None:
    def read(extra: str) -> int | None:
        return parse_config(extra + config_text(), tmp_path / "gateway.toml", installed()).metrics_port

    assert read("") is None
    assert read("metrics.port = 9100\n") == 9100
    with pytest.raises(TomlError, match=r"metrics\.port"):
        read("metrics.port = 0\n")


def scraped(port: int) -> str:
    end_s = time.monotonic() + PATIENCE_S
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        try:
            connection.request("GET", "/metrics")
            return connection.getresponse().read().decode()
        except ConnectionRefusedError:
            assert time.monotonic() < end_s
            time.sleep(0.05)
        finally:
            connection.close()


def test_a_scrape_of_a_real_process_parses(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    (tmp_path / "gateway.toml").write_text(
        f"metrics.port = {port}\n" + config_text().replace("port = 5000", "port = 1")
    )
    (tmp_path / "password").write_text("secret\n")
    (tmp_path / "password").chmod(0o600)
    command = [sys.executable, "-m", "curbstop", "gateway", str(tmp_path / "gateway.toml")]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            names = {family.name for family in text_string_to_metric_families(scraped(port))}
        finally:
            process.terminate()
    assert process.returncode == 0
    assert {"curbstop_line_up", "curbstop_cap_used", "curbstop_loop_lag_seconds", "curbstop_readings_lost"} <= names
