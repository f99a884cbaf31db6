"""The page on M-Bus shows the codec's tables as they are."""

from tests.docs.mbus_coverage import PAGE, page


def test_the_coverage_is_the_tables() -> None:
    assert PAGE.read_text() == page(), "run: python -m tests.docs.mbus_coverage"
