"""``make features``: which features of the fund's catalogue which tests show, by system."""

from __future__ import annotations

import contextlib
import csv
import io
import sys
from collections import Counter, defaultdict

import pytest

from tests.conftest import SHARED


class Collector:
    """Gathers the ``feature`` markers of all collected tests."""

    def __init__(self) -> None:
        self.shown: dict[str, list[str]] = defaultdict(list)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        for item in session.items:
            for marker in item.iter_markers("feature"):
                for feature in marker.args:
                    self.shown[feature].append(item.nodeid)


def catalogue() -> dict[str, tuple[str, str]]:
    """Features by id: system and text; empty where the catalogue is not at hand."""
    path = SHARED / "domain" / "features.csv"
    if not path.exists():
        return {}
    with path.open(encoding="utf-8") as file:
        return {row["id"]: (row["system"], row["bullet"]) for row in csv.DictReader(file, delimiter=";")}


def main() -> int:
    """Print the table; 1 when collection fails or a marker names no feature of the catalogue."""
    collector = Collector()
    listing = io.StringIO()
    with contextlib.redirect_stdout(listing):
        status = pytest.main(["--collect-only", "-qq", "--no-header", "--disable-warnings"], plugins=[collector])
    if status != 0:
        print(listing.getvalue(), file=sys.stderr)
    known = catalogue()
    unknown = sorted(set(collector.shown) - set(known)) if known else []
    by_system: dict[str, list[str]] = defaultdict(list)
    for feature in sorted(collector.shown):
        by_system[known[feature][0] if feature in known else feature.partition("-")[0]].append(feature)
    print(f"\nПоказано испытаниями: {len(collector.shown)} из {len(known) or '?'}")
    for system, features in sorted(by_system.items()):
        total = sum(row[0] == system for row in known.values())
        print(f"\n{system}: {len(features)} из {total or '?'}")
        for feature in features:
            print(f"  {feature}  {known[feature][1] if feature in known else ''}")
            for test, times in Counter(test.partition("[")[0] for test in collector.shown[feature]).items():
                print(f"      {test}" + (f" (случаев: {times})" if times > 1 else ""))
    for feature in unknown:
        print(f"Нет в перечне: {feature}", file=sys.stderr)
    return int(status != 0 or bool(unknown))


if __name__ == "__main__":
    raise SystemExit(main())
