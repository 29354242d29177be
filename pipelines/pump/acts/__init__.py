"""Acts of control: what insurers answer to accounts, МЭЭ, ЭКМП, and what of it the next settlement withholds."""

from pipelines.pump.acts.decided import decided
from pipelines.pump.acts.deductions import deductions, waiting
from pipelines.pump.acts.package import KINDS

__all__ = ["KINDS", "decided", "deductions", "waiting"]
