"""Files of the pages: styles, scripts, icons, vendored libraries. A fixed list, kept in memory."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from fastapi import APIRouter, Request
from fastapi.responses import Response

from pipelines.ground.store import digest
from pipelines.pages.errors import absent
from pipelines.pages.rendering import FOLDER

TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
router = APIRouter(prefix="/static")


@dataclass(frozen=True)
class File:
    """Content of a file, its media type and hash."""

    content: bytes
    media_type: str
    sha256: str


@cache
def files() -> dict[str, File]:
    """Every file that is served, by name."""
    folder = FOLDER / "static"
    found = {}
    for path in sorted((*folder.iterdir(), *(folder / "vendor").iterdir())):
        if path.suffix in TYPES:
            content = path.read_bytes()
            found[path.name] = File(content, TYPES[path.suffix], digest(content))
    return found


@router.get("/{name}")
def static_file(request: Request, name: str) -> Response:
    found = files().get(name)
    if found is None:
        raise absent("Такого файла нет.")
    tag = f'"{found.sha256}"'
    kept = {"ETag": tag, "Cache-Control": "private, max-age=300"}
    if request.headers.get("If-None-Match") == tag:
        return Response(status_code=304, headers=kept)
    return Response(found.content, media_type=found.media_type, headers=kept)
