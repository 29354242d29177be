"""Refusals of the pages that say why, in words for the visitor."""

from __future__ import annotations

from starlette.exceptions import HTTPException


class Told(HTTPException):
    """An HTTP error whose Russian text is shown."""

    told = True


def absent(text: str) -> Told:
    """404: not there, or not for this visitor; the two look alike."""
    return Told(404, text)
