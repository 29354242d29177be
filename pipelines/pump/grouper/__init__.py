"""Grouper of hospital visits: clinical groups (КСГ) by ФФОМС's workbook."""

from pipelines.pump.grouper.grouping import Grouper, Grouping
from pipelines.pump.grouper.rules import Rules, load_rules
from pipelines.pump.grouper.workbook import Workbook

__all__ = ["Grouper", "Grouping", "Rules", "Workbook", "load_rules"]
