"""A house for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from tests.controlplane.desk_clerk import Clerk
from tests.controlplane.house import House, build


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = build(tmp_path)
    yield made
    made.engine.dispose()


@pytest.fixture
def db(house: House) -> Iterator[Connection]:
    """One transaction with the gateway already born: the verbs of one test see each other's work."""
    with house.engine.begin() as connection:
        house.birth(connection)
        yield connection


@pytest.fixture
def clerk(tmp_path: Path) -> Iterator[Clerk]:
    made = Clerk(tmp_path)
    yield made
    made.close()
