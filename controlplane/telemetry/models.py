"""Tables of readings: by meter and time, without a row id of their own, and the latest of each register."""

from sqlalchemy import Column, String, Table

from controlplane.db import Moment, Told, Whole, metadata


def _register() -> list[Column[object]]:
    return [
        Column("meter", String, primary_key=True),
        Column("quantity", Told, primary_key=True),
        Column("function", Told, primary_key=True),
        Column("storage", Whole, primary_key=True),
        Column("tariff", Whole, primary_key=True),
        Column("subunit", Whole, primary_key=True),
    ]


def _told() -> list[Column[object]]:
    return [
        Column("value", Told, nullable=True),
        Column("unit", Told, nullable=False),
        Column("reason", Told, nullable=True),
        Column("gateway", String, nullable=False),
        Column("journal", String, nullable=False),
        Column("boot", Whole, nullable=False),
        Column("sequence", Whole, nullable=False),
    ]


readings = Table(
    "readings",
    metadata,
    Column("meter", String, primary_key=True),
    Column("at", Moment, primary_key=True),
    Column("journal", String, primary_key=True),
    Column("boot", Whole, primary_key=True),
    Column("sequence", Whole, primary_key=True),
    Column("quantity", Told, nullable=False),
    Column("value", Told, nullable=True),
    Column("unit", Told, nullable=False),
    Column("storage", Whole, nullable=False),
    Column("tariff", Whole, nullable=False),
    Column("subunit", Whole, nullable=False),
    Column("function", Told, nullable=False),
    Column("reason", Told, nullable=True),
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
