"""Libraries of the pages that come from npm packages: the files against their manifest, and how they are fetched.

``python -m pipelines.pages.vendored`` compares; ``--fetch`` takes the packages by ``npm pack`` and writes the files anew.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from pipelines.ground.store import digest
from pipelines.pages.rendering import FOLDER

VENDOR = FOLDER / "static" / "vendor"
MANIFEST = VENDOR / "vendored.yaml"


def manifest() -> Mapping[str, Mapping[str, Any]]:
    """By file: package, version, path in the package, hash, licence with its file, path and hash."""
    declared: Mapping[str, Mapping[str, Any]] = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    return declared


def differences(folder: Path = VENDOR) -> Iterator[str]:
    """What the folder holds otherwise than the manifest says, in Russian."""
    known = {MANIFEST.name}
    for name, sha256, _ in _files():
        known.add(name)
        path = folder / name
        if not path.exists():
            yield f"нет файла {name}"
        elif digest(path.read_bytes()) != sha256:
            yield f"файл {name} изменён"
    for path in folder.iterdir():
        if path.name not in known:
            yield f"лишний файл {path.name}"


def fetch(folder: Path = VENDOR) -> None:
    """Take the packages of the manifest from the registry and write their files; raises for others than it says."""
    for name, described in manifest().items():
        wanted = {name: described["path"], described["licence"]["file"]: described["licence"]["path"]}
        with tempfile.TemporaryDirectory() as temporary:
            packed = f"{described['package']}@{described['version']}"
            subprocess.run(["npm", "pack", "--silent", packed], cwd=temporary, check=True, stdout=subprocess.DEVNULL)
            (archive,) = Path(temporary).glob("*.tgz")
            with tarfile.open(archive) as files:
                for target, path in wanted.items():
                    member = files.extractfile(f"package/{path}")
                    assert member is not None
                    (folder / target).write_bytes(member.read())


def _files() -> Iterator[tuple[str, str, str]]:
    for name, described in manifest().items():
        yield name, described["sha256"], described["path"]
        licence = described["licence"]
        yield licence["file"], licence["sha256"], licence["path"]


def main() -> int:
    parser = argparse.ArgumentParser(description="Библиотеки страниц: сверить с описью, взять заново")
    parser.add_argument("--fetch", action="store_true", help="взять пакеты из реестра npm")
    if parser.parse_args().fetch:
        fetch()
    found = list(differences())
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
