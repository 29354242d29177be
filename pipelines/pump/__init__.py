"""ПУМП: registers of accounts."""

from pipelines.pump.registers import KINDS

__all__ = ["KINDS"]
