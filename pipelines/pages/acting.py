"""Whether a form may do what it asks: made by these pages, for this user, who may act."""

from __future__ import annotations

from fastapi import Request

from pipelines.pages.errors import Told
from pipelines.pages.site import site_of, visitor_of
from pipelines.pages.visitor import Visitor, token_holds


def form_of(request: Request, token: str) -> Visitor:
    """The visitor who sent a form; raises ``Told`` 403 for one that was not made by these pages for this user."""
    visitor = visitor_of(request)
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise Told(403, "Форма пришла с другого сайта.")
    if not token_holds(site_of(request).secret(), visitor.name, token):
        raise Told(403, "Форма устарела или создана не для вас: откройте страницу заново.")
    return visitor


def acting(request: Request, token: str) -> Visitor:
    """The operator who sent a form; raises ``Told`` 403 for others."""
    visitor = form_of(request, token)
    if not visitor.acts:
        raise Told(403, "Это делает только оператор.")
    return visitor
