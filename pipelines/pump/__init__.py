"""ПУМП: registers of accounts, and acts of control about them."""

from pipelines.pump import acts, registers

KINDS = (*registers.KINDS, *acts.KINDS)

__all__ = ["KINDS"]
