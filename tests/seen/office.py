"""What an eye sees of a document: LibreOffice opens it, its printed pages become pictures, text and boxes of text."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pypdfium2
import pytest

from pipelines.ground.settings import ROOT

ARTEFACTS = Path(os.environ.get("OMS_ARTEFACTS", ROOT / "build" / "seen"))
"""Where pictures of documents are left."""

RUSSIAN = {"LANG": "ru_RU.UTF-8", "LC_ALL": "ru_RU.UTF-8"}
"""As readers have it: numbers and dates are shown the Russian way."""
SCALE = 1.5
SECONDS = 180
SIGNS, FAINT, SPACE = 4, 0.03, 1.0
"""Texts that are looked at have so many signs; ink over their area where they are seen; points that may overlap."""
EDGE = 0.01
"""Share of a page's side that stays white: what is printed nearer to the edge is cut by a printer."""


def soffice() -> str:
    """The program; without it the test is skipped, where ``CI`` is set it fails."""
    found = shutil.which("soffice")
    if found is None and os.environ.get("CI"):
        pytest.fail("soffice is absent: apt-get install libreoffice-calc")
    if found is None:
        pytest.skip("soffice is absent, documents are not looked at: apt-get install libreoffice-calc")
    return found


@dataclass(frozen=True)
class Page:
    """A printed page: width and height in points, its text, how much of it is not white, white share of each edge."""

    width: float
    height: float
    text: str
    ink: float
    margins: tuple[float, float, float, float]
    unseen: tuple[str, ...]
    """Texts that are in the file and not on the paper, or lie on one another."""

    @property
    def landscape(self) -> bool:
        return self.width > self.height


def printed(files: dict[str, bytes], folder: Path) -> dict[str, list[Page]]:
    """Pages of each document as LibreOffice prints it (a PDF as it is); pictures go to ``ARTEFACTS``.

    One run of LibreOffice with a profile of its own opens all of them; a file that it does not open fails.
    """
    for name, content in files.items():
        (folder / name).write_bytes(content)
    books = [name for name in files if not name.lower().endswith(".pdf")]
    with tempfile.TemporaryDirectory(prefix="oms-soffice-") as profile:
        command = [
            soffice(), "--headless", "--norestore", f"-env:UserInstallation={Path(profile).as_uri()}",
            "--convert-to", "pdf", "--outdir", str(folder / "pdf"), *(str(folder / name) for name in books),
        ]  # fmt: skip
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=SECONDS, check=False, env=os.environ | RUSSIAN
        )
    assert done.returncode == 0, done.stderr
    pages = {}
    for name in files:
        path = folder / "pdf" / f"{Path(name).stem}.pdf" if name in books else folder / name
        assert path.exists(), f"LibreOffice does not open {name}: {done.stderr}"
        pages[name] = _pages(path, name)
    return pages


def _pages(path: Path, name: str) -> list[Page]:
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    for stale in ARTEFACTS.glob(f"{name}_*.png"):
        stale.unlink()
    document = pypdfium2.PdfDocument(path)
    try:
        return [_page(document[number], ARTEFACTS / f"{name}_{number + 1:02}.png") for number in range(len(document))]
    finally:
        document.close()


def _page(page: pypdfium2.PdfPage, picture: Path) -> Page:
    image = page.render(scale=SCALE).to_pil()
    image.save(picture)
    dark = np.asarray(image.convert("L")) < 200
    rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    high, wide = dark.shape
    margins = (
        (columns[0] / wide, 1 - (columns[-1] + 1) / wide, rows[0] / high, 1 - (rows[-1] + 1) / high)
        if len(rows)
        else (1.0, 1.0, 1.0, 1.0)
    )
    told = page.get_textpage()
    unseen = tuple(_unseen(told, dark, page.get_height()))
    return Page(page.get_width(), page.get_height(), told.get_text_range(), float(dark.mean()), margins, unseen)


def _unseen(told: pypdfium2.PdfTextPage, dark: np.ndarray, tall: float) -> Iterator[str]:
    """Lines of text without ink where they should be, and those over another one."""
    boxes = [told.get_rect(number) for number in range(told.count_rects())]
    shown = []
    for left, bottom, right, top in boxes:
        text = told.get_text_bounded(left, bottom, right, top).strip()
        if len(text) >= SIGNS:
            above, below = int((tall - top) * SCALE), int((tall - bottom) * SCALE)
            area = dark[above : below + 1, int(left * SCALE) : int(right * SCALE) + 1]
            if area.mean() < FAINT:
                yield f"cut: {text}"
            shown.append((left, bottom, right, top, text))
    for place, (left, bottom, right, top, text) in enumerate(shown):
        for left_2, bottom_2, right_2, top_2, text_2 in shown[place + 1 :]:
            wide, high = min(right, right_2) - max(left, left_2), min(top, top_2) - max(bottom, bottom_2)
            if wide > SPACE and high > min(top - bottom, top_2 - bottom_2) / 2:
                yield f"one on another: {text} / {text_2}"
