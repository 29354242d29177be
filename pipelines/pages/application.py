"""The application of the pages: routes behind the login, headers against scripts and frames of others, errors as pages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from pipelines.pages import static
from pipelines.pages.errors import Told
from pipelines.pages.rendering import environment
from pipelines.pages.site import Site, base, site_of
from pipelines.pages.views import (
    audit,
    case,
    dictionaries,
    journal,
    months,
    organisations,
    package,
    rules,
    runs,
    summaries,
)
from pipelines.pages.visitor import Visitor

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
}
TEXTS = {
    401: "Нужен вход в Airflow.",
    403: "Для этого у вас нет прав.",
    404: "Такой страницы нет, или она вам не видна.",
    405: "Так к этой странице не обращаются.",
    422: "Адрес страницы записан неверно.",
}


def create_app(site: Site, admit: Callable[..., Visitor]) -> FastAPI:
    """The application; ``admit`` is the dependency that lets a visitor in, for every route there is."""

    def entered(request: Request, visitor: Visitor = Depends(admit)) -> None:
        given = (*request.path_params.values(), *request.query_params.values())
        if any("\x00" in str(text) for text in given):
            raise Told(400, TEXTS[422])
        request.state.visitor = visitor

    app = FastAPI(
        title="Обмен",
        dependencies=[Depends(entered)],
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    app.state.site = site
    for part in (journal, package, runs, organisations, months, summaries, rules, dictionaries, audit, case, static):
        app.include_router(part.router)
    app.add_api_route("/", _first, methods=["GET"], include_in_schema=False)
    app.middleware("http")(_guarded)
    app.exception_handler(HTTPException)(_refused)
    app.exception_handler(RequestValidationError)(_misread)
    return app


def _first(request: Request) -> Response:
    return RedirectResponse(f"{base(request)}/journal")


async def _guarded(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await call_next(request)
    for name, value in HEADERS.items():
        response.headers[name] = value
    response.headers.setdefault("Cache-Control", "no-store")
    return response


async def _refused(request: Request, error: HTTPException) -> HTMLResponse:
    """An error as a page; the texts are ours, those of libraries are left out."""
    told = error.detail if getattr(error, "told", False) else TEXTS.get(error.status_code)
    text = told or HTTPStatus(error.status_code).phrase
    login = site_of(request).login_address(str(request.url)) if error.status_code == HTTPStatus.UNAUTHORIZED else ""
    page = environment().get_template("error.html.j2").render(base=base(request), text=text, login=login)
    return HTMLResponse(page, error.status_code, headers=error.headers)


async def _misread(request: Request, error: RequestValidationError) -> HTMLResponse:
    return await _refused(request, HTTPException(422))
