"""What the tasks say in their logs: Russian, one line per package, no personal data."""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from airflow.sdk.exceptions import AirflowException

_CODE_NAME = re.compile(r"[A-Za-z0-9_.\-]{1,80}")
_NAMES_SHOWN = 3


def shown(package_id: int, name: str) -> str:
    """Name of a package if it is made like the codes of the orders; its number otherwise, since people name files freely."""
    return name if _CODE_NAME.fullmatch(name) else f"№ {package_id}"


def label(packages: Sequence[int], name_of: Callable[[int], str]) -> str:
    """Short label of a batch for the grid: its first packages, and how many more there are."""
    first = [shown(package_id, name_of(package_id)) for package_id in packages[:_NAMES_SHOWN]]
    more = len(packages) - len(first)
    return ", ".join(first) + (f" и ещё {more}" if more else "")


def trail(error: BaseException) -> str:
    """Class of an exception and the places it came through.

    The text follows for our own exceptions and those of the operating system (a refused connection, a full disk, a module
    that is not there); that of others may quote the data at fault.
    """
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    places = " > ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames)
    tells = isinstance(error, (OSError, ImportError)) or type(error).__module__.startswith("pipelines.")
    return f"{type(error).__name__} ({places})" + (f": {error}" if tells else "")


@contextmanager
def without_values() -> Iterator[None]:
    """Turns exceptions into ones that quote no data, since Airflow logs what a task raises."""
    try:
        yield
    except AirflowException:
        raise
    except Exception as error:
        raise AirflowException(trail(error)) from None
