"""Query parameters that all lists share."""

from typing import Annotated

from fastapi import Query

from controlplane.pages import LARGEST_PAGE, USUAL_PAGE, Wanted


async def wanted(
    cursor: Annotated[str | None, Query(max_length=500, description="the `next` of the piece before")] = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = USUAL_PAGE,
) -> Wanted:
    """Which piece of a list is asked for."""
    return Wanted(cursor, limit)
