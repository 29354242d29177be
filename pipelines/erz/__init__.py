"""ЕРЗ: identification of the insured and their attachment to organisations."""

from pipelines.erz.persons import load_persons
from pipelines.erz.request import KINDS

__all__ = ["KINDS", "load_persons"]
