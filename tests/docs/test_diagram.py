"""The page that draws an order's life shows the table as it is."""

from tests.docs.diagram import PAGE, page


def test_the_diagram_is_the_table() -> None:
    assert PAGE.read_text() == page(), "run: python -m tests.docs.diagram"
