"""Libraries of the pages: the files are those of the manifest, with their licences; a change is found."""

from __future__ import annotations

import shutil
from pathlib import Path

from pipelines.pages import vendored
from pipelines.pages.static import files


def test_the_files_are_those_of_the_packages() -> None:
    assert list(vendored.differences()) == []
    for described in vendored.manifest().values():
        assert {"package", "version", "path", "sha256", "licence"} <= set(described)
        licence = (vendored.VENDOR / described["licence"]["file"]).read_text(encoding="utf-8")
        assert "ermission" in licence


def test_any_change_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "vendor"
    shutil.copytree(vendored.VENDOR, folder)
    (folder / "htmx.js").write_bytes(b"other")
    (folder / "chart.LICENSE.txt").unlink()
    (folder / "new.js").write_bytes(b"")
    assert sorted(vendored.differences(folder)) == [
        "лишний файл new.js",
        "нет файла chart.LICENSE.txt",
        "файл htmx.js изменён",
    ]


def test_every_script_is_served_and_nothing_else() -> None:
    assert {"oms.css", "oms.js", "theme.js", "charts.js", "htmx.js", "chart.js", "icon.svg"} == set(files())
    for name in ("oms.js", "theme.js", "charts.js"):
        assert b"http" not in files()[name].content, "nothing is loaded from outside"
