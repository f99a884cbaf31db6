"""Which databases a test runs over: SQLite alone, unless it asks for both."""

import pytest

both = pytest.mark.parametrize(
    "database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.needs("postgresql"))], indirect=True
)
