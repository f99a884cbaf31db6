"""Tables of readings: by meter and time, without a row id of their own, and the latest of each register."""

from sqlalchemy import Column, Integer, String, Table

from controlplane.db import Moment, metadata


def _register() -> list[Column[object]]:
    return [
        Column("meter", String, primary_key=True),
        Column("quantity", String, primary_key=True),
        Column("function", String, primary_key=True),
        Column("storage", Integer, primary_key=True),
        Column("tariff", Integer, primary_key=True),
        Column("subunit", Integer, primary_key=True),
    ]


def _told() -> list[Column[object]]:
    return [
        Column("value", String, nullable=True),
        Column("unit", String, nullable=False),
        Column("reason", String, nullable=True),
        Column("gateway", String, nullable=False),
        Column("journal", String, nullable=False),
        Column("boot", Integer, nullable=False),
        Column("sequence", Integer, nullable=False),
    ]


readings = Table(
    "readings",
    metadata,
    Column("meter", String, primary_key=True),
    Column("at", Moment, primary_key=True),
    Column("journal", String, primary_key=True),
    Column("boot", Integer, primary_key=True),
    Column("sequence", Integer, primary_key=True),
    Column("quantity", String, nullable=False),
    Column("value", String, nullable=True),
    Column("unit", String, nullable=False),
    Column("storage", Integer, nullable=False),
    Column("tariff", Integer, nullable=False),
    Column("subunit", Integer, nullable=False),
    Column("function", String, nullable=False),
    Column("reason", String, nullable=True),
    Column("gateway", String, nullable=False),
    sqlite_with_rowid=False,
)

latest = Table(
    "latest",
    metadata,
    *_register(),
    Column("at", Moment, nullable=False),
    *_told(),
    sqlite_with_rowid=False,
)
